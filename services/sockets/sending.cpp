#include "services/sockets/sending.hpp"

#include <algorithm>
#include <cstring>

#include "runtime/executor.hpp"
#include "runtime/time.hpp"

namespace capos::sockets {

namespace {

// With the message around it and the ring client's own additions, a piece fills a block of 8 KiB.
constexpr std::size_t kPiece = 8000;
constexpr std::uint32_t kAroundPiece = 64;
constexpr std::uint32_t kLingerRead = 1024;
constexpr unsigned kLingerReads = 64;
constexpr std::uint64_t kLingerNs = rt::kSecond;
constexpr std::uint64_t kBackOffNs = 5 * rt::kMillisecond;

// `into` becomes the bytes from `offset` on of `head` and `body` as one.
void copy_from(std::string_view head, std::string_view body, std::size_t offset, std::span<std::byte> into) {
    std::size_t copied = 0;
    if (offset < head.size()) {
        copied = std::min(head.size() - offset, into.size());
        std::memcpy(into.data(), head.data() + offset, copied);
    }
    if (copied < into.size())
        std::memcpy(into.data() + copied, body.data() + (offset + copied - head.size()), into.size() - copied);
}

}  // namespace

rt::Task<Result<void>> send_all(const client::TcpSocket& socket, std::string_view head, std::string_view body,
                                std::uint64_t deadline_ns, std::uint64_t& sent) {
    const std::size_t total = head.size() + body.size();
    std::size_t offset = 0;
    while (offset < total) {
        const std::size_t size = std::min(kPiece, total - offset);
        const auto reply = co_await socket.write_with(
            [&](auto& params, auto&) {
                const auto bytes = params.init_bytes(static_cast<std::uint32_t>(size));
                if (bytes.size() == size)
                    copy_from(head, body, offset, bytes);
            },
            {.reply_bytes = 64, .deadline = deadline_ns, .send_bytes = static_cast<std::uint32_t>(size) + kAroundPiece});
        if (!reply) {
            // No room in the ring's message area, or none with the stack: others are sending too.
            if (reply.error() != Error::Exhausted && reply.error() != Error::Overloaded)
                co_return reply.error();
            if (rt::now_ns() >= deadline_ns)
                co_return Error::TimedOut;
            co_await rt::sleep_for(kBackOffNs);
            continue;
        }
        if ((*reply)->outcome() != schema::TcpSocket::WriteResults::Outcome::accepted)
            co_return Error::Closed;
        const std::size_t accepted = std::min<std::size_t>((*reply)->accepted(), size);
        offset += accepted;
        sent += accepted;
    }
    co_return {};
}

rt::Task<void> linger(const client::TcpSocket& socket) {
    const std::uint64_t deadline = rt::now_ns() + kLingerNs;
    const auto shut = co_await socket.shutdown(schema::TcpSocket::Direction::send, {.reply_bytes = 64, .deadline = deadline});
    if (!shut)
        co_return;
    for (unsigned i = 0; i < kLingerReads; ++i) {
        const auto reply = co_await socket.read(kLingerRead, {.reply_bytes = kLingerRead + 64, .deadline = deadline});
        if (!reply || (*reply)->outcome() != schema::TcpSocket::ReadResults::Outcome::data)
            co_return;
    }
}

}  // namespace capos::sockets
