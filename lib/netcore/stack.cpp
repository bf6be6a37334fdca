#include "lib/netcore/stack.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "lib/base/text.hpp"
#include "lwip/etharp.h"
#include "lwip/icmp.h"
#include "lwip/inet_chksum.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/icmp.h"
#include "lwip/raw.h"
#include "lwip/stats.h"
#include "lwip/sys.h"
#include "lwip/tcp.h"
#include "lwip/timeouts.h"
#include "lwip/udp.h"
#include "netif/ethernet.h"

namespace capos::netcore {
namespace {

constexpr std::size_t kEthernetHeader = 14;
constexpr std::size_t kLeastFrameBuffer = 64;      // short frames get zeros behind them: headers are read before lengths
constexpr std::size_t kSmallFrame = 128;           // frames that get through when memory is scarce: acknowledgements, ARP
constexpr std::uint64_t kMillisecond = 1'000'000;
constexpr std::size_t kEchoPayload = 32;

Stack* the_stack = nullptr;

// RFC 826. lwIP builds its ARP packets in one piece.
bool is_arp_request(const pbuf& frame) {
    constexpr std::size_t kTypeOffset = 12, kOperationOffset = 20;
    const auto* bytes = static_cast<const std::uint8_t*>(frame.payload);
    return frame.len >= kOperationOffset + 2 && bytes[kTypeOffset] == 0x08 && bytes[kTypeOffset + 1] == 0x06 &&
           bytes[kOperationOffset + 1] == 1;
}

ip_addr_t lwip_address(Ipv4 address) {
    ip_addr_t converted{};
    ip_2_ip4(&converted)->addr = lwip_htonl(address);
    return converted;
}

}  // namespace

ProtocolCounters protocol_counters() {
    return {.tcp_in = lwip_stats.mib2.tcpinsegs,
            .tcp_out = lwip_stats.mib2.tcpoutsegs,
            .tcp_retransmits = lwip_stats.mib2.tcpretranssegs,
            .checksum_errors = std::uint64_t{lwip_stats.ip.chkerr} + lwip_stats.tcp.chkerr + lwip_stats.udp.chkerr +
                               lwip_stats.icmp.chkerr,
            .echo_answered = lwip_stats.mib2.icmpoutechoreps};
}

Stack::Batch::~Batch() {
    for (std::size_t i = 0; i < count_; ++i)
        pbuf_free(frames_[i]);
}

Ping::~Ping() {
    if (the_stack != nullptr)
        the_stack->forget(*this);
}

struct Stack::Callbacks {
    static err_t open_interface(netif* interface) {
        interface->name[0] = 'e';
        interface->name[1] = 'n';
        interface->hwaddr_len = 6;
        interface->mtu = 1500;
        interface->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
        interface->output = &send_packet;
        interface->linkoutput = &send_frame;
        return ERR_OK;
    }

    // lwIP's own choice (etharp_output) asks the neighbourhood for every link-local destination and knows one gateway;
    // here the route table decides for every destination, and ARP is asked only for the next hop.
    static err_t send_packet(netif* interface, pbuf* packet, const ip4_addr_t* destination) {
        auto& self = *static_cast<Stack*>(interface->state);
        if (ip4_addr_isbroadcast(destination, interface) || ip4_addr_ismulticast(destination))
            return etharp_output(interface, packet, destination);
        const auto next_hop = self.routes_.next_hop(lwip_ntohl(destination->addr));
        if (!next_hop) {
            ++self.counters_.no_route;
            return ERR_RTE;
        }
        const ip4_addr_t neighbour{lwip_htonl(*next_hop)};
        return etharp_output(interface, packet, &neighbour);
    }

    static err_t send_frame(netif* interface, pbuf* packet) {
        return static_cast<Stack*>(interface->state)->transmit(*packet) ? ERR_OK : ERR_MEM;
    }

    static void dhcp_received(void* argument, udp_pcb*, pbuf* packet, const ip_addr_t* from, u16_t port) {
        auto& self = *static_cast<Stack*>(argument);
        std::array<std::byte, 1500> message;
        const std::size_t length = pbuf_copy_partial(packet, message.data(), message.size(), 0);
        pbuf_free(packet);
        if (port == kDhcpServerPort)
            self.dhcp_.receive(std::span(message).first(length), lwip_ntohl(ip_2_ip4(from)->addr), self.host_.now_ns());
    }

    // Every ICMP packet comes by here; 1: it was ours and is freed.
    static u8_t echo_received(void* argument, raw_pcb*, pbuf* packet, const ip_addr_t*) {
        auto& self = *static_cast<Stack*>(argument);
        icmp_echo_hdr header;
        const u16_t at = IPH_HL_BYTES(static_cast<const ip_hdr*>(packet->payload));
        if (pbuf_copy_partial(packet, &header, sizeof header, at) != sizeof header || header.type != ICMP_ER)
            return 0;
        for (Ping* ping = self.pings_; ping != nullptr; ping = ping->next_)
            if (ping->identifier_ == lwip_ntohs(header.id) && ping->sequence_ == lwip_ntohs(header.seqno)) {
                ping->round_trip_ns_ = self.host_.now_ns() - ping->sent_at_ns_;
                self.finish(*ping, Ping::Outcome::Answered);
                pbuf_free(packet);
                return 1;
            }
        return 0;
    }
};

Stack::Stack(StackHost& host) : host_(host), dhcp_(*this, port_random()), joiner_(*this) {}

Result<std::unique_ptr<Stack>> Stack::create(StackHost& host, const Settings& settings) {
    if (packet_memory().capacity() == 0)
        TRY(packet_memory().adopt(settings.packet_memory));
    start_port(host, settings.secret);
    std::unique_ptr<Stack> stack(new (std::nothrow) Stack(host));
    if (stack == nullptr)
        return Error::OutOfMemory;
    TRY(stack->open());
    return stack;
}

Result<void> Stack::open() {
    interface_.reset(new (std::nothrow) netif{});
    if (interface_ == nullptr)
        return Error::OutOfMemory;
    if (netif_add_noaddr(interface_.get(), this, &Callbacks::open_interface, &ethernet_input) == nullptr)
        return Error::OutOfMemory;
    the_stack = this;
    netif_set_default(interface_.get());
    dhcp_socket_ = udp_new();
    echo_socket_ = raw_new(IP_PROTO_ICMP);
    if (dhcp_socket_ == nullptr || echo_socket_ == nullptr)
        return Error::OutOfMemory;
    udp_recv(dhcp_socket_, &Callbacks::dhcp_received, this);
    raw_recv(echo_socket_, &Callbacks::echo_received, this);
    if (udp_bind(dhcp_socket_, IP4_ADDR_ANY, kDhcpClientPort) != ERR_OK ||
        raw_bind(echo_socket_, IP4_ADDR_ANY) != ERR_OK)
        return Error::Failed;
    return {};
}

Stack::~Stack() {
    while (tcp_active_pcbs != nullptr)
        tcp_abort(tcp_active_pcbs);
    while (tcp_tw_pcbs != nullptr)
        tcp_abort(tcp_tw_pcbs);
    if (dhcp_socket_ != nullptr)
        udp_remove(dhcp_socket_);
    if (echo_socket_ != nullptr)
        raw_remove(echo_socket_);
    if (interface_ != nullptr && the_stack == this) {
        netif_set_down(interface_.get());
        netif_remove(interface_.get());
    }
    the_stack = nullptr;
}

Result<void> Stack::attach(const MacAddress& mac, std::uint16_t mtu) {
    if ((mac[0] & 1) != 0 || mac == MacAddress{} || mtu < kLeastMtu)
        return Error::InvalidArgument;
    ++attachments_;
    driver_mtu_ = std::min<std::uint16_t>(mtu, kMaxFrame - kEthernetHeader);
    netif& interface = *interface_;
    if (mac != mac_) {
        netif_set_link_down(&interface);
        mac_ = mac;
        std::memcpy(interface.hwaddr, mac.data(), mac.size());
    }
    const std::uint16_t leased = dhcp_.has_lease() ? dhcp_.lease().mtu : 0;
    interface.mtu = leased != 0 ? std::min(leased, driver_mtu_) : driver_mtu_;
    netif_set_up(&interface);
    netif_set_link_up(&interface);
    dhcp_.start(mac, host_.now_ns());
    // What the driver before had taken over may be lost: do not wait for the timers to find out.
    for (tcp_pcb* pcb = tcp_active_pcbs; pcb != nullptr; pcb = pcb->next)
        if (pcb->unacked != nullptr)
            tcp_rexmit_rto(pcb);
    transmit_room();
    return {};
}

void Stack::set_link(bool up) {
    if (attachments_ == 0 || up == (netif_is_link_up(interface_.get()) != 0))
        return;
    host_.say(up ? "link up" : "link down");
    if (up)
        netif_set_link_up(interface_.get());
    else
        netif_set_link_down(interface_.get());
}

void Stack::copy(std::span<const std::byte> shared, Batch& batch) {
    // Under pressure data waits outside, so that acknowledgements, which free memory, still get in.
    const std::size_t part = shared.size() > kSmallFrame ? 8 : 32;
    if (packet_memory().scarce(part))
        relieve_memory();
    const bool refuse = packet_memory().scarce(part);
    if (shared.size() < kEthernetHeader || shared.size() > kMaxFrame || refuse || batch.count_ == Batch::kMost) {
        ++counters_.dropped_in;
        return;
    }
    const std::size_t room = std::max(shared.size(), kLeastFrameBuffer);
    pbuf* packet = pbuf_alloc(PBUF_RAW, static_cast<u16_t>(room), PBUF_RAM);
    if (packet == nullptr) {
        ++counters_.dropped_in;
        return;
    }
    auto* bytes = static_cast<std::byte*>(packet->payload);
    std::memcpy(bytes, shared.data(), shared.size());
    if (room > shared.size()) {
        std::memset(bytes + shared.size(), 0, room - shared.size());
        packet->len = packet->tot_len = static_cast<u16_t>(shared.size());
    }
    ++counters_.frames_in;
    counters_.bytes_in += shared.size();
    batch.frames_[batch.count_++] = packet;
}

void Stack::receive(Batch& batch) {
    const std::size_t count = std::exchange(batch.count_, 0);
    for (std::size_t i = 0; i < count; ++i)
        joiner_.add(batch.frames_[i]);
    joiner_.flush();
}

void Stack::deliver(pbuf* packet, bool verified) {
    netif& interface = *interface_;
    constexpr u16_t kVerified = NETIF_CHECKSUM_ENABLE_ALL & ~(NETIF_CHECKSUM_CHECK_IP | NETIF_CHECKSUM_CHECK_TCP);
    NETIF_SET_CHECKSUM_CTRL(&interface, verified ? kVerified : NETIF_CHECKSUM_ENABLE_ALL);
    if (interface.input(packet, &interface) != ERR_OK)
        pbuf_free(packet);
}

bool Stack::transmit(const pbuf& packet) {
    const std::span<std::byte> room =
        packet.tot_len <= kMaxFrame ? host_.begin_frame(packet.tot_len) : std::span<std::byte>{};
    if (room.size() < packet.tot_len) {
        ++counters_.dropped_out;
        transmit_starved_ = true;
        return false;
    }
    std::byte* to = room.data();
    for (const pbuf* part = &packet; part != nullptr; part = part->next) {
        std::memcpy(to, part->payload, part->len);
        to += part->len;
        if (part->len == part->tot_len)
            break;
    }
    counters_.arp_requests += is_arp_request(packet);
    host_.end_frame(packet.tot_len);
    ++counters_.frames_out;
    counters_.bytes_out += packet.tot_len;
    return true;
}

void Stack::transmit_room() {
    if (!transmit_starved_)
        return;
    transmit_starved_ = false;
    tcp_txnow();
}

std::uint64_t Stack::next_deadline_ns() const {
    std::uint64_t deadline = dhcp_.deadline_ns();
    for (const Ping* ping = pings_; ping != nullptr; ping = ping->next_)
        deadline = std::min(deadline, ping->deadline_ns_);
    const std::uint64_t now = host_.now_ns();
    const std::uint32_t sleep_ms = sys_timeouts_sleeptime();
    if (sleep_ms != SYS_TIMEOUTS_SLEEPTIME_INFINITE)
        deadline = std::min(deadline, (now / kMillisecond + sleep_ms) * kMillisecond);
    return std::max(deadline, now);
}

void Stack::run_timers() {
    sys_check_timeouts();
    relieve_memory();
    const std::uint64_t now = host_.now_ns();
    dhcp_.tick(now);
    for (Ping* ping = pings_; ping != nullptr;) {
        Ping* next = ping->next_;
        if (now >= ping->deadline_ns_)
            finish(*ping, Ping::Outcome::TimedOut);
        ping = next;
    }
}

void Stack::send_dhcp(std::span<const std::byte> message, Ipv4 server) {
    pbuf* packet = pbuf_alloc(PBUF_TRANSPORT, static_cast<u16_t>(message.size()), PBUF_RAM);
    if (packet == nullptr)
        return;   // the client sends again
    std::memcpy(packet->payload, message.data(), message.size());
    if (server != 0) {
        const ip_addr_t to = lwip_address(server);
        (void)udp_sendto(dhcp_socket_, packet, &to, kDhcpServerPort);
    } else {
        const ip_addr_t from = lwip_address(dhcp_.has_lease() ? dhcp_.lease().address : 0);
        (void)udp_sendto_if_src(dhcp_socket_, packet, IP4_ADDR_BROADCAST, kDhcpServerPort, interface_.get(), &from);
    }
    pbuf_free(packet);
}

std::uint16_t Stack::lease_gained(const DhcpReply& lease) {
    routes_ = routes_of(lease);
    interface_->mtu = lease.mtu != 0 ? std::min(lease.mtu, driver_mtu_) : driver_mtu_;
    const ip_addr_t address = lwip_address(lease.address);
    const ip_addr_t mask = lwip_address(netmask(lease.prefix));
    const ip_addr_t gateway = lwip_address(routes_.default_gateway());
    netif_set_addr(interface_.get(), ip_2_ip4(&address), ip_2_ip4(&mask), ip_2_ip4(&gateway));
    return interface_->mtu;
}

void Stack::lease_lost() {
    routes_.clear();
    netif_set_addr(interface_.get(), IP4_ADDR_ANY4, IP4_ADDR_ANY4, IP4_ADDR_ANY4);
}

void Stack::start(Ping& ping, Ipv4 destination, std::uint32_t timeout_ms) {
    forget(ping);
    const ip_addr_t to = lwip_address(destination);
    if (!may_be_host(destination) || ip4_addr_isbroadcast(ip_2_ip4(&to), interface_.get())) {
        ping.outcome_ = Ping::Outcome::NotAHost;
        return;
    }
    if (!dhcp_.has_lease()) {
        ping.outcome_ = Ping::Outcome::NoAddress;
        return;
    }
    if (!routes_.next_hop(destination)) {
        ping.outcome_ = Ping::Outcome::NoRoute;
        return;
    }
    if (destination == dhcp_.lease().address) {
        ping.round_trip_ns_ = 0;
        ping.outcome_ = Ping::Outcome::Answered;
        return;
    }
    ping.outcome_ = Ping::Outcome::NotSent;
    const auto number = static_cast<std::uint32_t>(port_random().next());
    ping.identifier_ = static_cast<std::uint16_t>(number);
    ping.sequence_ = static_cast<std::uint16_t>(number >> 16);
    ping.sent_at_ns_ = host_.now_ns();
    ping.deadline_ns_ = ping.sent_at_ns_ + timeout_ms * kMillisecond;
    pbuf* packet = pbuf_alloc(PBUF_IP, sizeof(icmp_echo_hdr) + kEchoPayload, PBUF_RAM);
    if (packet == nullptr)
        return;
    std::memset(packet->payload, 0, packet->len);
    icmp_echo_hdr header{};
    header.type = ICMP_ECHO;
    header.id = lwip_htons(ping.identifier_);
    header.seqno = lwip_htons(ping.sequence_);
    std::memcpy(packet->payload, &header, sizeof header);
    header.chksum = inet_chksum(packet->payload, packet->len);
    std::memcpy(packet->payload, &header, sizeof header);
    if (raw_sendto(echo_socket_, packet, &to) == ERR_OK) {
        ping.outcome_ = Ping::Outcome::Pending;
        ping.next_ = pings_;
        pings_ = &ping;
    }
    pbuf_free(packet);
}

void Stack::finish(Ping& ping, Ping::Outcome outcome) {
    forget(ping);
    ping.outcome_ = outcome;
    ping.events_.ping_done();
}

void Stack::forget(Ping& ping) {
    for (Ping** at = &pings_; *at != nullptr; at = &(*at)->next_)
        if (*at == &ping) {
            *at = ping.next_;
            break;
        }
    ping.next_ = nullptr;
}

NetworkConfig Stack::config() const {
    NetworkConfig config;
    config.state = dhcp_.state();
    config.mac = mac_;
    config.attachments = attachments_;
    config.link_up = attachments_ != 0 && netif_is_link_up(interface_.get()) != 0;
    config.mtu = attachments_ != 0 ? interface_->mtu : 0;
    if (!dhcp_.has_lease())
        return config;
    const DhcpReply& lease = dhcp_.lease();
    config.address = lease.address;
    config.prefix = lease.prefix;
    config.gateway = routes_.default_gateway();
    config.dns = lease.dns;
    config.dns_count = lease.dns_count;
    config.lease_seconds = lease.lease_seconds;
    config.dhcp_server = lease.server;
    config.bound_at_ns = dhcp_.bound_at_ns();
    return config;
}

std::size_t Stack::neighbours(std::span<Neighbour> into) const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < ARP_TABLE_SIZE && count < into.size(); ++i) {
        ip4_addr_t* address = nullptr;
        netif* interface = nullptr;
        eth_addr* hardware = nullptr;
        if (etharp_get_entry(i, &address, &interface, &hardware) == 0)
            continue;
        into[count].address = lwip_ntohl(address->addr);
        std::memcpy(into[count].mac.data(), hardware->addr, 6);
        ++count;
    }
    return count;
}

std::size_t Stack::connections(std::span<ConnectionInfo> into) {
    std::size_t count = 0;
    for (const tcp_pcb_listen* pcb = tcp_listen_pcbs.listen_pcbs; pcb != nullptr && count < into.size(); pcb = pcb->next)
        into[count++] = {tcp_debug_state_str(pcb->state), pcb->local_port, 0, 0};
    for (const tcp_pcb* list : {tcp_active_pcbs, tcp_tw_pcbs})
        for (const tcp_pcb* pcb = list; pcb != nullptr && count < into.size(); pcb = pcb->next)
            into[count++] = {tcp_debug_state_str(pcb->state), pcb->local_port,
                             lwip_ntohl(ip_2_ip4(&pcb->remote_ip)->addr), pcb->remote_port};
    return count;
}

std::uint32_t Stack::time_wait_count() {
    std::uint32_t count = 0;
    for (const tcp_pcb* pcb = tcp_tw_pcbs; pcb != nullptr; pcb = pcb->next)
        ++count;
    return count;
}

}  // namespace capos::netcore
