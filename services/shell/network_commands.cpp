// net, ping.
#include <array>

#include "lib/text/address.hpp"
#include "lib/text/number.hpp"
#include "lib/text/quantity.hpp"
#include "lib/text/table.hpp"
#include "runtime/executor.hpp"
#include "runtime/time.hpp"
#include "services/shell/commands.hpp"

namespace capos::shell {

namespace {

using text::Align;
using text::ByteSize;
using text::Column;
using text::Duration;
using text::Grouped;
using text::Ipv4;
using text::Ipv4Network;
using text::Mac;
using text::Table;
using schema::NetworkManager;

constexpr std::uint32_t kPingTimeoutMs = 1000;
constexpr std::uint64_t kPingCount = 4;
constexpr std::uint64_t kMostPings = 1000;
constexpr std::uint32_t kInfiniteLease = 0xffffffff;   // seconds (RFC 2131, 3.3)

std::string_view name_of(NetworkManager::DhcpState state) {
    switch (state) {
    case NetworkManager::DhcpState::no_device: return "no device: no driver has attached";
    case NetworkManager::DhcpState::discovering: return "discovering: no lease from a DHCP server yet";
    case NetworkManager::DhcpState::requesting: return "requesting";
    case NetworkManager::DhcpState::bound: return "bound";
    case NetworkManager::DhcpState::renewing: return "renewing";
    case NetworkManager::DhcpState::rebinding: return "rebinding";
    }
    return "unknown";
}

constexpr std::array<Column, 3> kConnectionColumns = {
    Column{"STATE", 12}, Column{"PORT", 6, Align::Right}, Column{"PEER", 21}};

void print_config(Output& out, const NetworkManager::ConfigResults::Reader& config) {
    out << "state       " << name_of(config.state());
    if (config.attachments() == 0) {
        out << '\n';
        return;
    }
    out << (config.link_up() ? "" : ", link down") << '\n';
    out << "MAC         " << Mac{config.mac()} << ", MTU " << config.mtu() << ", driver attached "
        << config.attachments() << (config.attachments() == 1 ? " time\n" : " times\n");
    if (config.address() == 0)
        return;
    out << "address     " << Ipv4Network{config.address(), config.prefix()} << '\n';
    if (config.gateway() != 0)
        out << "gateway     " << Ipv4{config.gateway()} << '\n';
    for (const std::uint32_t server : config.dns())
        out << "DNS         " << Ipv4{server} << '\n';
    if (config.lease_seconds() == 0)
        return;
    out << "lease       ";
    if (config.lease_seconds() == kInfiniteLease)
        out << "for ever";
    else
        out << Duration{config.lease_seconds() * rt::kSecond};
    out << " from " << Ipv4{config.dhcp_server()} << ", bound at " << text::Seconds{config.bound_at_ns()} << " s\n";
}

void print_counters(Output& out, const NetworkManager::CountersResults::Reader& counters) {
    out << "frames      " << Grouped{counters.frames_in()} << " in (" << ByteSize{counters.bytes_in()} << "), "
        << Grouped{counters.frames_out()} << " out (" << ByteSize{counters.bytes_out()} << ")\n";
    out << "dropped     " << counters.dropped_in() << " in, " << counters.dropped_out() << " out, bad slots "
        << counters.bad_slots() << ", bad checksums " << counters.checksum_errors() << ", no route "
        << counters.no_route() << '\n';
    out << "TCP         " << Grouped{counters.tcp_in()} << " in, " << Grouped{counters.tcp_out()} << " out, "
        << counters.tcp_retransmits() << " again, " << Grouped{counters.tcp_accepted()} << " accepted, "
        << counters.tcp_refused() << " refused\n";
    if (counters.half_open_ended() != 0 || counters.syns_dropped() != 0)
        out << "half-open   " << Grouped{counters.half_open_ended()} << " connections never completed, "
            << Grouped{counters.syns_dropped()} << " SYNs dropped with a full backlog\n";
    out << "sockets     " << counters.sockets_open() << " open, " << counters.time_wait() << " in TIME_WAIT; memory "
        << ByteSize{counters.memory_used()} << ", at most " << ByteSize{counters.memory_peak()} << ", "
        << counters.memory_failures() << " failures\n";
    if (counters.writes_held() != 0 || counters.orphans_ended() != 0)
        out << "scarcity    " << Grouped{counters.writes_held()} << " waits for packet memory, "
            << counters.orphans_ended() << " closed connections given up for it\n";
    if (counters.listens_refused() != 0)
        out << "refused     " << counters.listens_refused() << " listens on ports that were not granted\n";
    out << "other       " << counters.arp_requests() << " ARP requests, " << counters.icmp_echo_answered()
        << " echoes answered, " << counters.dhcp_sent() << " DHCP messages, "
        << counters.dhcp_ignored() << " answers ignored\n";
}

std::string_view name_of(schema::Ping::EchoResults::Outcome outcome) {
    using Outcome = schema::Ping::EchoResults::Outcome;
    switch (outcome) {
    case Outcome::answered: return "answered";
    case Outcome::timed_out: return "no answer within a second";
    case Outcome::no_route: return "there is no route to it; net shows the routes";
    case Outcome::not_sent: return "could not be sent: no driver takes packets, or no memory is left";
    case Outcome::not_a_host: return "such an address cannot be pinged: it is a group's, a broadcast, or one that no host may have";
    case Outcome::no_address: return "this machine has no address yet; net shows why";
    }
    return "unknown";
}

}  // namespace

rt::Task<void> run_net(const Context& context) {
    Output& out = context.out;
    const client::NetworkManager& manager = context.held.manager;
    if (!context.has(manager, "manager", "NetworkManager"))
        co_return;
    const auto config = co_await manager.config(small_answer());
    if (!config)
        co_return context.report("manager", config.error());
    print_config(out, **config);
    if (const auto routes = co_await manager.routes(large_answer()))
        for (const auto route : (*routes)->routes()) {
            out << "route       " << Ipv4Network{route.destination(), route.prefix()};
            if (route.gateway() != 0)
                out << " via " << Ipv4{route.gateway()} << '\n';
            else
                out << " on link\n";
        }
    if (const auto neighbours = co_await manager.neighbours(large_answer()))
        for (const auto neighbour : (*neighbours)->neighbours())
            out << "neighbour   " << Ipv4{neighbour.address()} << " is " << Mac{neighbour.mac()} << '\n';
    if (const auto counters = co_await manager.counters(small_answer()))
        print_counters(out, **counters);
    const auto connections = co_await manager.connections(large_answer());
    if (!connections)
        co_return context.report("manager", connections.error());
    if ((*connections)->connections().empty())
        co_return;
    Table table(out.text(), kConnectionColumns);
    table.header();
    for (const auto connection : (*connections)->connections()) {
        FixedText<24> peer;
        if (connection.peer_port() != 0)
            static_cast<TextWriter&>(peer) << Ipv4{connection.peer()} << ':' << connection.peer_port();
        table.cell(connection.state()).cell(connection.local_port()).cell(peer.view());
        co_await out.flush_when_full();
    }
}

rt::Task<void> run_ping(const Context& context) {
    Output& out = context.out;
    using Outcome = schema::Ping::EchoResults::Outcome;
    if (!context.has(context.held.ping, "ping", "Ping"))
        co_return;
    const auto address = text::parse_ipv4(context.words.argument(0));
    if (!address) {
        out << "ping: \"" << context.words.argument(0) << "\" is no IPv4 address; names are not looked up. Example: "
            << find_command("ping")->example << '\n';
        co_return;
    }
    std::uint64_t count = kPingCount;
    if (context.words.arguments() == 2) {
        const auto given = text::parse_decimal(context.words.argument(1), kMostPings);
        if (!given || *given == 0) {
            out << "ping: COUNT is 1 to " << kMostPings << '\n';
            co_return;
        }
        count = *given;
    }
    std::uint64_t sent = 0;
    std::uint64_t answered = 0;
    std::uint64_t slowest = 0;
    std::uint64_t quickest = ~std::uint64_t{0};
    for (; sent < count && !context.input.interrupted(); ++sent) {
        const std::uint64_t next = rt::now_ns() + rt::kSecond;
        if (sent != 0)
            co_await out.flush();
        const auto reply = co_await context.held.ping.echo(*address, kPingTimeoutMs, small_answer());
        if (!reply)
            co_return context.report("ping", reply.error());
        const auto outcome = (*reply)->outcome();
        if (outcome == Outcome::answered) {
            const std::uint64_t time = (*reply)->round_trip_ns();
            ++answered;
            slowest = time > slowest ? time : slowest;
            quickest = time < quickest ? time : quickest;
            out << Ipv4{*address} << ": " << sent + 1 << " answered in " << Duration{time} << '\n';
        } else {
            out << Ipv4{*address} << ": " << sent + 1 << ' ' << name_of(outcome) << '\n';
            if (outcome == Outcome::no_route || outcome == Outcome::no_address || outcome == Outcome::not_a_host)
                co_return;
        }
        co_await out.flush();
        if (sent + 1 < count)
            (void)co_await context.input.interrupted_before(next);
    }
    out << answered << " of " << sent << " answered";
    if (answered != 0)
        out << ", quickest " << Duration{quickest} << ", slowest " << Duration{slowest};
    out << '\n';
}

}  // namespace capos::shell
