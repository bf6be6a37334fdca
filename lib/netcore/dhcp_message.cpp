#include "lib/netcore/dhcp_message.hpp"

#include <cstring>

namespace capos::netcore {
namespace {

// RFC 2131, figure 1.
constexpr std::size_t kTransactionOffset = 4;
constexpr std::size_t kSecondsOffset = 8;
constexpr std::size_t kFlagsOffset = 10;
constexpr std::size_t kClientAddressOffset = 12;
constexpr std::size_t kYourAddressOffset = 16;
constexpr std::size_t kHardwareOffset = 28;
constexpr std::size_t kServerNameOffset = 44;
constexpr std::size_t kServerNameBytes = 64;
constexpr std::size_t kFileOffset = 108;
constexpr std::size_t kFileBytes = 128;
constexpr std::size_t kCookieOffset = 236;
constexpr std::size_t kOptionsOffset = 240;
constexpr std::uint32_t kCookie = 0x63825363;

enum Option : std::uint8_t {
    kPad = 0,
    kSubnetMask = 1,
    kRouter = 3,
    kDns = 6,
    kInterfaceMtu = 26,
    kRequestedAddress = 50,
    kLeaseTime = 51,
    kOverload = 52,
    kMessageType = 53,
    kServerIdentifier = 54,
    kParameterList = 55,
    kMaxMessageSize = 57,
    kRenewalTime = 58,
    kRebindingTime = 59,
    kClientIdentifier = 61,
    kStaticRoutes = 121,
    kEnd = 255,
};

std::uint8_t byte_at(std::span<const std::byte> bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }
std::uint16_t get16(std::span<const std::byte> bytes, std::size_t at) {
    return static_cast<std::uint16_t>(byte_at(bytes, at) << 8 | byte_at(bytes, at + 1));
}
std::uint32_t get32(std::span<const std::byte> bytes, std::size_t at) {
    return std::uint32_t{get16(bytes, at)} << 16 | get16(bytes, at + 2);
}
void put16(std::span<std::byte> bytes, std::size_t at, std::uint16_t value) {
    bytes[at] = static_cast<std::byte>(value >> 8);
    bytes[at + 1] = static_cast<std::byte>(value);
}
void put32(std::span<std::byte> bytes, std::size_t at, std::uint32_t value) {
    put16(bytes, at, static_cast<std::uint16_t>(value >> 16));
    put16(bytes, at + 2, static_cast<std::uint16_t>(value));
}

// Appends options. The longest request takes far less than there is.
class OptionWriter {
public:
    explicit OptionWriter(std::span<std::byte> into) : into_(into) {}

    std::span<std::byte> add(Option code, std::size_t length) {
        into_[used_] = static_cast<std::byte>(code);
        into_[used_ + 1] = static_cast<std::byte>(length);
        const auto value = into_.subspan(used_ + 2, length);
        used_ += 2 + length;
        return value;
    }
    void end() { into_[used_] = static_cast<std::byte>(kEnd); }

private:
    std::span<std::byte> into_;
    std::size_t used_ = 0;
};

// An option that may be split over several instances (RFC 3396).
struct Gathered {
    std::array<std::byte, 512> bytes;
    std::size_t used = 0;
    bool overflowed = false;

    void append(std::span<const std::byte> value) {
        overflowed = overflowed || value.size() > bytes.size() - used;
        if (overflowed)
            return;
        std::memcpy(bytes.data() + used, value.data(), value.size());
        used += value.size();
    }
};

class Parser {
public:
    Result<DhcpReply> parse(std::span<const std::byte> message) {
        if (message.size() < kHardwareOffset + reply_.mac.size())
            return refuse(DhcpFault::Short);
        reply_.transaction = get32(message, kTransactionOffset);
        std::memcpy(reply_.mac.data(), message.data() + kHardwareOffset, reply_.mac.size());
        if (message.size() < kOptionsOffset)
            return refuse(DhcpFault::Short);
        if (byte_at(message, 0) != 2 || byte_at(message, 1) != 1 || byte_at(message, 2) != 6)
            return refuse(DhcpFault::NotAReply);
        if (get32(message, kCookieOffset) != kCookie)
            return refuse(DhcpFault::Cookie);
        reply_.address = get32(message, kYourAddressOffset);
        TRY(options(message.subspan(kOptionsOffset)));
        const std::uint8_t overload = overload_;   // only the one outside the overloaded fields counts
        if (overload & 1)
            TRY(options(message.subspan(kFileOffset, kFileBytes)));
        if (overload & 2)
            TRY(options(message.subspan(kServerNameOffset, kServerNameBytes)));
        if (!typed_)
            return refuse(DhcpFault::NoMessageType);
        if (static_routes_seen_ && !static_routes_.overflowed) {
            const std::span<const std::byte> value(static_routes_.bytes.data(), static_routes_.used);
            if (const auto count = parse_static_routes(value, reply_.routes)) {
                reply_.has_static_routes = true;
                reply_.route_count = *count;
            }
        }
        reply_.static_routes_refused = static_routes_seen_ && !reply_.has_static_routes;
        return reply_;
    }

    DhcpRejection rejection() const { return {fault_, reply_.transaction, reply_.mac}; }

private:
    Error refuse(DhcpFault fault) {
        fault_ = fault;
        return Error::Malformed;
    }

    Result<void> options(std::span<const std::byte> bytes) {
        std::size_t at = 0;
        while (at < bytes.size()) {
            const std::uint8_t code = byte_at(bytes, at++);
            if (code == kEnd)
                return {};
            if (code == kPad)
                continue;
            if (at == bytes.size() || byte_at(bytes, at) > bytes.size() - at - 1)
                return refuse(DhcpFault::OptionEnd);
            const std::size_t length = byte_at(bytes, at++);
            TRY(option(code, bytes.subspan(at, length)));
            at += length;
        }
        return {};
    }

    Result<void> option(std::uint8_t code, std::span<const std::byte> value) {
        switch (code) {
        case kMessageType:
            if (value.size() != 1 || byte_at(value, 0) < 1 || byte_at(value, 0) > 8)
                return refuse(DhcpFault::MessageType);
            reply_.type = static_cast<DhcpType>(byte_at(value, 0));
            typed_ = true;
            break;
        case kOverload:
            if (value.size() != 1)
                return refuse(DhcpFault::Overload);
            overload_ = byte_at(value, 0);
            break;
        case kSubnetMask: {
            if (value.size() != 4)
                return refuse(DhcpFault::SubnetMask);
            const auto prefix = prefix_of(get32(value, 0));
            if (!prefix)
                return refuse(DhcpFault::MaskWithHoles);
            reply_.prefix = *prefix;
            break;
        }
        case kRouter:
            if (value.empty() || value.size() % 4 != 0)
                return refuse(DhcpFault::Router);
            reply_.router = get32(value, 0);
            break;
        case kDns:
            if (value.empty() || value.size() % 4 != 0)
                return refuse(DhcpFault::Dns);
            for (std::size_t at = 0; at < value.size() && reply_.dns_count < DhcpReply::kMaxDns; at += 4)
                reply_.dns[reply_.dns_count++] = get32(value, at);
            break;
        case kInterfaceMtu:
            if (value.size() != 2)
                return refuse(DhcpFault::Mtu);
            reply_.mtu_refused = get16(value, 0) < kLeastDhcpMtu;
            reply_.mtu = reply_.mtu_refused ? std::uint16_t{0} : get16(value, 0);
            break;
        case kLeaseTime:
            return number(value, reply_.lease_seconds, DhcpFault::LeaseTime);
        case kRenewalTime:
            return number(value, reply_.renew_seconds, DhcpFault::RenewalTime);
        case kRebindingTime:
            return number(value, reply_.rebind_seconds, DhcpFault::RebindingTime);
        case kServerIdentifier:
            return number(value, reply_.server, DhcpFault::ServerIdentifier);
        case kStaticRoutes:
            static_routes_seen_ = true;
            static_routes_.append(value);
            break;
        default:
            break;
        }
        return {};
    }

    Result<void> number(std::span<const std::byte> value, std::uint32_t& into, DhcpFault wrong_length) {
        if (value.size() != 4)
            return refuse(wrong_length);
        into = get32(value, 0);
        return {};
    }

    DhcpReply reply_;
    DhcpFault fault_{};
    Gathered static_routes_;
    bool static_routes_seen_ = false;
    bool typed_ = false;
    std::uint8_t overload_ = 0;
};

}  // namespace

std::size_t build_dhcp_request(const DhcpRequest& request, std::span<std::byte, kDhcpRequestBytes> into) {
    std::memset(into.data(), 0, into.size());
    into[0] = std::byte{1};   // BOOTREQUEST
    into[1] = std::byte{1};   // Ethernet
    into[2] = std::byte{6};
    put32(into, kTransactionOffset, request.transaction);
    put16(into, kSecondsOffset, request.seconds);
    put16(into, kFlagsOffset, request.broadcast_reply ? 0x8000 : 0);
    put32(into, kClientAddressOffset, request.client);
    std::memcpy(into.data() + kHardwareOffset, request.mac.data(), request.mac.size());
    put32(into, kCookieOffset, kCookie);
    OptionWriter options(into.subspan(kOptionsOffset));
    options.add(kMessageType, 1)[0] = static_cast<std::byte>(request.type);
    const auto identifier = options.add(kClientIdentifier, 7);
    identifier[0] = std::byte{1};
    std::memcpy(identifier.data() + 1, request.mac.data(), request.mac.size());
    if (request.requested != 0)
        put32(options.add(kRequestedAddress, 4), 0, request.requested);
    if (request.server != 0)
        put32(options.add(kServerIdentifier, 4), 0, request.server);
    put16(options.add(kMaxMessageSize, 2), 0, 1400);
    // Classless routes stand before the router, as RFC 3442 asks.
    constexpr std::uint8_t wanted[] = {kSubnetMask, kStaticRoutes, kRouter,      kDns,
                                       kInterfaceMtu, kLeaseTime,  kRenewalTime, kRebindingTime};
    std::memcpy(options.add(kParameterList, sizeof wanted).data(), wanted, sizeof wanted);
    options.end();
    return into.size();
}

Result<DhcpReply> parse_dhcp_reply(std::span<const std::byte> message, DhcpRejection* rejection) {
    Parser parser;
    auto reply = parser.parse(message);
    if (!reply && rejection != nullptr)
        *rejection = parser.rejection();
    return reply;
}

std::string_view describe(DhcpFault fault) {
    switch (fault) {
    case DhcpFault::Short: return "message: shorter than its header";
    case DhcpFault::NotAReply: return "op, htype, hlen: no reply for Ethernet";
    case DhcpFault::Cookie: return "magic cookie: wrong";
    case DhcpFault::OptionEnd: return "options: one runs past the end";
    case DhcpFault::MessageType: return "message type (option 53): not one byte of 1 to 8";
    case DhcpFault::NoMessageType: return "message type (option 53): missing";
    case DhcpFault::Overload: return "overload (option 52): not one byte";
    case DhcpFault::SubnetMask: return "subnet mask (option 1): not 4 bytes";
    case DhcpFault::MaskWithHoles: return "subnet mask (option 1): its ones are not contiguous";
    case DhcpFault::Router: return "router (option 3): not addresses";
    case DhcpFault::Dns: return "DNS servers (option 6): not addresses";
    case DhcpFault::Mtu: return "MTU (option 26): not 2 bytes";
    case DhcpFault::SmallMtu: return "MTU (option 26): below 576";
    case DhcpFault::LeaseTime: return "lease time (option 51): not 4 bytes";
    case DhcpFault::RenewalTime: return "renewal time (option 58): not 4 bytes";
    case DhcpFault::RebindingTime: return "rebinding time (option 59): not 4 bytes";
    case DhcpFault::ServerIdentifier: return "server identifier (option 54): not 4 bytes";
    case DhcpFault::StaticRoutes: return "static routes (option 121): malformed";
    case DhcpFault::Address: return "yiaddr: an address that no host may have";
    case DhcpFault::NoServer: return "server identifier (option 54): missing or 0";
    case DhcpFault::NoLease: return "lease time (option 51): missing or 0";
    case DhcpFault::LeaseOver: return "lease time (option 51): over before the answer came";
    case DhcpFault::Count: break;
    }
    return "unknown";
}

Result<std::size_t> parse_static_routes(std::span<const std::byte> value, std::span<Route> routes) {
    if (value.empty())
        return Error::Malformed;   // at least one route (RFC 3442)
    // Twice over the same bytes: all of it is checked before anything is written.
    for (const bool writing : {false, true}) {
        std::size_t at = 0;
        std::size_t count = 0;
        bool has_default = false;
        while (at < value.size()) {
            const std::uint8_t prefix = byte_at(value, at++);
            const std::size_t significant = (prefix + 7u) / 8;
            if (prefix > 32 || value.size() - at < significant + 4)
                return Error::Malformed;
            Ipv4 destination = 0;
            for (std::size_t i = 0; i < significant; ++i)
                destination |= Ipv4{byte_at(value, at + i)} << (24 - 8 * i);
            at += significant;
            if (writing) {
                const Route route{destination & netmask(prefix), prefix, get32(value, at)};
                if (count < routes.size())
                    routes[count] = route;
                else if (prefix == 0 && !routes.empty() && !has_default)
                    routes.back() = route;   // of what does not fit the default route matters most
                has_default = has_default || prefix == 0;
            }
            at += 4;
            ++count;
        }
        if (writing)
            return count < routes.size() ? count : routes.size();
    }
    return Error::Malformed;
}

RouteTable routes_of(const DhcpReply& lease) {
    RouteTable table;
    // Each of these is far below the table's capacity.
    if (lease.prefix < 32)
        (void)table.add({lease.address, lease.prefix, 0});
    bool has_default = false;
    if (lease.has_static_routes) {
        for (std::size_t i = 0; i < lease.route_count; ++i) {
            (void)table.add(lease.routes[i]);
            has_default = has_default || lease.routes[i].prefix == 0;
        }
    } else if (lease.router != 0) {
        (void)table.add({0, 0, lease.router});
        has_default = true;
    }
    if (!has_default)
        (void)table.add({0xa9fe0000, 16, 0});
    return table;
}

}  // namespace capos::netcore
