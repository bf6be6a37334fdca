// The serial console: kernel and service lines, and the foreground terminal's text, through one bounded queue that
// the UART's interrupt drains. What does not fit is dropped and counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace capos::kernel::console {

// One whole line "[  seconds.micros] source: text". Control characters in `text` are escaped. It starts at column 0:
// terminal text that was there is put back behind it.
void line(std::string_view source, std::string_view text);

// Terminal text. Returns how many bytes were taken.
std::size_t terminal_write(std::span<const char> bytes);

// Moves queued bytes to the UART as far as it takes them.
void pump();
// Everything, by polling; for panic and power-off.
void flush();

std::uint64_t dropped();            // bytes lost to a full queue

// The log: whole lines, the oldest overwritten. Copies whole lines from sequence `from` (bytes since boot; too old or
// 0: the oldest kept) into `out`; says where to go on and how many bytes were lost in between.
struct LogPart { std::size_t bytes; std::uint64_t next; std::uint64_t lost; };
LogPart read_log(std::uint64_t from, std::span<char> out);

}  // namespace capos::kernel::console
