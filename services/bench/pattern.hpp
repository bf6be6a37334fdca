// What port 19 sends: 64 MiB in which every place is known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace capos::bench {

inline constexpr std::uint64_t kSourceBytes = std::uint64_t{64} << 20;

// The stream is 64-bit little-endian words; word i is i * kPatternStep modulo 2^64. A byte that is lost, doubled or
// displaced shows in every word after it.
inline constexpr std::uint64_t kPatternStep = 0x9e3779b97f4a7c15;

// The bytes of the stream from `offset` on; both it and the size are multiples of 8.
inline void fill_pattern(std::uint64_t offset, std::span<std::byte> into) {
    std::uint64_t word = offset / 8 * kPatternStep;
    for (std::size_t at = 0; at + 8 <= into.size(); at += 8) {
        std::memcpy(into.data() + at, &word, 8);
        word += kPatternStep;
    }
}

}  // namespace capos::bench
