// The measuring server: the ports that bench/ drives, on every system it compares.
#include <array>

#include "runtime/executor.hpp"
#include "runtime/grants.hpp"
#include "runtime/log.hpp"
#include "services/bench/services.hpp"
#include "services/sockets/listening.hpp"

namespace capos::bench {

namespace {

constexpr std::uint16_t kBacklog = 64;
constexpr std::uint32_t kMaxConnections = 128;
constexpr std::uint32_t kBulkPlaces = 8;

struct Bench {
    client::TcpListenAuthority authority;
    BulkPlaces places{kBulkPlaces};
    std::uint32_t open = 0;
    unsigned listening = 0;
};

struct Port {
    std::uint16_t number;
    rt::Task<void> (*serve)(const client::TcpSocket& socket, Bench& bench);
};

constexpr std::array kPorts = {
    Port{80, [](const client::TcpSocket& socket, Bench&) { return serve_page(socket); }},
    Port{7, [](const client::TcpSocket& socket, Bench&) { return serve_echo(socket); }},
    Port{9, [](const client::TcpSocket& socket, Bench& bench) { return serve_sink(socket, bench.places); }},
    Port{19, [](const client::TcpSocket& socket, Bench& bench) { return serve_source(socket, bench.places); }},
};

rt::Task<void> serve(Bench& bench, const Port& port, client::TcpSocket socket) {
    co_await port.serve(socket, bench);
    --bench.open;
}

rt::Task<void> accept_from(Bench& bench, const Port& port, const client::TcpListener& listener) {
    for (;;) {
        auto reply = co_await listener.accept({.reply_bytes = 64});
        if (!reply) {
            if (!sockets::worth_another_accept(reply.error()))
                co_return;
            co_await rt::sleep_for(sockets::kAcceptPauseNs);
            continue;
        }
        auto socket = reply->take<schema::TcpSocket>((*reply)->socket());
        if (!socket || bench.open == kMaxConnections)
            continue;
        ++bench.open;
        if (!rt::try_spawn(serve(bench, port, std::move(*socket))))
            --bench.open;
    }
}

// One port, also across restarts of the network stack.
rt::Task<void> run_port(Bench& bench, const Port& port) {
    for (bool first = true;; first = false) {
        const auto listener = co_await sockets::open_listener(bench.authority, port.number, kBacklog);
        if (first && ++bench.listening == kPorts.size())
            rt::log_info("PEER-READY");
        co_await accept_from(bench, port, listener);
    }
}

rt::Task<int> run() {
    auto authority = rt::grants().take<schema::TcpListenAuthority>("listen");
    if (!authority)
        co_return 1;
    Bench bench{.authority = std::move(*authority)};
    for (std::size_t i = 1; i < kPorts.size(); ++i)
        rt::spawn(run_port(bench, kPorts[i]));
    co_await run_port(bench, kPorts[0]);
    co_return 0;
}

}  // namespace

}  // namespace capos::bench

capos::rt::Task<int> capos_main() { return capos::bench::run(); }
