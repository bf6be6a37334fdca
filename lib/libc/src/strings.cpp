// The string functions under their C names.
#include <stdint.h>
#include <string.h>

#include "lib/libc/src/string_functions.hpp"

namespace impl = capos::libc;

extern "C" {

void* memchr(const void* memory, int value, size_t bytes) noexcept {
    return const_cast<void*>(impl::memchr(memory, value, bytes));
}

size_t strlen(const char* text) noexcept { return impl::strlen(text); }
size_t strnlen(const char* text, size_t limit) noexcept { return impl::strnlen(text, limit); }
int strcmp(const char* left, const char* right) noexcept { return impl::strncmp(left, right, SIZE_MAX); }
int strncmp(const char* left, const char* right, size_t limit) noexcept { return impl::strncmp(left, right, limit); }
char* strchr(const char* text, int value) noexcept { return const_cast<char*>(impl::strchr(text, value)); }
char* strrchr(const char* text, int value) noexcept { return const_cast<char*>(impl::strrchr(text, value)); }
char* strstr(const char* text, const char* part) noexcept { return const_cast<char*>(impl::strstr(text, part)); }
size_t strspn(const char* text, const char* set) noexcept { return impl::span_of(text, set, true); }
size_t strcspn(const char* text, const char* set) noexcept { return impl::span_of(text, set, false); }

char* strpbrk(const char* text, const char* set) noexcept {
    const char* found = text + impl::span_of(text, set, false);
    return *found == '\0' ? nullptr : const_cast<char*>(found);
}

char* strncpy(char* __restrict destination, const char* __restrict source, size_t limit) noexcept {
    return impl::strncpy(destination, source, limit);
}

}  // extern "C"
