#include "kernel/entropy/generator.hpp"

#include <bit>
#include <cstring>

namespace capos::kernel {

namespace {

void quarter_round(std::uint32_t* s, int a, int b, int c, int d) {
    s[a] += s[b]; s[d] = std::rotl(s[d] ^ s[a], 16);
    s[c] += s[d]; s[b] = std::rotl(s[b] ^ s[c], 12);
    s[a] += s[b]; s[d] = std::rotl(s[d] ^ s[a], 8);
    s[c] += s[d]; s[b] = std::rotl(s[b] ^ s[c], 7);
}

}  // namespace

void chacha20_block(const std::array<std::uint32_t, 8>& key, std::uint32_t counter, std::span<std::byte, 64> out) {
    const std::uint32_t start[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, key[0], key[1], key[2], key[3],
                                     key[4], key[5], key[6], key[7], counter, 0, 0, 0};
    std::uint32_t s[16];
    std::memcpy(s, start, sizeof(s));
    for (int round = 0; round < 10; ++round) {
        quarter_round(s, 0, 4, 8, 12);
        quarter_round(s, 1, 5, 9, 13);
        quarter_round(s, 2, 6, 10, 14);
        quarter_round(s, 3, 7, 11, 15);
        quarter_round(s, 0, 5, 10, 15);
        quarter_round(s, 1, 6, 11, 12);
        quarter_round(s, 2, 7, 8, 13);
        quarter_round(s, 3, 4, 9, 14);
    }
    for (int i = 0; i < 16; ++i) s[i] += start[i];
    std::memcpy(out.data(), s, sizeof(s));
}

void Generator::absorb(std::span<const std::byte> material) {
    while (!material.empty()) {
        std::array<std::uint32_t, 8> chunk{};
        const std::size_t count = material.size() < sizeof(chunk) ? material.size() : sizeof(chunk);
        std::memcpy(chunk.data(), material.data(), count);
        material = material.subspan(count);
        for (std::size_t i = 0; i < 8; ++i) key_[i] ^= chunk[i];
        std::byte block[64];
        chacha20_block(key_, static_cast<std::uint32_t>(count), block);
        std::memcpy(key_.data(), block + 32, sizeof(key_));
    }
}

void Generator::generate(std::span<std::byte> out) {
    std::byte block[64];
    std::uint32_t counter = 0;
    chacha20_block(key_, counter++, block);
    std::array<std::uint32_t, 8> next;
    std::memcpy(next.data(), block, sizeof(next));
    std::size_t have = 32;                       // the second half of the first block is output
    const std::byte* from = block + 32;
    while (!out.empty()) {
        if (have == 0) {
            chacha20_block(key_, counter++, block);
            from = block;
            have = 64;
        }
        const std::size_t count = out.size() < have ? out.size() : have;
        std::memcpy(out.data(), from, count);
        out = out.subspan(count);
        from += count;
        have -= count;
    }
    key_ = next;
    std::memset(block, 0, sizeof(block));
    __asm__ volatile("" : : "r"(block) : "memory");
}

}  // namespace capos::kernel
