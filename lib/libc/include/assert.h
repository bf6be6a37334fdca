/* No include guard: NDEBUG may differ from one inclusion to the next (C11, 7.2). */
#include <capos_libc.h>

#undef assert
#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define assert(condition) ((condition) ? (void)0 : capos_abort("assertion failed: " #condition))
#endif

#if !defined(__cplusplus) && !defined(static_assert)
#define static_assert _Static_assert
#endif
