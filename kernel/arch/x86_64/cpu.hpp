// This CPU's state, and the instructions that C++ has no words for. Only kernel/arch/x86_64 includes this.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/arch/arch.hpp"

namespace capos::kernel::arch {

// Selectors. The order from kNullUser32 on is what SYSRET computes with: +8 stack, +16 code (AMD64 APM 2, 6.1.1).
inline constexpr std::uint16_t kKernelCode = 0x08;
inline constexpr std::uint16_t kKernelData = 0x10;
inline constexpr std::uint16_t kNullUser32 = 0x18;
inline constexpr std::uint16_t kUserData = 0x20 | 3;
inline constexpr std::uint16_t kUserCode = 0x28 | 3;
inline constexpr std::uint16_t kTaskState = 0x30;

// Interrupt vectors. 0x20..0x2f belong to the masked legacy controllers, which can still raise spurious ones.
inline constexpr std::uint8_t kLegacyVectorBase = 0x20;
inline constexpr std::uint8_t kDeviceVectorFirst = 0x40;
inline constexpr std::uint8_t kDeviceVectorLast = 0xdf;
inline constexpr std::uint8_t kTimerVector = 0xe0;
inline constexpr std::uint8_t kUartVector = 0xe1;
inline constexpr std::uint8_t kAcpiVector = 0xe2;
inline constexpr std::uint8_t kSpuriousVector = 0xff;

// Per-CPU state, found through GS. entry.S knows the first fields by offset.
struct Cpu {
    Cpu* self;
    ThreadContext* context;            // where entry saves the user registers
    std::uint64_t kernel_stack;        // top
    std::uint64_t user_stack;          // RSP while SYSCALL changes stacks
    std::uint64_t idling;              // 1 inside idle(): a maskable interrupt from kernel mode is expected
    std::uint64_t entry_stack;         // top; registers pass over it between user mode and the kernel
    std::uint64_t kernel_root;         // what CR3 becomes on entry, 0: it stays (no separate page tables)
    std::uint64_t user_root;           // what CR3 becomes on leaving, when kernel_root is not 0
    bool careful_exit;                 // leaving takes more than registers: other page tables, buffers to clear
    bool clear_buffers;                // VERW before user mode
    ThreadContext* extended_owner;     // whose extended state the registers hold, or nullptr
    std::uint64_t loaded_root;         // the address space that user mode runs or would run in
    std::uint64_t armed_deadline;      // what the timer is set for, ~0 when disarmed
};
static_assert(offsetof(Cpu, context) == 8 && offsetof(Cpu, kernel_stack) == 16 && offsetof(Cpu, user_stack) == 24 &&
              offsetof(Cpu, idling) == 32 && offsetof(Cpu, entry_stack) == 40 && offsetof(Cpu, kernel_root) == 48 &&
              offsetof(Cpu, user_root) == 56);
static_assert(offsetof(ThreadContext, rbx) == 8 && offsetof(ThreadContext, rbp) == 48 &&
              offsetof(ThreadContext, r8) == 56 && offsetof(ThreadContext, r15) == 112 &&
              offsetof(ThreadContext, rip) == 120 && offsetof(ThreadContext, rsp) == 128 &&
              offsetof(ThreadContext, rflags) == 136 && offsetof(ThreadContext, by_syscall) == 144);

inline Cpu& this_cpu() {
    Cpu* self;
    asm("movq %%gs:0, %0" : "=r"(self));
    return *self;
}
extern "C" Cpu boot_cpu;

// What entry.S leaves on the stack when the kernel itself was interrupted.
struct TrapFrame {
    std::uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    std::uint64_t vector, error_code, rip, cs, rflags, rsp, ss;
};
static_assert(sizeof(TrapFrame) == 22 * 8);

// Model-specific registers.
inline constexpr std::uint32_t kMsrApicBase = 0x1b;
inline constexpr std::uint32_t kMsrSpeculationControl = 0x48;
inline constexpr std::uint32_t kMsrPredictionCommand = 0x49;
inline constexpr std::uint32_t kMsrArchCapabilities = 0x10a;
inline constexpr std::uint32_t kMsrSysenterCs = 0x174;
inline constexpr std::uint32_t kMsrEfer = 0xc0000080;
inline constexpr std::uint32_t kMsrStar = 0xc0000081;
inline constexpr std::uint32_t kMsrLstar = 0xc0000082;
inline constexpr std::uint32_t kMsrCstar = 0xc0000083;
inline constexpr std::uint32_t kMsrSyscallMask = 0xc0000084;
inline constexpr std::uint32_t kMsrFsBase = 0xc0000100;
inline constexpr std::uint32_t kMsrGsBase = 0xc0000101;
inline constexpr std::uint32_t kMsrKernelGsBase = 0xc0000102;

inline std::uint64_t read_msr(std::uint32_t msr) {
    std::uint32_t low, high;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (std::uint64_t{high} << 32) | low;
}
inline void write_msr(std::uint32_t msr, std::uint64_t value) {
    asm volatile("wrmsr" : : "c"(msr), "a"(static_cast<std::uint32_t>(value)), "d"(static_cast<std::uint32_t>(value >> 32)) : "memory");
}

struct CpuidResult { std::uint32_t eax, ebx, ecx, edx; };
inline CpuidResult cpuid(std::uint32_t leaf, std::uint32_t subleaf = 0) {
    CpuidResult result;
    asm volatile("cpuid" : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx) : "a"(leaf), "c"(subleaf));
    return result;
}

inline std::uint64_t read_cr0() { std::uint64_t value; asm volatile("movq %%cr0, %0" : "=r"(value)); return value; }
inline std::uint64_t read_cr2() { std::uint64_t value; asm volatile("movq %%cr2, %0" : "=r"(value)); return value; }
inline std::uint64_t read_cr3() { std::uint64_t value; asm volatile("movq %%cr3, %0" : "=r"(value)); return value; }
inline std::uint64_t read_cr4() { std::uint64_t value; asm volatile("movq %%cr4, %0" : "=r"(value)); return value; }
inline void write_cr0(std::uint64_t value) { asm volatile("movq %0, %%cr0" : : "r"(value) : "memory"); }
inline void write_cr3(std::uint64_t value) { asm volatile("movq %0, %%cr3" : : "r"(value) : "memory"); }
inline void write_cr4(std::uint64_t value) { asm volatile("movq %0, %%cr4" : : "r"(value) : "memory"); }
inline void flush_page(std::uint64_t address) { asm volatile("invlpg (%0)" : : "r"(address) : "memory"); }
inline std::uint64_t read_tsc() {
    std::uint32_t low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return (std::uint64_t{high} << 32) | low;
}
inline void relax() { asm volatile("pause"); }

// entry.S
extern "C" [[noreturn]] void leave_by_sysret(ThreadContext* context);
extern "C" [[noreturn]] void leave_by_iret(ThreadContext* context);
extern "C" [[noreturn]] void leave_by_sysret_isolated(ThreadContext* context);
extern "C" [[noreturn]] void leave_by_iret_isolated(ThreadContext* context);
extern "C" [[noreturn]] void wait_for_interrupt(std::uint64_t stack);
// zero_pages.S
extern "C" void zero_pages_avx(void* pages, std::size_t bytes);
extern "C" void zero_pages_sse(void* pages, std::size_t bytes);
extern "C" void syscall_entry();
extern "C" void syscall_entry_isolated();
extern "C" const std::uint64_t interrupt_stubs[256];

// stacks.S: an unmapped page, then the stack.
extern "C" std::byte kernel_stack_guard[], kernel_stack_top[];
extern "C" std::byte entry_stack_guard[], entry_stack_top[];
extern "C" std::byte nmi_stack_guard[], nmi_stack_top[];
extern "C" std::byte double_fault_stack_guard[], double_fault_stack_top[];
extern "C" std::byte machine_check_stack_guard[], machine_check_stack_top[];

}  // namespace capos::kernel::arch
