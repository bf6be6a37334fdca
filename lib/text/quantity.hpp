// Quantities as an operator reads them: each is a small type that a TextWriter prints. Widths are those stated.
#pragma once

#include <cstdint>

#include "lib/base/text.hpp"

namespace capos::text {

// Bytes in binary units with three significant digits at most: "0 B", "512 B", "4.0 KiB", "63.5 MiB", "102 GiB".
// At most 9 characters.
struct ByteSize { std::uint64_t bytes; };
TextWriter& operator<<(TextWriter& out, ByteSize size);

// A span of time, two units at most: "850 ns", "12.3 us", "4.56 ms", "1.23 s", "2 min 03 s", "3 h 04 min",
// "5 d 06 h". At most 12 characters below 10,000 days.
struct Duration { std::uint64_t nanoseconds; };
TextWriter& operator<<(TextWriter& out, Duration duration);

// Time since boot as a clock: "00:00:07", "3 d 04:05:06".
struct Uptime { std::uint64_t nanoseconds; };
TextWriter& operator<<(TextWriter& out, Uptime uptime);

// Time since boot as the console prints it: seconds with six decimals, "12.000345".
struct Seconds { std::uint64_t nanoseconds; };
TextWriter& operator<<(TextWriter& out, Seconds seconds);

// A count with a comma between thousands: "1,234,567".
struct Grouped { std::uint64_t value; };
TextWriter& operator<<(TextWriter& out, Grouped count);

// A part of a whole in whole percent, rounded down: "42 %"; "-" when the whole is 0.
struct Share { std::uint64_t part; std::uint64_t whole; };
TextWriter& operator<<(TextWriter& out, Share share);

}  // namespace capos::text
