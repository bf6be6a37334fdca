// Ping: one ICMP echo at a time for whoever may send packets.
#pragma once

#include "lib/netcore/stack.hpp"
#include "runtime/server.hpp"
#include "schema/net.client.hpp"
#include "services/netstack/link.hpp"

namespace capos::netstack {

class PingServer final : public rt::Router {
public:
    static constexpr std::uint32_t kMaxPings = 8;   // at once; more are Overloaded

    // `stack` and `link` outlive the server.
    PingServer(netcore::Stack& stack, Link& link) : stack_(stack), link_(link) {}

    rt::Task<Result<void>> route(rt::Request& request) override { return Interface::dispatch(*this, request); }

    using Interface = schema::Ping;
    rt::Task<Result<void>> echo(rt::ServerCall<Interface::EchoParams, Interface::EchoResults> call);

private:
    netcore::Stack& stack_;
    Link& link_;
    std::uint32_t pings_ = 0;
};

}  // namespace capos::netstack
