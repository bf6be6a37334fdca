#include "lib/netcore/route_table.hpp"

namespace capos::netcore {

Result<void> RouteTable::add(Route route) {
    if (route.prefix > 32)
        return Error::InvalidArgument;
    route.destination &= netmask(route.prefix);
    std::size_t at = 0;
    while (at < count_ && routes_[at].prefix >= route.prefix) {
        if (routes_[at].prefix == route.prefix && routes_[at].destination == route.destination) {
            routes_[at] = route;
            return {};
        }
        ++at;
    }
    if (count_ == kMaxRoutes)
        return Error::Exhausted;
    for (std::size_t i = count_; i > at; --i)
        routes_[i] = routes_[i - 1];
    routes_[at] = route;
    ++count_;
    return {};
}

const Route* RouteTable::find(Ipv4 destination) const {
    for (std::size_t i = 0; i < count_; ++i)
        if ((destination & netmask(routes_[i].prefix)) == routes_[i].destination)
            return &routes_[i];
    return nullptr;
}

std::optional<Ipv4> RouteTable::next_hop(Ipv4 destination) const {
    const Route* route = find(destination);
    if (route == nullptr)
        return std::nullopt;
    if (route->gateway == 0)
        return destination;
    // A gateway is a neighbour, also when only the default route covers it: then it is on the link (a /32 lease with a
    // router option and nothing else).
    const Route* to_gateway = find(route->gateway);
    if (to_gateway == nullptr || to_gateway == route || to_gateway->gateway == 0 ||
        to_gateway->gateway == route->gateway || to_gateway->prefix == 0)
        return route->gateway;
    return to_gateway->gateway;
}

Ipv4 RouteTable::default_gateway() const {
    for (const Route& route : routes())
        if (route.prefix == 0)
            return route.gateway;
    return 0;
}

}  // namespace capos::netcore
