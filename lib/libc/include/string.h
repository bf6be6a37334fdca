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
CAPOS_C_END

#endif
