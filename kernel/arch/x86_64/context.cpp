// Threads' registers: making them, saving and restoring the extended state, and leaving the kernel.
#include <cstring>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/features.hpp"

namespace capos::kernel::arch {

namespace {

constexpr std::uint64_t kInitialFlags = 0x202;      // interrupts on
constexpr std::uint64_t kGeneralProtection = 13;

// FXSAVE layout (Intel SDM 1, 10.5.1): x87 control word at 0, MXCSR at 24. A zero XSAVE header makes XRSTOR load
// the initial state for everything but MXCSR.
constexpr std::uint16_t kInitialX87Control = 0x37f;
constexpr std::uint32_t kInitialMxcsr = 0x1f80;

void restore_extended(std::uint64_t area) {
    if (cpu_features.xsave)
        asm volatile("xrstor64 (%0)" : : "r"(area), "a"(~0u), "d"(~0u) : "memory");
    else
        asm volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}

void save_extended(std::uint64_t area) {
    if (cpu_features.xsaveopt)
        asm volatile("xsaveopt64 (%0)" : : "r"(area), "a"(~0u), "d"(~0u) : "memory");
    else if (cpu_features.xsave)
        asm volatile("xsave64 (%0)" : : "r"(area), "a"(~0u), "d"(~0u) : "memory");
    else
        asm volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

// What else changes with the thread: segment registers, whose selectors are the user's to load. The bases of FS and GS are
// 0 for every program, so there is nothing to load: they are from the start, every descriptor that a program can name has
// base 0, and WRFSBASE and WRGSBASE are off (CR4.FSGSBASE). A thread pointer would be a field of StartThreadParams, and
// written here.
void load_thread_registers() {
    asm volatile("movl %0, %%ds\n movl %0, %%es\n movl %0, %%fs\n swapgs\n movl %0, %%gs\n swapgs" : : "r"(0) : "memory");
}

[[noreturn]] void leave_carefully(Cpu& cpu, ThreadContext& context) {
    // VERW with any valid selector overwrites the buffers that sampling attacks read (Intel, MDS, "buffer overwriting").
    if (cpu.clear_buffers) {
        const std::uint16_t selector = kKernelData;
        asm volatile("verw %0" : : "m"(selector) : "cc");
    }
    if (cpu.kernel_root == 0) {
        if (context.by_syscall != 0) leave_by_sysret(&context);
        leave_by_iret(&context);
    }
    if (context.by_syscall != 0) leave_by_sysret_isolated(&context);
    leave_by_iret_isolated(&context);
}

}  // namespace

std::size_t extended_state_bytes() { return cpu_features.extended_state_bytes; }

void context_start(ThreadContext& context, UserAddr entry, UserAddr stack, std::uint64_t rdi, std::uint64_t rsi,
                   void* extended_state) {
    Cpu& cpu = this_cpu();
    // The memory may have been another thread's.
    if (cpu.extended_owner == &context) cpu.extended_owner = nullptr;
    context = {};
    context.rip = entry;
    context.rsp = stack;
    context.rdi = rdi;
    context.rsi = rsi;
    context.rflags = kInitialFlags;
    context.extended_state = reinterpret_cast<std::uint64_t>(extended_state);
    std::memset(extended_state, 0, cpu_features.extended_state_bytes);
    std::memcpy(extended_state, &kInitialX87Control, sizeof kInitialX87Control);
    std::memcpy(static_cast<std::byte*>(extended_state) + 24, &kInitialMxcsr, sizeof kInitialMxcsr);
}

void save_extended_state(ThreadContext& context) {
    if (this_cpu().extended_owner == &context) save_extended(context.extended_state);
}

void resume(ThreadContext& context) {
    Cpu& cpu = this_cpu();
    if (cpu.extended_owner != &context) {
        restore_extended(context.extended_state);
        load_thread_registers();
        cpu.extended_owner = &context;
    }
    cpu.context = &context;
    if (cpu.careful_exit) [[unlikely]] leave_carefully(cpu, context);
    if (context.by_syscall != 0) leave_by_sysret(&context);
    leave_by_iret(&context);
}

void idle() {
    wait_for_interrupt(this_cpu().kernel_stack);
}

extern "C" [[noreturn]] void system_call_entered(ThreadContext* context, std::uint64_t number, std::uint64_t a, std::uint64_t b) {
    // SYSRET to a non-canonical address would fault in the kernel. No thread starts at one, and interrupts save none, but
    // the return address of a SYSCALL at the very end of user space could be: it is refused before anything else is done.
    if (context->rip >= kUserLimit) [[unlikely]]
        on_user_fault(*context, {.vector = kGeneralProtection, .error_code = 0, .address = context->rip});
    on_syscall(*context, number, a, b);
}

}  // namespace capos::kernel::arch
