/* How lwIP 2.1.3 is configured for the network stack. One thread, raw API, IPv4. */
#ifndef CAPOS_LWIPOPTS_H
#define CAPOS_LWIPOPTS_H

/* --- no operating system underneath: one thread calls everything --- */
#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_TIMERS 1

/* --- memory --- */
/* Packets come from the stack's own slab memory (lib/netcore/packet_memory.hpp); control blocks from fixed pools. */
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 0
#define MEM_ALIGNMENT 8
#define LWIP_ALLOW_MEM_FREE_FROM_OTHER_CONTEXT 0
#define mem_clib_malloc capos_packet_malloc
#define mem_clib_calloc capos_packet_calloc
#define mem_clib_free capos_packet_free
#define MEMP_NUM_TCP_PCB 288            /* open connections and those in TIME_WAIT; the oldest of the latter make room */
#define MEMP_NUM_TCP_PCB_LISTEN 16
#define MEMP_NUM_TCP_SEG 2048           /* half of them shared out, the rest a few for each connection */
#define MEMP_NUM_UDP_PCB 4
#define MEMP_NUM_RAW_PCB 2
#define MEMP_NUM_PBUF 64
#define MEMP_NUM_ARP_QUEUE 32
#define MEMP_NUM_REASSDATA 4
#define MEMP_NUM_FRAG_PBUF 16
#define MEMP_NUM_SYS_TIMEOUT 8
#define PBUF_POOL_SIZE 2                /* frames are PBUF_RAM of their own size; lwIP wants a pool to exist */
#define PBUF_POOL_BUFSIZE 256
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1   /* they compare windows with that pool */
#define PBUF_LINK_HLEN 14

/* --- protocols --- */
#define LWIP_IPV4 1
#define LWIP_IPV6 0
#define LWIP_ARP 1
#define LWIP_ETHERNET 1
#define LWIP_ICMP 1
#define LWIP_RAW 1
#define LWIP_UDP 1
#define LWIP_TCP 1
#define LWIP_DHCP 0                     /* our own client: lib/netcore/dhcp_client.hpp */
#define LWIP_DNS 0
#define LWIP_IGMP 0
#define LWIP_AUTOIP 0
#define LWIP_HAVE_LOOPIF 0
#define LWIP_NETIF_LOOPBACK 0
#define LWIP_BROADCAST_PING 0
#define LWIP_MULTICAST_PING 0

/* --- IP and ARP --- */
#define IP_FORWARD 0
#define IP_REASSEMBLY 1
#define IP_FRAG 1
#define IP_REASS_MAX_PBUFS 16
#define IP_REASS_MAXAGE 5
#define IP_OPTIONS_ALLOWED 0            /* source routes and the like are dropped */
#define ARP_TABLE_SIZE 16
#define ARP_QUEUEING 1
#define ARP_QUEUE_LEN 4
/* DHCP answers are addressed to an address we do not have yet. */
#define LWIP_IP_ACCEPT_UDP_PORT(port) ((port) == PP_NTOHS(68))

/* --- TCP --- */
#define TCP_MSS 1460
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 2
/* The most that one connection may have; what it has follows from what is free: lib/netcore/memory_shares.hpp. */
#define TCP_WND (128 * 1024)
#define TCP_SND_BUF (96 * 1024)
#define TCP_SND_QUEUELEN 256
#define TCP_SNDLOWAT (TCP_SND_BUF / 2)
#define TCP_SNDQUEUELOWAT (TCP_SND_QUEUELEN / 2)
#define TCP_OVERSIZE TCP_MSS
#define TCP_QUEUE_OOSEQ 1
#define TCP_OOSEQ_MAX_BYTES (48 * 1024)
#define TCP_OOSEQ_MAX_PBUFS 48
#define TCP_OOSEQ_PBUFS_LIMIT(pcb) capos_early_segments()   /* fewer when segment records run out */
#define LWIP_TCP_PCB_NUM_EXT_ARGS 2     /* the receive window that was promised (lib/netcore/memory_shares.hpp); half-open */
#define LWIP_TCP_SACK_OUT 1
#define LWIP_TCP_MAX_SACK_NUM 4
#define TCP_LISTEN_BACKLOG 1
#define SO_REUSE 1                      /* a listener may come back while its old connections are in TIME_WAIT */
#define TCP_DEFAULT_LISTEN_BACKLOG 16
#define LWIP_TCP_KEEPALIVE 1
#define TCP_KEEPIDLE_DEFAULT 600000UL   /* a peer that vanished is noticed after 10 minutes ... */
#define TCP_KEEPINTVL_DEFAULT 30000UL
#define TCP_KEEPCNT_DEFAULT 8U
#define LWIP_TCP_RTO_TIME 1000          /* RFC 6298, 2.1 */
#define TCP_MSL 60000UL                 /* TIME_WAIT is 2 minutes (RFC 9293, 3.4.2) */
#define LWIP_CALLBACK_API 1

/* --- checksums: wide additions; a segment's data is summed while it is copied --- */
#define LWIP_CHKSUM capos_checksum
#define LWIP_CHECKSUM_ON_COPY 1
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1  /* segments that were verified before they were joined are not summed again */
#define LWIP_CHKSUM_COPY(to, from, length) capos_checksum_copy(to, from, length)

/* --- hooks --- */
#define LWIP_HOOK_FILENAME "third_party/lwip/lwip_hooks.h"
#define LWIP_HOOK_IP4_INPUT(packet, interface) capos_hook_ip4_input(packet)
#define LWIP_HOOK_ETHARP_GET_GW(interface, destination) (destination)   /* the next hop was chosen before ARP */
#define LWIP_HOOK_TCP_INPACKET_PCB(connection, segment, option_bytes, first_option_bytes, second_options, packet) \
    (capos_hook_tcp_segment(connection, segment) == 0 ? ERR_OK : ERR_ABRT)
#define LWIP_HOOK_TCP_ISN(local_ip, local_port, remote_ip, remote_port) \
    capos_hook_tcp_isn((local_ip)->addr, local_port, (remote_ip)->addr, remote_port)
#define LWIP_RAND() capos_lwip_random()

/* --- what can be read about it --- */
#define LWIP_STATS 1
#define LWIP_STATS_LARGE 1
#define LWIP_STATS_DISPLAY 0
#define LINK_STATS 0
#define IPFRAG_STATS 0
#define MEM_STATS 0
#define MEMP_STATS 1
#define MIB2_STATS 1
#define LWIP_DEBUG 0

#ifdef __cplusplus
extern "C" {
#endif
unsigned short capos_checksum(const void* data, int length);
unsigned short capos_checksum_copy(void* to, const void* from, unsigned short length);
unsigned int capos_lwip_random(void);
unsigned short capos_early_segments(void);
void* capos_packet_malloc(unsigned long bytes);
void* capos_packet_calloc(unsigned long count, unsigned long bytes);
void capos_packet_free(void* memory);
#ifdef __cplusplus
}
#endif

#endif
