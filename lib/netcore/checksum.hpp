// The Internet checksum (RFC 1071) eight bytes at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace capos::netcore {

namespace detail {

// Ones' complement sum of 64-bit words with end-around carry. The carries of a run of additions are chained, so a
// word costs one add-with-carry from memory.
inline std::uint64_t add_words(std::uint64_t sum, const std::byte* bytes, std::size_t words) {
    unsigned long long carry = 0;
    unsigned long long total = sum;
    while (words >= 16) {
        unsigned long long word[16];
        std::memcpy(word, bytes, sizeof word);
        for (const unsigned long long value : word)
            total = __builtin_addcll(total, value, carry, &carry);
        // The carry goes back in before the loop's own arithmetic can disturb it.
        total = __builtin_addcll(total, 0, carry, &carry);
        bytes += sizeof word;
        words -= 16;
    }
    while (words != 0) {
        unsigned long long word = 0;
        std::memcpy(&word, bytes, sizeof word);
        total = __builtin_addcll(total, word, carry, &carry);
        bytes += sizeof word;
        --words;
    }
    total = __builtin_addcll(total, 0, carry, &carry);
    return total + carry;
}

}  // namespace detail

// Folds a 64-bit ones' complement sum to 16 bits.
constexpr std::uint16_t fold_checksum(std::uint64_t sum) {
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(sum);
}

// The ones' complement sum, not complemented, of `length` bytes taken as 16-bit words in memory order; an odd last
// byte counts as the first of a pair whose other half is 0. Any alignment.
inline std::uint16_t checksum_sum(const void* data, std::size_t length) {
    const auto* bytes = static_cast<const std::byte*>(data);
    std::uint64_t sum = detail::add_words(0, bytes, length / 8);
    // What is left, as one word; zeros after the end add nothing in ones' complement.
    bytes += length & ~std::size_t{7};
    std::uint64_t last = 0;
    if (length & 4) {
        std::uint32_t half = 0;
        std::memcpy(&half, bytes, 4);
        last = half;
        bytes += 4;
    }
    if (length & 2) {
        std::uint16_t pair = 0;
        std::memcpy(&pair, bytes, 2);
        last += pair;
        bytes += 2;
    }
    if (length & 1)
        last += static_cast<std::uint64_t>(*bytes);
    unsigned long long carry = 0;
    sum = __builtin_addcll(sum, last, 0, &carry) + carry;
    return fold_checksum(sum);
}

// Copies and sums in one call; `to` and `from` do not overlap.
inline std::uint16_t checksum_copy(void* to, const void* from, std::size_t length) {
    std::memcpy(to, from, length);
    return checksum_sum(to, length);
}

}  // namespace capos::netcore
