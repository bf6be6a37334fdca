#include "kernel/console/console.hpp"

#include "kernel/arch/arch.hpp"
#include "kernel/console/terminal_filter.hpp"
#include "lib/base/text.hpp"

namespace capos::kernel::console {

namespace {

constexpr std::size_t kQueueBytes = 32 * 1024;
constexpr std::size_t kLogBytes = 64 * 1024;
constexpr std::size_t kLineBytes = 320;
constexpr std::size_t kTerminalReserve = 4 * 1024;    // of the queue, kept for lines

char queue[kQueueBytes];
std::size_t queue_head = 0;
std::size_t queue_used = 0;
std::uint64_t bytes_dropped = 0;

char log[kLogBytes];
std::uint64_t log_end = 0;                            // bytes ever written

TerminalFilter filter;
char current_line[256];                               // what the terminal has on the line the cursor is in
std::size_t current_length = 0;
bool current_overflowed = false;

void put(char c) {
    if (queue_used == kQueueBytes) {
        ++bytes_dropped;
        return;
    }
    queue[(queue_head + queue_used++) % kQueueBytes] = c;
}

void put(std::string_view text) {
    for (char c : text) put(c);
}

void put_terminal(char c) {
    put(c);
    if (c == '\n' || c == '\r') {
        current_length = 0;
        current_overflowed = false;
    } else if (current_length < sizeof(current_line)) {
        current_line[current_length++] = c;
    } else {
        current_overflowed = true;
    }
}

void keep(std::string_view text) {
    for (char c : text) log[log_end++ % kLogBytes] = c;
}

}  // namespace

void line(std::string_view source, std::string_view text) {
    const std::uint64_t now = arch::now_ns() / 1000;
    FixedText<kLineBytes> whole;
    whole << '[' << Padded{now / 1'000'000, 5} << '.' << Padded{now % 1'000'000, 6, '0'} << "] " << source << ": ";
    for (char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f)
            whole << c;
        else
            whole << "\\x" << Hex{byte, 2};
    }
    const bool mid_line = filter.column() != 0 || current_length != 0;
    if (mid_line) put("\r\x1b[K");
    put(whole.view());
    put("\r\n");
    keep(whole.view());
    keep("\n");
    if (mid_line && !current_overflowed)
        put(std::string_view(current_line, current_length));
    else
        filter.moved_to_line_start();
    pump();
}

std::size_t terminal_write(std::span<const char> bytes) {
    std::size_t taken = 0;
    for (char c : bytes) {
        // One byte may release a held prefix and a sequence.
        if (kQueueBytes - queue_used < kTerminalReserve) {
            pump();
            if (kQueueBytes - queue_used < kTerminalReserve) break;
        }
        filter.byte(c, put_terminal);
        ++taken;
    }
    pump();
    return taken;
}

void pump() {
    while (queue_used != 0 && arch::uart_try_put(queue[queue_head])) {
        queue_head = (queue_head + 1) % kQueueBytes;
        --queue_used;
    }
    arch::uart_interrupts(true, queue_used != 0);
}

void flush() {
    for (unsigned patience = 0; queue_used != 0 && patience < 10'000'000; ++patience) {
        if (!arch::uart_try_put(queue[queue_head])) continue;
        queue_head = (queue_head + 1) % kQueueBytes;
        --queue_used;
        patience = 0;
    }
}

std::uint64_t dropped() { return bytes_dropped; }

LogPart read_log(std::uint64_t from, std::span<char> out) {
    const std::uint64_t oldest = log_end > kLogBytes ? log_end - kLogBytes : 0;
    std::uint64_t at = from;
    if (at > log_end) at = log_end;
    if (at < oldest) {
        at = oldest;
        while (oldest != 0 && at < log_end && log[(at - 1) % kLogBytes] != '\n') ++at;   // to the next whole line
    }
    const std::uint64_t lost = from != 0 && at > from ? at - from : 0;
    std::size_t copied = 0;
    std::size_t whole = 0;
    while (at + copied < log_end && copied < out.size()) {
        out[copied] = log[(at + copied) % kLogBytes];
        if (out[copied++] == '\n') whole = copied;
    }
    return {whole, at + whole, lost};
}

}  // namespace capos::kernel::console
