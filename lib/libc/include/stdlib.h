/* What libc++, lwIP and http-parser need of C11, 7.22. There is no malloc: C++ memory comes from operator new, which the
 * runtime defines. */
#ifndef CAPOS_STDLIB_H
#define CAPOS_STDLIB_H

#include <capos_libc.h>
#include <stddef.h>

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1

typedef struct { int quot; int rem; } div_t;
typedef struct { long quot; long rem; } ldiv_t;
typedef struct { long long quot; long long rem; } lldiv_t;

CAPOS_C_BEGIN
int atoi(const char* text) CAPOS_NOEXCEPT;
long atol(const char* text) CAPOS_NOEXCEPT;
long long atoll(const char* text) CAPOS_NOEXCEPT;
long strtol(const char* __restrict text, char** __restrict end, int base) CAPOS_NOEXCEPT;
long long strtoll(const char* __restrict text, char** __restrict end, int base) CAPOS_NOEXCEPT;
unsigned long strtoul(const char* __restrict text, char** __restrict end, int base) CAPOS_NOEXCEPT;
unsigned long long strtoull(const char* __restrict text, char** __restrict end, int base) CAPOS_NOEXCEPT;
CAPOS_NORETURN void abort(void) CAPOS_NOEXCEPT;

#ifndef __cplusplus
static inline int abs(int value) { return value < 0 ? -value : value; }
static inline long labs(long value) { return value < 0 ? -value : value; }
static inline long long llabs(long long value) { return value < 0 ? -value : value; }
#else
/* libc++ takes these names into std; it defines abs itself. */
inline long labs(long value) { return value < 0 ? -value : value; }
inline long long llabs(long long value) { return value < 0 ? -value : value; }
inline div_t div(int left, int right) { return {left / right, left % right}; }
inline ldiv_t ldiv(long left, long right) { return {left / right, left % right}; }
inline lldiv_t lldiv(long long left, long long right) { return {left / right, left % right}; }
#endif
CAPOS_C_END

#endif
