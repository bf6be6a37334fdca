// checksum64: finds damage in the boot bundle at well under an instruction a byte. Not a defence against forgery.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace capos {

// Four interleaved multiply-xor lanes over little-endian 64-bit words, the tail zero-padded, the length mixed in at
// the end. Any single changed word changes the result (each lane step is a bijection of its state).
inline std::uint64_t checksum64(std::span<const std::byte> bytes) {
    constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15u;   // odd: multiplication is a bijection
    std::uint64_t lane[4] = {1, 2, 3, 4};
    const std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    const auto step = [](std::uint64_t state, std::uint64_t word) {
        state = (state ^ word) * kMultiplier;
        return state ^ (state >> 29);
    };
    while (left >= 32) {
        std::uint64_t words[4];
        std::memcpy(words, at, 32);
        for (int i = 0; i < 4; ++i) lane[i] = step(lane[i], words[i]);
        at += 32;
        left -= 32;
    }
    std::uint64_t words[4] = {};
    if (left != 0) std::memcpy(words, at, left);
    for (int i = 0; i < 4; ++i) lane[i] = step(lane[i], words[i]);
    std::uint64_t sum = step(bytes.size(), lane[0]);
    for (int i = 1; i < 4; ++i) sum = step(sum, lane[i]);
    return sum;
}

}  // namespace capos
