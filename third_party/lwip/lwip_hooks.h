/* What lwIP asks of the stack; implemented in lib/netcore/lwip_port.cpp. */
#ifndef CAPOS_LWIP_HOOKS_H
#define CAPOS_LWIP_HOOKS_H

#include "lwip/arch.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pbuf;
struct tcp_hdr;
struct tcp_pcb;

/* Before an IPv4 packet is looked at. Not 0: it was taken (and freed). */
int capos_hook_ip4_input(struct pbuf* packet);
/* Before a segment of a connection or listener is looked at, its header and sum checked. Not 0: it is dropped. */
int capos_hook_tcp_segment(struct tcp_pcb* connection, const struct tcp_hdr* segment);
/* A connection's first sequence number; addresses in network order. */
u32_t capos_hook_tcp_isn(u32_t local, u16_t local_port, u32_t remote, u16_t remote_port);

#ifdef __cplusplus
}
#endif

#endif
