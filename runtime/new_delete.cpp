// operator new and delete over the heap. Target only.
#include <cstddef>
#include <new>

#include "runtime/heap.hpp"

extern "C" [[noreturn]] void capos_abort(const char* message) noexcept;

namespace {

void* or_end(void* memory) {
    if (memory == nullptr) capos_abort("out of memory");
    return memory;
}

std::size_t number(std::align_val_t alignment) { return static_cast<std::size_t>(alignment); }

}  // namespace

using capos::rt::heap;

void* operator new(std::size_t bytes) { return or_end(heap().allocate(bytes)); }
void* operator new[](std::size_t bytes) { return or_end(heap().allocate(bytes)); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return heap().allocate(bytes); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return heap().allocate(bytes); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    return or_end(heap().allocate_aligned(bytes, number(alignment)));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
    return or_end(heap().allocate_aligned(bytes, number(alignment)));
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return heap().allocate_aligned(bytes, number(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return heap().allocate_aligned(bytes, number(alignment));
}
void operator delete(void* memory) noexcept { heap().free(memory); }
void operator delete[](void* memory) noexcept { heap().free(memory); }
void operator delete(void* memory, std::size_t) noexcept { heap().free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { heap().free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { heap().free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { heap().free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { heap().free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { heap().free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { heap().free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { heap().free(memory); }
