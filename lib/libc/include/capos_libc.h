/* Declarations that every C header here shares. */
#ifndef CAPOS_LIBC_H
#define CAPOS_LIBC_H

#ifdef __cplusplus
#define CAPOS_C_BEGIN extern "C" {
#define CAPOS_C_END }
#define CAPOS_NOEXCEPT noexcept
#define CAPOS_NORETURN [[noreturn]]
#else
#define CAPOS_C_BEGIN
#define CAPOS_C_END
#define CAPOS_NOEXCEPT
#define CAPOS_NORETURN _Noreturn
#endif

CAPOS_C_BEGIN
/* What cannot go on ends here. Defined by whoever links lib/libc: the kernel (panic) and the runtime (the process ends,
 * `message` in its crash record). */
CAPOS_NORETURN void capos_abort(const char* message) CAPOS_NOEXCEPT;
CAPOS_C_END

#endif
