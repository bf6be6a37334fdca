#include "kernel/arch/x86_64/traps.hpp"

#include <iterator>

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/power.hpp"
#include "kernel/arch/x86_64/uart.hpp"
#include "kernel/panic.hpp"

namespace capos::kernel::arch {

namespace {

constexpr std::uint64_t kFirstInterrupt = 32;
constexpr std::uint64_t kPageFault = 14;

bool device_vector_taken[256];

[[noreturn]] void go_on(bool from_idle) {
    if (from_idle) idle();
    resume(*this_cpu().context);
}

}  // namespace

const char* exception_name(std::uint64_t vector) {
    static constexpr const char* kNames[] = {
        "division error", "debug exception", "non-maskable interrupt", "breakpoint", "overflow", "bound exceeded",
        "invalid instruction", "no coprocessor", "double fault", "coprocessor overrun", "invalid task state",
        "segment not present", "stack fault", "general protection fault", "page fault", "exception 15", "x87 error",
        "misaligned access", "machine check", "SIMD error", "virtualisation exception", "control protection fault"};
    return vector < std::size(kNames) ? kNames[vector] : vector < kFirstInterrupt ? "exception" : "unexpected interrupt";
}

void interrupt_dispatch(std::uint64_t vector, bool from_idle) {
    if (vector == kTimerVector) {
        end_of_interrupt();
        if (timer_is_due()) on_timer();
        go_on(from_idle);
    }
    if (vector == kUartVector) {
        end_of_interrupt();         // first: an edge from here on brings it again
        on_uart();
    }
    if (vector == kAcpiVector) {
        const bool pressed = acknowledge_power_event();
        end_of_interrupt();
        if (pressed) on_power_button();
        go_on(from_idle);
    }
    if (vector < 256 && device_vector_taken[vector]) on_device_interrupt(static_cast<std::uint8_t>(vector));
    // Spurious: the APIC's own and the legacy controllers' get no end of interrupt; one for a device that has just
    // been torn down does.
    if (vector >= kDeviceVectorFirst && vector != kSpuriousVector) end_of_interrupt();
    go_on(from_idle);
}

Result<std::uint8_t> allocate_vector() {
    for (unsigned vector = kDeviceVectorFirst; vector <= kDeviceVectorLast; ++vector) {
        if (device_vector_taken[vector]) continue;
        device_vector_taken[vector] = true;
        return static_cast<std::uint8_t>(vector);
    }
    return Error::Exhausted;
}

void free_vector(std::uint8_t vector) { device_vector_taken[vector] = false; }

extern "C" [[noreturn]] void trap_from_user(ThreadContext* context, std::uint64_t vector, std::uint64_t error_code) {
    if (vector >= kFirstInterrupt) interrupt_dispatch(vector & 0xff, false);
    const FaultInfo fault = {static_cast<std::uint32_t>(vector), error_code, vector == kPageFault ? read_cr2() : 0};
    on_user_fault(*context, fault);
}

extern "C" [[noreturn]] void interrupt_from_idle(std::uint64_t vector) { interrupt_dispatch(vector & 0xff, true); }

extern "C" [[noreturn]] void kernel_exception(const TrapFrame* frame) { panic_with_frame(exception_name(frame->vector), frame); }

}  // namespace capos::kernel::arch
