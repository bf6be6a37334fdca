// The HTTP server: one listener, a coroutine for each connection, deadlines and bounds on everything.
#pragma once

#include <cstdint>
#include <string_view>

#include "lib/http/connection.hpp"
#include "lib/http/response.hpp"
#include "runtime/task.hpp"
#include "schema/net.client.hpp"
#include "services/web/counters.hpp"
#include "services/web/snapshot.hpp"
#include "services/web/status.hpp"

namespace capos::web {

struct ServerOptions {
    std::uint16_t port = 80;
    std::uint16_t backlog = 64;                             // lowered when the authority allows fewer
    std::uint32_t connections = 96;                         // more are answered 503 and counted
    std::uint64_t request_ns = 10'000'000'000;              // from a request's first byte (or the connection) to its last
    std::uint64_t response_ns = 10'000'000'000;             // for a response to be taken
    std::uint64_t idle_ns = 30'000'000'000;                 // between requests
};

class Server {
public:
    Server(client::TcpListenAuthority authority, Status& status, Counters& counters, std::string_view licenses,
           const ServerOptions& options)
        : authority_(std::move(authority)), status_(status), counters_(counters), licenses_(licenses),
          options_(options) {}
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Serves for ever, also across restarts of the network stack.
    rt::Task<void> run();

private:
    // What a request is answered with. The body lies in the program, or in `held`.
    struct Answer {
        http::Response head;
        std::string_view body;
        Snapshot held;
    };

    rt::Task<void> accept_from(const client::TcpListener& listener);
    rt::Task<void> refuse(client::TcpSocket socket);
    rt::Task<void> serve(client::TcpSocket socket);
    // One connection from its first byte to its last. True: the client may still be sending.
    rt::Task<Result<bool>> converse(const client::TcpSocket& socket);
    rt::Task<Result<void>> respond(const client::TcpSocket& socket, const http::Request& request);
    rt::Task<Result<void>> reject(const client::TcpSocket& socket, http::Status status, std::string_view why,
                                  bool keep_alive, bool with_body);
    rt::Task<Result<Answer>> answer(std::string_view path);
    rt::Task<Result<void>> send(const client::TcpSocket& socket, std::string_view head, std::string_view body);

    client::TcpListenAuthority authority_;
    Status& status_;
    Counters& counters_;
    std::string_view licenses_;
    ServerOptions options_;
};

}  // namespace capos::web
