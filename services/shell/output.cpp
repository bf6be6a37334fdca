#include "services/shell/output.hpp"

#include "runtime/executor.hpp"
#include "runtime/time.hpp"

namespace capos::shell {

namespace {
constexpr std::size_t kPiece = 1024;                        // bytes in one call
constexpr std::size_t kLineRoom = 512;
constexpr std::uint64_t kPauseNs = 5 * rt::kMillisecond;    // while the console's queue is full: 57 characters' time
constexpr unsigned kMostPauses = 2000;
}  // namespace

rt::Task<void> Output::flush_when_full() {
    if (text_.room() < kLineRoom)
        co_await flush();
}

rt::Task<void> Output::flush() {
    std::string_view rest = text_.view();
    FixedText<2 * kPiece> piece;
    while (!rest.empty()) {
        piece.clear();
        std::size_t taken = 0;
        for (; taken < rest.size() && taken < kPiece; ++taken) {
            // What comes from the line editor has its CR already.
            if (rest[taken] == '\n' && !piece.view().ends_with('\r'))
                piece << '\r';
            piece << rest[taken];
        }
        co_await send(piece.view());
        rest.remove_prefix(taken);
    }
    text_.clear();
}

rt::Task<void> Output::send(std::string_view bytes) {
    unsigned pauses = 0;
    while (!bytes.empty()) {
        const auto reply = co_await terminal_.write(std::as_bytes(std::span(bytes)), {.reply_bytes = 64});
        if (!reply)
            co_return;
        const std::size_t accepted = (*reply)->accepted();
        bytes.remove_prefix(accepted < bytes.size() ? accepted : bytes.size());
        if (bytes.empty())
            co_return;
        if (++pauses == kMostPauses)
            co_return;
        co_await rt::sleep_for(kPauseNs);
    }
}

}  // namespace capos::shell
