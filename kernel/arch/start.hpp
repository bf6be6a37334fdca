// The two steps in which kernel/boot brings the CPU up.
#pragma once

#include <span>

#include "kernel/arch/arch.hpp"
#include "kernel/boot/acpi.hpp"
#include "kernel/boot/boot_info.hpp"

namespace capos::kernel::arch {

// Runs global constructors; then exceptions are caught, features are known and panic() works.
void start_cpu();
// Kernel page tables over all of `ram`, interrupt controllers, serial interrupt, power button, clock, system calls.
// The frame allocator must have been started; panics when something indispensable is missing.
void start_machine(std::span<const MemoryRange> ram, const boot::AcpiFacts& acpi);

}  // namespace capos::kernel::arch
