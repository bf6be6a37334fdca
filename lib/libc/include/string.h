/* Memory and string functions of C11, 7.24, as far as they need no locale, no memory and no
 * trust that a destination is large enough (there is no strcpy, no strcat). */
#ifndef CAPOS_STRING_H
#define CAPOS_STRING_H

#include <capos_libc.h>
#include <stddef.h>

CAPOS_C_BEGIN
void* memcpy(void* __restrict destination, const void* __restrict source, size_t bytes) CAPOS_NOEXCEPT;
void* memmove(void* destination, const void* source, size_t bytes) CAPOS_NOEXCEPT;
void* memset(void* destination, int value, size_t bytes) CAPOS_NOEXCEPT;
int memcmp(const void* left, const void* right, size_t bytes) CAPOS_NOEXCEPT;
void* memchr(const void* memory, int value, size_t bytes) CAPOS_NOEXCEPT;
size_t strlen(const char* text) CAPOS_NOEXCEPT;
size_t strnlen(const char* text, size_t limit) CAPOS_NOEXCEPT;
int strcmp(const char* left, const char* right) CAPOS_NOEXCEPT;
int strncmp(const char* left, const char* right, size_t limit) CAPOS_NOEXCEPT;
char* strchr(const char* text, int value) CAPOS_NOEXCEPT;
char* strrchr(const char* text, int value) CAPOS_NOEXCEPT;
char* strstr(const char* text, const char* part) CAPOS_NOEXCEPT;
char* strpbrk(const char* text, const char* set) CAPOS_NOEXCEPT;
size_t strspn(const char* text, const char* set) CAPOS_NOEXCEPT;
size_t strcspn(const char* text, const char* set) CAPOS_NOEXCEPT;
/* Pads with zeros up to `limit`; not terminated when `source` has `limit` characters or more. */
char* strncpy(char* __restrict destination, const char* __restrict source, size_t limit) CAPOS_NOEXCEPT;

#ifndef CAPOS_LIBC_BODIES
/* -ffreestanding makes every copy a call, also of eight bytes; through the builtins the compiler writes out those whose
 * size it knows. What it does not write out calls the functions above. In two steps, because the compiler throws away a
 * body that seems to call itself. */
#define CAPOS_BUILTIN __attribute__((__always_inline__, __nodebug__))
#define CAPOS_BODY extern __inline __attribute__((__gnu_inline__, __always_inline__, __nodebug__))
static __inline CAPOS_BUILTIN void capos_copy(void* destination, const void* source, size_t bytes) CAPOS_NOEXCEPT {
    __builtin_memcpy(destination, source, bytes);
}
static __inline CAPOS_BUILTIN void capos_move(void* destination, const void* source, size_t bytes) CAPOS_NOEXCEPT {
    __builtin_memmove(destination, source, bytes);
}
static __inline CAPOS_BUILTIN void capos_fill(void* destination, int value, size_t bytes) CAPOS_NOEXCEPT {
    __builtin_memset(destination, value, bytes);
}
CAPOS_BODY void* memcpy(void* __restrict destination, const void* __restrict source, size_t bytes) CAPOS_NOEXCEPT {
    capos_copy(destination, source, bytes);
    return destination;
}
CAPOS_BODY void* memmove(void* destination, const void* source, size_t bytes) CAPOS_NOEXCEPT {
    capos_move(destination, source, bytes);
    return destination;
}
CAPOS_BODY void* memset(void* destination, int value, size_t bytes) CAPOS_NOEXCEPT {
    capos_fill(destination, value, bytes);
    return destination;
}
#undef CAPOS_BODY
#undef CAPOS_BUILTIN
#endif
CAPOS_C_END

#endif
