#include "services/web/server.hpp"

#include <algorithm>
#include <span>

#include "runtime/executor.hpp"
#include "runtime/log.hpp"
#include "runtime/time.hpp"
#include "services/sockets/listening.hpp"
#include "services/sockets/sending.hpp"

namespace capos::web {

namespace {

constexpr std::uint32_t kReadBytes = 1920;   // with its surroundings a block of 2 KiB in the message area
constexpr std::uint64_t kRefusalNs = 50 * rt::kMillisecond;
constexpr std::uint64_t kReadPauseNs = 10 * rt::kMillisecond;

using ReadOutcome = schema::TcpSocket::ReadResults::Outcome;

}  // namespace

rt::Task<void> Server::run() {
    for (;;) {
        const client::TcpListener listener = co_await sockets::open_listener(authority_, options_.port, options_.backlog);
        ++counters_.listens;
        rt::log_info("listening on port {}", options_.port);
        co_await accept_from(listener);
        rt::log_warning("the listener is gone; opening it again");
    }
}

// Returns when the listener is gone.
rt::Task<void> Server::accept_from(const client::TcpListener& listener) {
    for (;;) {
        auto reply = co_await listener.accept({.reply_bytes = 64});
        if (!reply) {
            if (!sockets::worth_another_accept(reply.error()))
                co_return;
            co_await rt::sleep_for(sockets::kAcceptPauseNs);
            continue;
        }
        auto socket = reply->take<schema::TcpSocket>((*reply)->socket());
        if (!socket)
            continue;
        ++counters_.accepted;
        if (counters_.open >= options_.connections) {
            co_await refuse(std::move(*socket));
            continue;
        }
        ++counters_.open;
        counters_.most_open = std::max(counters_.most_open, counters_.open);
        if (!rt::try_spawn(serve(std::move(*socket)))) {
            --counters_.open;
            ++counters_.refused;
        }
    }
}

// One connection too many: told so if it takes it at once.
rt::Task<void> Server::refuse(client::TcpSocket socket) {
    ++counters_.refused;
    FixedText<http::kMaxResponseHead> text;
    http::write_refusal(text, http::Status::ServiceUnavailable, "too many connections", false);
    (void)co_await sockets::send_all(socket, text.view(), {}, rt::now_ns() + kRefusalNs, counters_.bytes_out);
}

rt::Task<void> Server::serve(client::TcpSocket socket) {
    const Result<bool> sending = co_await converse(socket);
    if (sending && *sending)
        co_await sockets::linger(socket);
    --counters_.open;
}

rt::Task<Result<bool>> Server::converse(const client::TcpSocket& socket) {
    http::Connection connection;
    std::uint64_t deadline = rt::now_ns() + options_.request_ns;
    bool first = true;
    for (;;) {
        const auto reply = co_await socket.read(kReadBytes, {.reply_bytes = kReadBytes + 64, .deadline = deadline});
        if (!reply) {
            // No room for the answer, here or with the stack.
            if ((reply.error() == Error::Exhausted || reply.error() == Error::Overloaded) && rt::now_ns() < deadline) {
                co_await rt::sleep_for(kReadPauseNs);
                continue;
            }
            if (reply.error() != Error::TimedOut)
                co_return reply.error();
            if (connection.idle() && !first) {
                ++counters_.idle_closed;
                co_return false;
            }
            ++counters_.request_timeouts;
            CO_TRY(co_await reject(socket, http::Status::RequestTimeout, "the request did not come in time", false,
                                   !connection.asks_for_head()));
            co_return true;
        }
        if ((*reply)->outcome() != ReadOutcome::data)
            co_return false;
        std::span<const std::byte> bytes = (*reply)->bytes();
        counters_.bytes_in += bytes.size();
        while (!bytes.empty()) {
            if (connection.idle() && !first)
                deadline = rt::now_ns() + options_.request_ns;
            bytes = bytes.subspan(connection.feed(bytes));
            if (connection.state() == http::Connection::State::Failed) {
                CO_TRY(co_await reject(socket, connection.status(), connection.failure(), false,
                                       !connection.asks_for_head()));
                co_return true;
            }
            if (connection.state() == http::Connection::State::Ready) {
                ++counters_.requests;
                CO_TRY(co_await respond(socket, connection.request()));
                if (!connection.request().keep_alive)
                    co_return true;
                connection.next();
                first = false;
                deadline = rt::now_ns() + options_.idle_ns;
            }
        }
        if (connection.take_continue())
            CO_TRY(co_await send(socket, http::kContinue, {}));
    }
}

rt::Task<Result<void>> Server::respond(const client::TcpSocket& socket, const http::Request& request) {
    const bool with_body = request.method == http::Method::Get;
    Result<Answer> found = co_await answer(request.path);
    if (!found) {
        if (found.error() == Error::NotFound)
            co_return co_await reject(socket, http::Status::NotFound, "there is nothing at this path",
                                      request.keep_alive, with_body);
        co_return co_await reject(socket, http::Status::ServiceUnavailable, error_name(found.error()),
                                  request.keep_alive, with_body);
    }
    found->head.content_length = found->body.size();
    found->head.keep_alive = request.keep_alive;
    FixedText<http::kMaxResponseHead> head;
    http::write_head(head, found->head);
    if (counters_.answered++ == 0)
        counters_.first_answer_ns = rt::now_ns();
    co_return co_await send(socket, head.view(), with_body ? found->body : std::string_view());
}

rt::Task<Result<void>> Server::reject(const client::TcpSocket& socket, http::Status status, std::string_view why,
                                      bool keep_alive, bool with_body) {
    ++counters_.rejected;
    FixedText<http::kMaxResponseHead + 256> text;
    http::write_refusal(text, status, why, keep_alive, with_body);
    co_return co_await send(socket, text.view(), {});
}

rt::Task<Result<void>> Server::send(const client::TcpSocket& socket, std::string_view head, std::string_view body) {
    const auto sent = co_await sockets::send_all(socket, head, body, rt::now_ns() + options_.response_ns, counters_.bytes_out);
    if (!sent && sent.error() == Error::TimedOut)
        ++counters_.response_timeouts;
    co_return sent;
}

}  // namespace capos::web
