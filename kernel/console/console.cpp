#include "kernel/console/console.hpp"

#include "kernel/arch/arch.hpp"
#include "kernel/console/line_model.hpp"
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
LineModel current_line;                               // of the terminal's text

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

// Where filtered terminal text goes.
struct TerminalSink {
    void character(char c) {
        put(c);
        current_line.character(c);
    }
    void sequence(std::string_view whole, std::uint32_t parameter, char final) {
        put(whole);
        current_line.sequence(parameter, final);
    }
};

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
    FixedText<kLineBytes + LineModel::kCells + 32> out;
    if (!current_line.fresh()) out << "\x1b[2K\r";
    out << whole.view() << "\r\n";
    if (current_line.empty()) {
        current_line.start_fresh();
        filter.moved_to_line_start();
    } else {
        const std::string_view text = current_line.text();
        if (!text.empty() && may_become_reserved(text)) out << ' ';
        out << text;
        for (std::size_t at = text.size(); at < current_line.column(); ++at) out << ' ';
        if (current_line.column() < text.size()) out << "\x1b[" << text.size() - current_line.column() << 'D';
    }
    keep(whole.view());
    keep("\n");
    // A line goes out whole or not at all, so that the next one begins at column 0.
    if (kQueueBytes - queue_used < out.size()) pump();
    if (kQueueBytes - queue_used < out.size())
        bytes_dropped += out.size();
    else
        put(out.view());
    pump();
}

std::size_t terminal_write(std::span<const char> bytes) {
    std::size_t taken = 0;
    TerminalSink sink;
    for (char c : bytes) {
        // One byte may release a held prefix and a sequence.
        if (kQueueBytes - queue_used < kTerminalReserve) {
            pump();
            if (kQueueBytes - queue_used < kTerminalReserve) break;
        }
        filter.byte(c, sink);
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
        at = oldest;                                  // in the middle of a line: on to the next
        while (at < log_end && log[at++ % kLogBytes] != '\n') {}
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
