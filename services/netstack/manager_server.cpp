#include "services/netstack/manager_server.hpp"

#include <array>

namespace capos::netstack {
namespace {

constexpr std::size_t kMaxConnections = 128;   // in one answer

schema::NetworkManager::DhcpState state_of(netcore::DhcpClient::State state) {
    using From = netcore::DhcpClient::State;
    using To = schema::NetworkManager::DhcpState;
    switch (state) {
    case From::Stopped: return To::no_device;
    case From::Discovering: return To::discovering;
    case From::Requesting: return To::requesting;
    case From::Bound: return To::bound;
    case From::Renewing: return To::renewing;
    case From::Rebinding: return To::rebinding;
    }
    return To::no_device;
}

std::span<const std::byte> bytes_of(const netcore::MacAddress& mac) { return std::as_bytes(std::span(mac)); }

}  // namespace

rt::Task<Result<void>> ManagerServer::route(rt::Request& request) { return Manager::dispatch(*this, request); }

rt::Task<Result<void>> ManagerServer::config(rt::ServerCall<Manager::ConfigParams, Manager::ConfigResults> call) {
    const netcore::NetworkConfig config = stack_.config();
    auto results = call.results();
    results.set_state(state_of(config.state));
    results.set_address(config.address);
    results.set_prefix(config.prefix);
    results.set_gateway(config.gateway);
    auto dns = results.init_dns(static_cast<std::uint32_t>(config.dns_count));
    for (std::uint32_t i = 0; i < config.dns_count; ++i)
        dns.set(i, config.dns[i]);
    results.set_mtu(config.mtu);
    results.set_mac(bytes_of(config.mac));
    results.set_link_up(config.link_up);
    results.set_lease_seconds(config.lease_seconds);
    results.set_dhcp_server(config.dhcp_server);
    results.set_bound_at_ns(config.bound_at_ns);
    results.set_attachments(config.attachments);
    co_return {};
}

rt::Task<Result<void>> ManagerServer::counters(
    rt::ServerCall<Manager::CountersParams, Manager::CountersResults> call) {
    const netcore::StackCounters& frames = stack_.counters();
    const netcore::ProtocolCounters protocols = netcore::protocol_counters();
    const netcore::TcpTotals& tcp = netcore::tcp_totals();
    const netcore::PacketMemory& memory = netcore::packet_memory();
    auto results = call.results();
    results.set_frames_in(frames.frames_in);
    results.set_frames_out(frames.frames_out);
    results.set_bytes_in(frames.bytes_in);
    results.set_bytes_out(frames.bytes_out);
    results.set_dropped_in(frames.dropped_in);
    results.set_dropped_out(frames.dropped_out);
    results.set_bad_slots(link_.bad_slots());
    results.set_tcp_in(protocols.tcp_in);
    results.set_tcp_out(protocols.tcp_out);
    results.set_tcp_retransmits(protocols.tcp_retransmits);
    results.set_tcp_accepted(tcp.accepted);
    results.set_tcp_refused(tcp.refused);
    results.set_checksum_errors(protocols.checksum_errors);
    results.set_memory_used(memory.used());
    results.set_memory_peak(memory.peak());
    results.set_memory_failures(memory.failures());
    results.set_sockets_open(tcp.open);
    results.set_time_wait(netcore::Stack::time_wait_count());
    results.set_arp_requests(frames.arp_requests);
    results.set_icmp_echo_answered(protocols.echo_answered);
    results.set_dhcp_sent(stack_.dhcp().sent());
    results.set_no_route(frames.no_route);
    results.set_writes_held(tcp.writes_held);
    results.set_orphans_ended(tcp.orphans_ended);
    results.set_listens_refused(tcp_.listens_refused());
    results.set_half_open_ended(tcp.half_open_ended);
    results.set_syns_dropped(tcp.syns_dropped);
    results.set_dhcp_ignored(stack_.dhcp().ignored());
    co_return {};
}

rt::Task<Result<void>> ManagerServer::neighbours(
    rt::ServerCall<Manager::NeighboursParams, Manager::NeighboursResults> call) {
    std::array<netcore::Neighbour, netcore::Stack::kMaxNeighbours> found;
    const auto count = static_cast<std::uint32_t>(stack_.neighbours(found));
    auto list = call.results(2048).init_neighbours(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        auto neighbour = list[i];
        neighbour.set_address(found[i].address);
        neighbour.set_mac(bytes_of(found[i].mac));
        neighbour.set_stable(true);
    }
    co_return {};
}

rt::Task<Result<void>> ManagerServer::routes(rt::ServerCall<Manager::RoutesParams, Manager::RoutesResults> call) {
    const auto routes = stack_.routes().routes();
    auto list = call.results(1024).init_routes(static_cast<std::uint32_t>(routes.size()));
    for (std::uint32_t i = 0; i < routes.size(); ++i) {
        auto route = list[i];
        route.set_destination(routes[i].destination);
        route.set_prefix(routes[i].prefix);
        route.set_gateway(routes[i].gateway);
    }
    co_return {};
}

rt::Task<Result<void>> ManagerServer::connections(
    rt::ServerCall<Manager::ConnectionsParams, Manager::ConnectionsResults> call) {
    std::array<netcore::ConnectionInfo, kMaxConnections> found;
    const auto count = static_cast<std::uint32_t>(netcore::Stack::connections(found));
    auto list = call.results(128 + count * 48).init_connections(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        auto connection = list[i];
        connection.set_state(found[i].state);
        connection.set_local_port(found[i].local_port);
        connection.set_peer(found[i].peer);
        connection.set_peer_port(found[i].peer_port);
    }
    co_return {};
}

}  // namespace capos::netstack
