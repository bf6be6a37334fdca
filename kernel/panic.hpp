// The end of the kernel. panic() itself is declared in kernel/arch/arch.hpp.
#pragma once

#include <cstdint>

namespace capos::kernel {

namespace arch { struct TrapFrame; }

// What `panic=exit` gives to arch::exit_vm; QEMU ends with status 2 * 42 + 1 = 85.
inline constexpr std::uint8_t kPanicExitStatus = 42;

// A panic in a trap: the registers printed are the trap's.
[[noreturn]] void panic_with_frame(const char* reason, const arch::TrapFrame* frame);

}  // namespace capos::kernel

// Prints the last ring operations, one line each. Defined by kernel/ring; without it the panic block leaves them out.
extern "C" [[gnu::weak]] void panic_print_ring_trace(void (*put)(const char*));
