// NetworkManager: what the stack tells about itself, and ping.
#pragma once

#include "lib/netcore/stack.hpp"
#include "runtime/server.hpp"
#include "schema/net.client.hpp"
#include "services/netstack/link.hpp"

namespace capos::netstack {

class ManagerServer final : public rt::Router {
public:
    static constexpr std::uint32_t kMaxPings = 8;   // at once; more are Overloaded

    ManagerServer(netcore::Stack& stack, Link& link) : stack_(stack), link_(link) {}

    rt::Task<Result<void>> route(rt::Request& request) override;

    using Manager = schema::NetworkManager;
    rt::Task<Result<void>> config(rt::ServerCall<Manager::ConfigParams, Manager::ConfigResults> call);
    rt::Task<Result<void>> counters(rt::ServerCall<Manager::CountersParams, Manager::CountersResults> call);
    rt::Task<Result<void>> neighbours(rt::ServerCall<Manager::NeighboursParams, Manager::NeighboursResults> call);
    rt::Task<Result<void>> routes(rt::ServerCall<Manager::RoutesParams, Manager::RoutesResults> call);
    rt::Task<Result<void>> connections(rt::ServerCall<Manager::ConnectionsParams, Manager::ConnectionsResults> call);
    rt::Task<Result<void>> ping(rt::ServerCall<Manager::PingParams, Manager::PingResults> call);

private:
    netcore::Stack& stack_;
    Link& link_;
    std::uint32_t pings_ = 0;
};

}  // namespace capos::netstack
