// What interrupts mean, and names for exceptions.
#pragma once

#include <cstdint>

namespace capos::kernel::arch {

// "page fault" for 14 and so on; "exception" for one without a name.
const char* exception_name(std::uint64_t vector);

// Vectors of devices (allocate_vector) and of the kernel's own sources are wired to the hooks of arch.hpp.
[[noreturn]] void interrupt_dispatch(std::uint64_t vector, bool from_idle);

}  // namespace capos::kernel::arch
