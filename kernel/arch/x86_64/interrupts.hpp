// Interrupt controllers: the local APIC, the I/O APICs, and the legacy pair that is switched off.
#pragma once

#include <cstdint>

#include "kernel/boot/acpi.hpp"
#include "lib/base/result.hpp"

namespace capos::kernel::arch {

// Moves the legacy controllers out of the way and masks them, switches the local APIC on, masks every I/O APIC input.
// Panics when the machine has no local APIC.
void start_interrupt_controllers(const boot::AcpiFacts& facts);

// The local APIC's timer. Counts down from `count` at its own frequency, divided by kTimerDivisor; 0 stops it.
inline constexpr std::uint32_t kTimerDivisor = 16;
void local_timer_start(std::uint32_t count);
std::uint32_t local_timer_count();
// Interrupts from it, on kTimerVector, or none.
void local_timer_interrupts(bool on);

// How an interrupt input is wired.
struct Wiring { std::uint32_t interrupt; bool level; bool active_low; };
// An ISA interrupt: as the overrides say, else edge, active high.
Wiring isa_wiring(std::uint8_t source);
// Routes a global system interrupt to `vector` on this CPU, masked. NotFound when no I/O APIC has it.
Result<void> route_interrupt(const Wiring& wiring, std::uint8_t vector);
void mask_interrupt(std::uint32_t interrupt, bool masked);

}  // namespace capos::kernel::arch
