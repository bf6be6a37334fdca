// SipHash-2-4 (Aumasson, Bernstein 2012): a keyed hash of short inputs that nobody without the key can predict.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace capos::netcore {

struct SipKey {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
};

class SipHash {
public:
    explicit constexpr SipHash(SipKey key)
        : a_(0x736f6d6570736575 ^ key.low), b_(0x646f72616e646f6d ^ key.high), c_(0x6c7967656e657261 ^ key.low),
          d_(0x7465646279746573 ^ key.high) {}

    // Adds eight bytes as one little-endian word.
    constexpr void word(std::uint64_t value) {
        d_ ^= value;
        round();
        round();
        a_ ^= value;
    }
    // The hash of `bytes` input bytes in all, the last of which (fewer than 8) stand in `rest`.
    constexpr std::uint64_t finish(std::uint64_t bytes, std::uint64_t rest = 0) {
        word(bytes << 56 | rest);
        c_ ^= 0xff;
        for (int i = 0; i < 4; ++i)
            round();
        return a_ ^ b_ ^ c_ ^ d_;
    }

private:
    constexpr void round() {
        a_ += b_;
        c_ += d_;
        b_ = std::rotl(b_, 13) ^ a_;
        d_ = std::rotl(d_, 16) ^ c_;
        a_ = std::rotl(a_, 32);
        c_ += b_;
        a_ += d_;
        b_ = std::rotl(b_, 17) ^ c_;
        d_ = std::rotl(d_, 21) ^ a_;
        c_ = std::rotl(c_, 32);
    }

    std::uint64_t a_, b_, c_, d_;
};

// The hash of any bytes.
inline std::uint64_t sip_hash(SipKey key, std::span<const std::byte> bytes) {
    SipHash hash(key);
    std::size_t at = 0;
    for (; at + 8 <= bytes.size(); at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + at, 8);
        hash.word(word);
    }
    std::uint64_t rest = 0;
    if (at < bytes.size())
        std::memcpy(&rest, bytes.data() + at, bytes.size() - at);
    return hash.finish(bytes.size(), rest);
}

}  // namespace capos::netcore
