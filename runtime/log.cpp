#include "runtime/log.hpp"

#include "runtime/client.hpp"
#include "runtime/ring_client.hpp"
#include "schema/system.capnp.hpp"

namespace capos::rt {

namespace {
constinit abi::Handle log_handle = abi::kNoHandle;
constinit std::uint64_t lost_lines = 0;

bool send_line(LogLevel level, std::string_view text) {
    constexpr std::uint32_t kRoom = 384;   // root, struct and the longest line
    RingClient& ring = ring_client();
    auto block = ring.allocate(kRoom);
    if (!block) return false;
    wire::MessageBuilder builder(ring.bytes(*block));
    auto params = builder.init_root<schema::Log::WriteParams>();
    params.set_level(static_cast<schema::Log::Level>(level));
    params.set_text(text);
    auto message = builder.finish();
    abi::Submission submission{};
    submission.operation = abi::Operation::Call;
    submission.method = static_cast<std::uint16_t>(schema::Log::Method::write);
    submission.handle = log_handle;
    submission.interface_or_call = schema::Log::kInterfaceId;
    submission.message_offset = block->offset;
    submission.message_length = message ? static_cast<std::uint32_t>(message->size()) : 0;
    submission.deadline = abi::kNoDeadline;
    if (message && ring.submit_detached(submission, {*block, {}}, true)) return true;
    ring.free(*block);
    return false;
}
}  // namespace

void detail::set_log(std::uint64_t handle) {
    log_handle = handle;
    ring_client().keep(handle);
}

void FormatArgument::write(TextWriter& out, bool hexadecimal) const {
    switch (kind_) {
    case Kind::Text: out << text_; break;
    case Kind::Character: out << static_cast<char>(bits_); break;
    case Kind::Unsigned:
        if (hexadecimal)
            out << Hex{bits_};
        else
            out << bits_;
        break;
    case Kind::Signed:
        if (hexadecimal)
            out << Hex{bits_};
        else
            out << static_cast<std::int64_t>(bits_);
        break;
    }
}

void format_to(TextWriter& out, std::string_view format, std::span<const FormatArgument> arguments) {
    std::size_t next = 0;
    while (!format.empty()) {
        const std::size_t open = format.find('{');
        out << format.substr(0, open);
        if (open == std::string_view::npos) return;
        format.remove_prefix(open);
        const std::size_t close = format.find('}');
        if (close == std::string_view::npos || next == arguments.size()) {
            out << format;
            return;
        }
        arguments[next++].write(out, format.substr(1, close - 1) == ":x");
        format.remove_prefix(close + 1);
    }
}

void log_line(LogLevel level, std::string_view text) {
    if (log_handle == abi::kNoHandle) return;
    if (lost_lines != 0) {
        FixedText<64> note;
        note << lost_lines << " log lines lost";
        if (send_line(LogLevel::Warning, note.view())) lost_lines = 0;
    }
    if (!send_line(level, text.substr(0, kLogLineBytes))) ++lost_lines;
}

void detail::log_formatted(LogLevel level, std::string_view format, std::span<const FormatArgument> arguments) {
    FixedText<kLogLineBytes> line;
    format_to(line, format, arguments);
    log_line(level, line.view());
}

}  // namespace capos::rt
