// The bodies of memcpy and its family, in a namespace so that host tests can run them beside the host's own.
//
// Copies use wide moves: 16 bytes where SSE2 is allowed, 8 in the kernel. String instructions are avoided: emulators and
// instruction counts charge them by the step.
#pragma once

#include <cstddef>
#include <cstdint>

namespace capos::libc {

using Byte = unsigned char;
#ifdef __SSE2__
using Wide = long long __attribute__((vector_size(16)));
inline Wide broadcast(std::uint64_t pattern) { return Wide{static_cast<long long>(pattern), static_cast<long long>(pattern)}; }
#else
using Wide = std::uint64_t;
inline Wide broadcast(std::uint64_t pattern) { return pattern; }
#endif
inline constexpr std::size_t kWide = sizeof(Wide);

// T at any address, whatever its bytes are otherwise used as.
template <class T>
struct [[gnu::packed, gnu::may_alias]] Anywhere { T value; };

template <class T>
[[gnu::always_inline]] inline T load(const Byte* at) { return reinterpret_cast<const Anywhere<T>*>(at)->value; }
template <class T>
[[gnu::always_inline]] inline void store(Byte* at, T value) { reinterpret_cast<Anywhere<T>*>(at)->value = value; }

// Two overlapping moves of T cover sizeof(T)..2*sizeof(T) bytes; both are read before either is written.
template <class T>
[[gnu::always_inline]] inline void move_ends(Byte* to, const Byte* from, std::size_t bytes) {
    const T head = load<T>(from);
    const T tail = load<T>(from + bytes - sizeof(T));
    store<T>(to, head);
    store<T>(to + bytes - sizeof(T), tail);
}

// memmove: regions may overlap.
inline void move(Byte* to, const Byte* from, std::size_t bytes) {
    if (bytes <= 2 * kWide) {
        if (bytes >= kWide)
            return move_ends<Wide>(to, from, bytes);
        if (bytes >= 8)
            return move_ends<std::uint64_t>(to, from, bytes);
        if (bytes >= 4)
            return move_ends<std::uint32_t>(to, from, bytes);
        if (bytes >= 2)
            return move_ends<std::uint16_t>(to, from, bytes);
        if (bytes == 1)
            *to = *from;
        return;
    }
    if (bytes <= 4 * kWide) {
        const Wide a = load<Wide>(from), b = load<Wide>(from + kWide);
        const Wide c = load<Wide>(from + bytes - 2 * kWide), d = load<Wide>(from + bytes - kWide);
        store(to, a), store(to + kWide, b);
        store(to + bytes - 2 * kWide, c), store(to + bytes - kWide, d);
        return;
    }
    // Four moves a round. The round that does not fill up is covered by four moves at the far end, read before the
    // first write because an overlapping copy may overwrite them.
    constexpr std::size_t kRound = 4 * kWide;
    if (static_cast<std::size_t>(to - from) >= bytes) {
        Byte* const to_end = to + bytes - kRound;
        const Byte* const from_end = from + bytes - kRound;
        const Wide p = load<Wide>(from_end), q = load<Wide>(from_end + kWide);
        const Wide r = load<Wide>(from_end + 2 * kWide), s = load<Wide>(from_end + 3 * kWide);
        for (; to < to_end; to += kRound, from += kRound) {
            const Wide a = load<Wide>(from), b = load<Wide>(from + kWide);
            const Wide c = load<Wide>(from + 2 * kWide), d = load<Wide>(from + 3 * kWide);
            store(to, a), store(to + kWide, b), store(to + 2 * kWide, c), store(to + 3 * kWide, d);
        }
        store(to_end, p), store(to_end + kWide, q), store(to_end + 2 * kWide, r), store(to_end + 3 * kWide, s);
    } else {
        const Wide p = load<Wide>(from), q = load<Wide>(from + kWide);
        const Wide r = load<Wide>(from + 2 * kWide), s = load<Wide>(from + 3 * kWide);
        std::size_t left = bytes;
        for (; left > kRound; left -= kRound) {
            const Byte* const source = from + left - kRound;
            Byte* const target = to + left - kRound;
            const Wide a = load<Wide>(source), b = load<Wide>(source + kWide);
            const Wide c = load<Wide>(source + 2 * kWide), d = load<Wide>(source + 3 * kWide);
            store(target, a), store(target + kWide, b), store(target + 2 * kWide, c), store(target + 3 * kWide, d);
        }
        store(to, p), store(to + kWide, q), store(to + 2 * kWide, r), store(to + 3 * kWide, s);
    }
}

// memset.
inline void fill(Byte* to, Byte value, std::size_t bytes) {
    const std::uint64_t pattern = 0x0101010101010101u * value;
    if (bytes < kWide) {
        if (bytes >= 8) {
            store<std::uint64_t>(to, pattern), store<std::uint64_t>(to + bytes - 8, pattern);
        } else if (bytes >= 4) {
            store<std::uint32_t>(to, static_cast<std::uint32_t>(pattern));
            store<std::uint32_t>(to + bytes - 4, static_cast<std::uint32_t>(pattern));
        } else {
            for (std::size_t i = 0; i < bytes; ++i)
                to[i] = value;
        }
        return;
    }
    const Wide wide = broadcast(pattern);
    Byte* const last = to + bytes - kWide;
    for (; last - to >= static_cast<std::ptrdiff_t>(4 * kWide); to += 4 * kWide)
        store(to, wide), store(to + kWide, wide), store(to + 2 * kWide, wide), store(to + 3 * kWide, wide);
    for (; to < last; to += kWide)
        store(to, wide);
    store(last, wide);
}

// memcmp: below, at or above 0 as the first differing byte decides.
inline int compare(const Byte* left, const Byte* right, std::size_t bytes) {
    for (; bytes >= 8; left += 8, right += 8, bytes -= 8) {
        const std::uint64_t a = load<std::uint64_t>(left), b = load<std::uint64_t>(right);
        if (a != b)
            return __builtin_bswap64(a) < __builtin_bswap64(b) ? -1 : 1;
    }
    for (; bytes > 0; ++left, ++right, --bytes) {
        if (*left != *right)
            return *left - *right;
    }
    return 0;
}

}  // namespace capos::libc
