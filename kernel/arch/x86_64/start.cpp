#include "kernel/arch/start.hpp"

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/descriptors.hpp"
#include "kernel/arch/x86_64/features.hpp"
#include "kernel/arch/x86_64/interrupts.hpp"
#include "kernel/arch/x86_64/paging.hpp"
#include "kernel/arch/x86_64/power.hpp"
#include "kernel/arch/x86_64/uart.hpp"
#include "kernel/boot/boot_steps.hpp"

// kernel.ld
extern "C" void (*const kernel_constructors_start[])();
extern "C" void (*const kernel_constructors_end[])();

namespace capos::kernel::arch {

namespace {

std::uint32_t cpu_count = 1;

}  // namespace

void start_cpu() {
    load_descriptors();
    detect_features();
    start_uart();
    for (auto constructor = kernel_constructors_start; constructor != kernel_constructors_end; ++constructor) (*constructor)();
}

void start_machine(std::span<const MemoryRange> ram, const boot::AcpiFacts& acpi) {
    build_kernel_tables(ram);
    boot_step("page tables built");
    start_interrupt_controllers(acpi);
    clock_begin(acpi);
    cpu_count = acpi.cpus;
    start_uart_interrupt();
    start_power(acpi);
    enable_system_calls();
    clock_finish();
    boot_step("clock calibrated");
}

std::uint32_t cpus_present() { return cpu_count; }

}  // namespace capos::kernel::arch
