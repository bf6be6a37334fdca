// memcpy and its family under their C names; compilers call these by themselves.
#include <string.h>

#include "lib/libc/src/memory_functions.hpp"

using capos::libc::Byte;

extern "C" {

void* memmove(void* destination, const void* source, size_t bytes) noexcept {
    capos::libc::move(static_cast<Byte*>(destination), static_cast<const Byte*>(source), bytes);
    return destination;
}

void* memcpy(void* __restrict destination, const void* __restrict source, size_t bytes) noexcept {
    capos::libc::move(static_cast<Byte*>(destination), static_cast<const Byte*>(source), bytes);
    return destination;
}

void* memset(void* destination, int value, size_t bytes) noexcept {
    capos::libc::fill(static_cast<Byte*>(destination), static_cast<Byte>(value), bytes);
    return destination;
}

int memcmp(const void* left, const void* right, size_t bytes) noexcept {
    return capos::libc::compare(static_cast<const Byte*>(left), static_cast<const Byte*>(right), bytes);
}

}  // extern "C"
