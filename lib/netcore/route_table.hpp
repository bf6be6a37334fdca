// Which neighbour a packet goes to: the longest prefix that matches its destination wins, link-local destinations
// included. Addresses are in host order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "lib/base/result.hpp"

namespace capos::netcore {

using Ipv4 = std::uint32_t;

// 0xffffff00 for 24; `prefix` is 0..32.
constexpr Ipv4 netmask(unsigned prefix) {
    return prefix == 0 ? 0 : ~Ipv4{0} << (32 - prefix);
}

// Whether one host may have this address: not 0.0.0.0/8, 127.0.0.0/8, a group, class E or the broadcast to all.
constexpr bool may_be_host(Ipv4 address) {
    return address >> 24 != 0 && address >> 24 != 127 && address < 0xe0000000;
}

// The prefix length of a mask, nothing when its ones are not contiguous.
constexpr std::optional<std::uint8_t> prefix_of(Ipv4 mask) {
    std::uint8_t prefix = 0;
    while (prefix < 32 && (mask >> (31 - prefix) & 1))
        ++prefix;
    if (mask != netmask(prefix))
        return std::nullopt;
    return prefix;
}

struct Route {
    Ipv4 destination = 0;
    std::uint8_t prefix = 0;   // 0..32
    Ipv4 gateway = 0;          // 0: the destination itself is on the link
    friend bool operator==(const Route&, const Route&) = default;
};

class RouteTable {
public:
    static constexpr std::size_t kMaxRoutes = 32;

    void clear() { count_ = 0; }

    // Adds a route, in place of one to the same destination and prefix. Bits of the destination beyond the prefix are
    // dropped. InvalidArgument: prefix above 32; Exhausted: the table is full.
    Result<void> add(Route route);

    // The address to resolve for `destination`: the destination itself or a gateway. A gateway that has itself to be
    // reached through another gateway is followed once (GCE: default via 10.x.0.1, 10.x.0.1/32 on the link).
    std::optional<Ipv4> next_hop(Ipv4 destination) const;

    // The gateway of the default route, 0 when there is none.
    Ipv4 default_gateway() const;

    std::span<const Route> routes() const { return {routes_.data(), count_}; }   // longest prefix first

private:
    const Route* find(Ipv4 destination) const;

    std::array<Route, kMaxRoutes> routes_{};   // sorted by prefix, longest first
    std::size_t count_ = 0;
};

}  // namespace capos::netcore
