// DHCPv4 messages (RFC 2131, 2132, 3396, 3442): built for a client, parsed from anybody. Addresses in host order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "lib/base/result.hpp"
#include "lib/netcore/route_table.hpp"

namespace capos::netcore {

using MacAddress = std::array<std::uint8_t, 6>;

enum class DhcpType : std::uint8_t { Discover = 1, Offer, Request, Decline, Ack, Nak, Release, Inform };

inline constexpr std::uint16_t kDhcpServerPort = 67;
inline constexpr std::uint16_t kDhcpClientPort = 68;
inline constexpr std::uint32_t kInfiniteLease = 0xffffffff;
inline constexpr std::uint16_t kLeastDhcpMtu = 576;

// What a client says. Fields that are 0 are left out.
struct DhcpRequest {
    DhcpType type = DhcpType::Discover;
    std::uint32_t transaction = 0;
    MacAddress mac{};
    std::uint16_t seconds = 0;      // since the client began
    bool broadcast_reply = false;   // the BROADCAST flag: the client cannot take unicast yet
    Ipv4 client = 0;                // ciaddr: an address in use
    Ipv4 requested = 0;             // option 50
    Ipv4 server = 0;                // option 54
};

inline constexpr std::size_t kDhcpRequestBytes = 300;   // always padded to BOOTP's least size

// Writes the message and returns its length, kDhcpRequestBytes.
std::size_t build_dhcp_request(const DhcpRequest& request, std::span<std::byte, kDhcpRequestBytes> into);

// What a server says, as far as it concerns us.
struct DhcpReply {
    static constexpr std::size_t kMaxDns = 3;
    static constexpr std::size_t kMaxRoutes = 24;

    DhcpType type = DhcpType::Offer;
    std::uint32_t transaction = 0;
    MacAddress mac{};
    Ipv4 address = 0;               // yiaddr
    Ipv4 server = 0;                // option 54, 0 when absent
    std::uint8_t prefix = 24;       // option 1; 24 when absent
    Ipv4 router = 0;                // option 3, the first; 0 when absent
    std::array<Ipv4, kMaxDns> dns{};
    std::size_t dns_count = 0;
    std::uint16_t mtu = 0;          // option 26; 0 when absent or below kLeastDhcpMtu
    bool mtu_refused = false;       // it was there and is too small
    std::uint32_t lease_seconds = 0;
    std::uint32_t renew_seconds = 0;    // option 58, 0 when absent
    std::uint32_t rebind_seconds = 0;   // option 59, 0 when absent
    bool has_static_routes = false;     // option 121 was there and well formed: it replaces the router (RFC 3442)
    bool static_routes_refused = false; // it was there and malformed
    std::array<Route, kMaxRoutes> routes{};
    std::size_t route_count = 0;
};

// What is wrong with an answer, or with an option of it.
enum class DhcpFault : std::uint8_t {
    Short, NotAReply, Cookie, OptionEnd, MessageType, NoMessageType, Overload, SubnetMask, MaskWithHoles, Router, Dns,
    Mtu, SmallMtu, LeaseTime, RenewalTime, RebindingTime, ServerIdentifier, StaticRoutes, Address, NoServer, NoLease,
    LeaseOver, Count
};
// "FIELD: why", for the log.
std::string_view describe(DhcpFault fault);

// Of a message that is malformed: what, and for whom it was as far as that could be read, else zeros.
struct DhcpRejection {
    DhcpFault fault = DhcpFault::Short;
    std::uint32_t transaction = 0;
    MacAddress mac{};
};

// Malformed: not a server's message for Ethernet, no message type, an option that runs past the end, or a known option
// of a wrong length; `rejection`, when given, says more. A malformed option 121 is refused as a whole, so that the
// router still serves. What is more than fits here (DNS servers, routes) is left out.
Result<DhcpReply> parse_dhcp_reply(std::span<const std::byte> message, DhcpRejection* rejection = nullptr);

// Reads classless static routes (the value of option 121) into `routes`. Malformed: a prefix above 32 or a value that
// ends inside a route; nothing is written then.
Result<std::size_t> parse_static_routes(std::span<const std::byte> value, std::span<Route> routes);

// The route table a lease stands for: its subnet, its static routes, else its router. Without any default route,
// link-local destinations are on the link (RFC 3927).
RouteTable routes_of(const DhcpReply& lease);

}  // namespace capos::netcore
