#include "lib/netcore/lwip_port.hpp"

#include <algorithm>
#include <cstring>

#include "lib/netcore/checksum.hpp"
#include "lib/netcore/tcp.hpp"
#include "lwip/init.h"
#include "lwip/ip4.h"
#include "lwip/memp.h"
#include "lwip/prot/icmp.h"
#include "lwip/prot/tcp.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/stats.h"
#include "third_party/lwip/lwip_hooks.h"

namespace capos::netcore {
namespace {

constexpr std::uint32_t kEchoPerSecond = 1000;
constexpr std::uint32_t kEchoBurst = 200;

struct Port {
    PortHost* host = nullptr;
    PacketMemory memory;
    MemoryShares shares{memory};
    Random random;
    PortCounters counters;
    RateLimit echo{kEchoPerSecond, kEchoBurst};
};

Port port;

// RFC 1122, 4.2.2.13: a SYN that is newer than everything the old connection received opens a new one. lwIP would
// answer with an acknowledgement, and the peer would wait two minutes for its port.
void make_way_for(const tcp_hdr& header, const ip_hdr& packet) {
    const std::uint32_t sequence = lwip_ntohl(header.seqno);
    const std::uint16_t local_port = lwip_ntohs(header.dest);
    const std::uint16_t peer_port = lwip_ntohs(header.src);
    for (tcp_pcb* pcb = tcp_tw_pcbs; pcb != nullptr; pcb = pcb->next)
        if (pcb->remote_port == peer_port && pcb->local_port == local_port &&
            ip_2_ip4(&pcb->remote_ip)->addr == packet.src.addr) {
            if (TCP_SEQ_GT(sequence, pcb->rcv_nxt)) {
                ++port.counters.time_wait_reused;
                tcp_abort(pcb);   // in TIME_WAIT this sends nothing
            }
            return;
        }
}

}  // namespace

void start_port(PortHost& host, const Random::Secret& secret) {
    static bool initialised = false;
    port.host = &host;
    port.random = Random(secret);
    port.echo = RateLimit(kEchoPerSecond, kEchoBurst);
    if (!initialised)
        lwip_init();
    initialised = true;
}

PacketMemory& packet_memory() { return port.memory; }
MemoryShares& memory_shares() { return port.shares; }
Random& port_random() { return port.random; }
const PortCounters& port_counters() { return port.counters; }

}  // namespace capos::netcore

namespace netcore = capos::netcore;

extern "C" {

unsigned short capos_checksum(const void* data, int length) {
    return netcore::checksum_sum(data, static_cast<std::size_t>(length));
}
unsigned short capos_checksum_copy(void* to, const void* from, unsigned short length) {
    return netcore::checksum_copy(to, from, length);
}
unsigned int capos_lwip_random(void) { return static_cast<unsigned int>(netcore::port.random.next()); }
void* capos_packet_malloc(unsigned long bytes) { return netcore::port.memory.allocate(bytes); }
void* capos_packet_calloc(unsigned long count, unsigned long bytes) {
    void* memory = bytes != 0 && count > netcore::PacketMemory::kLargest / bytes
                       ? nullptr
                       : netcore::port.memory.allocate(count * bytes);
    if (memory != nullptr)
        std::memset(memory, 0, count * bytes);
    return memory;
}
void capos_packet_free(void* memory) { netcore::port.memory.release(memory); }

void capos_lwip_assert(const char* what) {
    netcore::port.host->broken(what);
    __builtin_trap();
}

unsigned short capos_early_segments(void) {
    const std::size_t most = netcore::MemoryShares::early_segments(MEMP_NUM_TCP_SEG, lwip_stats.memp[MEMP_TCP_SEG]->used);
    return static_cast<unsigned short>(std::min<std::size_t>(most, TCP_OOSEQ_MAX_PBUFS));
}

u32_t sys_now(void) { return static_cast<u32_t>(netcore::port.host->now_ns() / 1'000'000); }

// lwIP takes the options of every SYN, also of one that comes again: a window scale that the first did not offer would
// open the whole receive window, beyond what was promised, on a connection whose answer bore none (RFC 7323, 2.2). Our
// answer is sent again by itself.
int capos_hook_tcp_segment(struct tcp_pcb* connection, const struct tcp_hdr* segment) {
    if (connection->state == LISTEN) {   // then it is a tcp_pcb_listen: nothing beyond what both begin with is there
        if ((TCPH_FLAGS(segment) & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN)
            return netcore::admit_syn(*reinterpret_cast<tcp_pcb_listen*>(connection)) ? 0 : 1;
        return 0;
    }
    return connection->state == SYN_RCVD && (connection->flags & TF_WND_SCALE) == 0 && (TCPH_FLAGS(segment) & TCP_SYN) != 0;
}

u32_t capos_hook_tcp_isn(u32_t local, u16_t local_port, u32_t remote, u16_t remote_port) {
    return netcore::port.random.initial_sequence(local, local_port, remote, remote_port, netcore::port.host->now_ns());
}

int capos_hook_ip4_input(struct pbuf* packet) {
    // The version was looked at; nothing else was checked yet.
    if (packet->len < IP_HLEN)
        return pbuf_free(packet), 1;
    const auto& header = *static_cast<const ip_hdr*>(packet->payload);
    const std::size_t header_bytes = IPH_HL_BYTES(&header);
    if (header_bytes < IP_HLEN || packet->len < header_bytes)
        return 0;   // lwIP counts and drops it
    const bool fragment = (lwip_ntohs(IPH_OFFSET(&header)) & IP_OFFMASK) != 0;
    const auto* payload = static_cast<const std::byte*>(packet->payload) + header_bytes;
    const std::size_t payload_bytes = packet->len - header_bytes;
    if (IPH_PROTO(&header) == IP_PROTO_ICMP && !fragment && payload_bytes >= sizeof(icmp_echo_hdr) &&
        static_cast<std::uint8_t>(payload[0]) == ICMP_ECHO) {
        if (!netcore::port.echo.pass(netcore::port.host->now_ns())) {
            ++netcore::port.counters.echo_dropped;
            return pbuf_free(packet), 1;
        }
    }
    if (IPH_PROTO(&header) == IP_PROTO_TCP && tcp_tw_pcbs != nullptr && !fragment && payload_bytes >= TCP_HLEN) {
        tcp_hdr segment;
        std::memcpy(&segment, payload, sizeof segment);
        if ((TCPH_FLAGS(&segment) & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN)
            netcore::make_way_for(segment, header);
    }
    return 0;
}

}  // extern "C"
