// NetworkManager: what the stack tells about itself.
#pragma once

#include "lib/netcore/stack.hpp"
#include "runtime/server.hpp"
#include "schema/net.client.hpp"
#include "services/netstack/link.hpp"
#include "services/netstack/tcp_server.hpp"

namespace capos::netstack {

class ManagerServer final : public rt::Router {
public:
    ManagerServer(const netcore::Stack& stack, const Link& link, const TcpServer& tcp) : stack_(stack), link_(link), tcp_(tcp) {}

    rt::Task<Result<void>> route(rt::Request& request) override;

    using Manager = schema::NetworkManager;
    rt::Task<Result<void>> config(rt::ServerCall<Manager::ConfigParams, Manager::ConfigResults> call);
    rt::Task<Result<void>> counters(rt::ServerCall<Manager::CountersParams, Manager::CountersResults> call);
    rt::Task<Result<void>> neighbours(rt::ServerCall<Manager::NeighboursParams, Manager::NeighboursResults> call);
    rt::Task<Result<void>> routes(rt::ServerCall<Manager::RoutesParams, Manager::RoutesResults> call);
    rt::Task<Result<void>> connections(rt::ServerCall<Manager::ConnectionsParams, Manager::ConnectionsResults> call);

private:
    const netcore::Stack& stack_;
    const Link& link_;
    const TcpServer& tcp_;
};

}  // namespace capos::netstack
