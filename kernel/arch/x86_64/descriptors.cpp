#include "kernel/arch/x86_64/descriptors.hpp"

#include <cstring>

#include "kernel/arch/x86_64/cpu.hpp"

namespace capos::kernel::arch {

extern "C" {
// This file's data is what a program's page tables show of the kernel's (paging.hpp).
[[gnu::section(".bss.entry_data")]] constinit Cpu boot_cpu = {};
}

namespace {

// Task-state segment (AMD64 APM 2, 12.2.5): only stacks matter in 64-bit mode.
struct [[gnu::packed]] TaskState {
    std::uint32_t reserved0;
    std::uint64_t stack[3];
    std::uint64_t reserved1;
    std::uint64_t interrupt_stack[7];
    std::uint64_t reserved2;
    std::uint16_t reserved3;
    std::uint16_t port_map_offset;      // past the limit: user mode has no ports
};
static_assert(sizeof(TaskState) == 104);

struct Gate {
    std::uint16_t offset_low;
    std::uint16_t selector;
    std::uint8_t stack_index;
    std::uint8_t type;
    std::uint16_t offset_middle;
    std::uint32_t offset_high;
    std::uint32_t reserved;
};
static_assert(sizeof(Gate) == 16);

struct [[gnu::packed]] TablePointer {
    std::uint16_t limit;
    std::uint64_t base;
};

constexpr std::uint8_t kInterruptGate = 0x8e;       // present, ring 0, interrupts off on entry
constexpr std::uint8_t kUserInterruptGate = 0xee;   // reachable by INT3

[[gnu::section(".bss.entry_data")]] TaskState task_state;
[[gnu::section(".bss.entry_data")]] Gate gates[256];
[[gnu::section(".bss.entry_data")]] std::uint64_t segments[8];
constexpr std::uint64_t kSegments[6] = {
    0,
    0x00af9b000000ffff,     // kernel code, 64-bit
    0x00cf93000000ffff,     // kernel data
    0,                      // where SYSRET would find 32-bit user code: there is none
    0x00cff3000000ffff,     // user data
    0x00affb000000ffff,     // user code, 64-bit
};                          // then two words of task state

std::uint64_t address_of(const void* object) { return reinterpret_cast<std::uint64_t>(object); }

void set_gate(unsigned vector, std::uint8_t type, std::uint8_t stack_index) {
    const std::uint64_t entry = interrupt_stubs[vector];
    gates[vector] = {static_cast<std::uint16_t>(entry), kKernelCode, stack_index, type,
                     static_cast<std::uint16_t>(entry >> 16), static_cast<std::uint32_t>(entry >> 32), 0};
}

}  // namespace

void load_descriptors() {
    boot_cpu.self = &boot_cpu;
    boot_cpu.kernel_stack = address_of(kernel_stack_top);
    boot_cpu.entry_stack = address_of(entry_stack_top);
    boot_cpu.armed_deadline = ~std::uint64_t{0};

    task_state.stack[0] = boot_cpu.entry_stack;
    task_state.interrupt_stack[0] = address_of(nmi_stack_top);
    task_state.interrupt_stack[1] = address_of(double_fault_stack_top);
    task_state.interrupt_stack[2] = address_of(machine_check_stack_top);
    task_state.port_map_offset = sizeof(TaskState);
    const std::uint64_t base = address_of(&task_state);
    std::memcpy(segments, kSegments, sizeof kSegments);
    segments[6] = (sizeof(TaskState) - 1) | ((base & 0xffffff) << 16) | (std::uint64_t{0x89} << 40) | ((base >> 24 & 0xff) << 56);
    segments[7] = base >> 32;

    for (unsigned vector = 0; vector < 256; ++vector) set_gate(vector, kInterruptGate, 0);
    set_gate(3, kUserInterruptGate, 0);
    set_gate(2, kInterruptGate, 1);
    set_gate(8, kInterruptGate, 2);
    set_gate(18, kInterruptGate, 3);

    const TablePointer segment_pointer = {sizeof segments - 1, address_of(segments)};
    const TablePointer gate_pointer = {sizeof gates - 1, address_of(gates)};
    asm volatile("lgdt %0" : : "m"(segment_pointer));
    asm volatile(
        "pushq %0\n leaq 1f(%%rip), %%rax\n pushq %%rax\n lretq\n 1:\n"
        "movl %1, %%ss\n movl %2, %%ds\n movl %2, %%es\n movl %2, %%fs\n movl %2, %%gs"
        : : "i"(kKernelCode), "r"(std::uint32_t{kKernelData}), "r"(0) : "rax", "memory");
    asm volatile("lidt %0" : : "m"(gate_pointer));
    asm volatile("lldt %w0" : : "r"(0));
    asm volatile("ltr %w0" : : "r"(std::uint32_t{kTaskState}));
    write_msr(kMsrGsBase, address_of(&boot_cpu));
    write_msr(kMsrKernelGsBase, 0);
    write_msr(kMsrFsBase, 0);
}

void enable_system_calls() {
    write_msr(kMsrEfer, read_msr(kMsrEfer) | 1);
    // SYSCALL: code kKernelCode, stack +8. SYSRET: stack kNullUser32 + 8, code + 16.
    write_msr(kMsrStar, (std::uint64_t{kNullUser32 | 3} << 48) | (std::uint64_t{kKernelCode} << 32));
    const auto entry = reinterpret_cast<std::uint64_t>(boot_cpu.kernel_root != 0 ? &syscall_entry_isolated : &syscall_entry);
    write_msr(kMsrLstar, entry);
    write_msr(kMsrCstar, entry);
    // Cleared on entry: TF, IF, DF, IOPL, NT, RF, VM, AC, ID.
    write_msr(kMsrSyscallMask, 0x277700);
    // SYSENTER stays off: CS 0 makes it a fault. AMD's 64-bit mode has none.
    write_msr(kMsrSysenterCs, 0);
}

}  // namespace capos::kernel::arch
