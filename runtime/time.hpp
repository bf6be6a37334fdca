// Time without a call: the kernel's read-only time page.
#pragma once

#include <cstdint>

#include "abi/ring.hpp"

namespace capos::rt {

inline constexpr std::uint64_t kNanosecond = 1;
inline constexpr std::uint64_t kMicrosecond = 1'000;
inline constexpr std::uint64_t kMillisecond = 1'000'000;
inline constexpr std::uint64_t kSecond = 1'000'000'000;
using abi::kNoDeadline;

// Nanoseconds since boot. 0 in a program that was not granted Timer: such a program can wait until a deadline that it
// was told, but cannot read the clock.
std::uint64_t now_ns();
bool has_clock();

namespace detail {
// Where the time page is mapped; nullptr: none.
void set_time_page(const void* page);
}  // namespace detail

}  // namespace capos::rt
