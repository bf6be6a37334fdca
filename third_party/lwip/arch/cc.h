/* lwIP's view of the compiler. */
#ifndef CAPOS_LWIP_ARCH_CC_H
#define CAPOS_LWIP_ARCH_CC_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

#ifndef SSIZE_MAX                       /* says that ssize_t is there */
#define SSIZE_MAX LONG_MAX
#endif
#include <sys/types.h>

#define LWIP_NO_CTYPE_H 1
#define LWIP_NO_UNISTD_H 1
#define LWIP_NO_STDINT_H 0

#define X8_F "02x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "zu"

#ifdef __cplusplus
extern "C" {
#endif
/* Logs the broken assumption and ends the program; the supervisor starts it anew. */
void capos_lwip_assert(const char* what) __attribute__((noreturn, cold));
#ifdef __cplusplus
}
#endif

/* One instruction in place of lwIP's functions. */
#define lwip_htons(value) ((u16_t)__builtin_bswap16((u16_t)(value)))
#define lwip_htonl(value) ((u32_t)__builtin_bswap32((u32_t)(value)))

#define LWIP_PLATFORM_DIAG(message) do { } while (0)
#define LWIP_PLATFORM_ASSERT(what) capos_lwip_assert(what)

#endif
