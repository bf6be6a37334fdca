#include <array>
#include <cstring>

#include "services/bench/request_scanner.hpp"
#include "services/bench/services.hpp"

namespace capos::bench {

namespace {

using ReadOutcome = schema::TcpSocket::ReadResults::Outcome;
using WriteOutcome = schema::TcpSocket::WriteResults::Outcome;

constexpr std::size_t kBody = 4096;
constexpr std::uint32_t kReadBytes = 1984;   // with its message a block of 2 KiB
constexpr std::uint32_t kAround = 64;        // of message around the bytes

constexpr std::string_view kKeepHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4096\r\nConnection: keep-alive\r\n\r\n";
constexpr std::string_view kCloseHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4096\r\nConnection: close\r\n\r\n";

// A response is written under way with one copy: into the message.
auto write_page(const client::TcpSocket& socket, bool close) {
    const std::string_view head = close ? kCloseHead : kKeepHead;
    const auto size = static_cast<std::uint32_t>(head.size() + kBody);
    return socket.write_with(
        [=](auto& params, auto&) {
            const std::span<std::byte> bytes = params.init_bytes(size);
            if (bytes.size() != size)
                return;
            std::memcpy(bytes.data(), head.data(), head.size());
            std::memset(bytes.data() + head.size(), 'x', kBody);
        },
        {.reply_bytes = 64, .send_bytes = size + kAround});
}

}  // namespace

rt::Task<void> serve_page(const client::TcpSocket& socket) {
    RequestScanner scanner;
    for (;;) {
        const auto read = co_await socket.read(kReadBytes, {.reply_bytes = kReadBytes + kAround});
        if (!read || (*read)->outcome() != ReadOutcome::data)
            co_return;
        std::span<const std::byte> bytes = (*read)->bytes();
        while (!bytes.empty()) {
            const auto outcome = scanner.take(bytes);
            if (outcome == RequestScanner::Outcome::Incomplete)
                break;
            if (outcome == RequestScanner::Outcome::TooLong)
                co_return;
            const bool close = outcome == RequestScanner::Outcome::Close;
            const auto written = co_await write_page(socket, close);
            if (!written || (*written)->outcome() != WriteOutcome::accepted || close)
                co_return;
        }
    }
}

rt::Task<void> serve_echo(const client::TcpSocket& socket) {
    for (;;) {
        const auto read = co_await socket.read(kReadBytes, {.reply_bytes = kReadBytes + kAround});
        if (!read || (*read)->outcome() != ReadOutcome::data)
            co_return;
        const auto bytes = (*read)->bytes();
        const auto written = co_await socket.write(
            bytes, {.reply_bytes = 64, .send_bytes = static_cast<std::uint32_t>(bytes.size()) + kAround});
        if (!written || (*written)->outcome() != WriteOutcome::accepted)
            co_return;
    }
}

}  // namespace capos::bench
