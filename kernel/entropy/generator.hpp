// The kernel's random generator: ChaCha20 (RFC 8439) with fast key erasure. Pure; seeding is the caller's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace capos::kernel {

// One ChaCha20 block: RFC 8439, section 2.3, with a 96-bit nonce of zero.
void chacha20_block(const std::array<std::uint32_t, 8>& key, std::uint32_t counter, std::span<std::byte, 64> out);

class Generator {
public:
    // Mixes seed material into the key: what was in it cannot be taken out again.
    void absorb(std::span<const std::byte> material);
    // Fills `out`; the key that made it is gone afterwards.
    void generate(std::span<std::byte> out);

private:
    std::array<std::uint32_t, 8> key_{};
};

}  // namespace capos::kernel
