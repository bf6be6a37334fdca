#include "kernel/arch/x86_64/power.hpp"

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/interrupts.hpp"

namespace capos::kernel::arch {

namespace {

// PM1 registers (ACPI 6.5, 4.8.3.1 and 4.8.3.2).
constexpr std::uint16_t kPowerButton = 1 << 8;
constexpr std::uint16_t kAcpiMode = 1 << 0;
constexpr std::uint16_t kSleepTypeMask = 7 << 10;
constexpr unsigned kSleepTypeShift = 10;
constexpr std::uint16_t kSleepEnable = 1 << 13;
constexpr unsigned kEnableTries = 10'000;

// A hypervisor that is short of time takes as long to act on S5 as it likes.
constexpr std::uint64_t kLongestSwitchingOffNs = 5'000'000'000;

boot::AcpiFacts acpi;
volatile std::byte* reset_memory;

void clear_status(std::uint16_t block) {
    if (block != 0) out16(block, in16(block));
}

void enable_events(std::uint16_t block, std::uint16_t events) {
    if (block != 0) out16(static_cast<std::uint16_t>(block + acpi.event_bytes / 2), events);
}

// ACPI mode is on when bit 0 of PM1 control says so; firmware that starts in legacy mode is told by its command port.
bool enter_acpi_mode() {
    if ((in16(acpi.control_a) & kAcpiMode) != 0 || acpi.command_port == 0 || acpi.enable_command == 0) return true;
    out8(acpi.command_port, acpi.enable_command);
    for (unsigned i = 0; i < kEnableTries; ++i) {
        if ((in16(acpi.control_a) & kAcpiMode) != 0) return true;
        relax();
    }
    return false;
}

void sleep(std::uint16_t control, std::uint8_t type) {
    if (control == 0) return;
    const auto value = static_cast<std::uint16_t>((in16(control) & ~(kSleepTypeMask | kSleepEnable)) | (type << kSleepTypeShift));
    out16(control, value);
    out16(control, value | kSleepEnable);
}

void wait_a_little() {
    for (unsigned i = 0; i < 100'000; ++i) in8(0x80);
}

}  // namespace

void start_power(const boot::AcpiFacts& facts) {
    acpi = facts;
    if (acpi.reset.space == boot::FirmwareRegister::Space::Memory) {
        if (auto mapped = map_device(PhysAddr{acpi.reset.address}, 1)) reset_memory = *mapped;
    }
    if (!acpi.fixed_hardware || !enter_acpi_mode()) return;
    clear_status(acpi.event_a);
    clear_status(acpi.event_b);
    if (!acpi.power_button) return;
    Wiring wiring = {acpi.interrupt, true, true};       // the SCI's own wiring (ACPI 6.5, 5.2.9)
    for (const boot::InterruptOverride& entry : acpi.interrupt_overrides())
        if (entry.source == acpi.interrupt) wiring = {entry.interrupt, true, entry.active_low};
    if (!route_interrupt(wiring, kAcpiVector)) return;
    enable_events(acpi.event_a, kPowerButton);
    enable_events(acpi.event_b, kPowerButton);
    mask_interrupt(wiring.interrupt, false);
}

bool acknowledge_power_event() {
    std::uint16_t status = 0;
    for (const std::uint16_t block : {acpi.event_a, acpi.event_b}) {
        if (block == 0) continue;
        const std::uint16_t now = in16(block);
        out16(block, now);
        status |= now;
    }
    return (status & kPowerButton) != 0;
}

void power_off() {
    if (acpi.fixed_hardware && acpi.sleep_off) {
        enable_events(acpi.event_a, 0);
        enable_events(acpi.event_b, 0);
        sleep(acpi.control_b, acpi.sleep_type_b);
        sleep(acpi.control_a, acpi.sleep_type_a);
        for (const std::uint64_t until = now_ns() + kLongestSwitchingOffNs; now_ns() < until;) relax();
    }
    panic("this machine cannot be switched off by ACPI S5");
}

void reset() {
    // What the firmware says, then the chipset's reset register, the keyboard controller, and a triple fault.
    if (acpi.reset.space == boot::FirmwareRegister::Space::Port)
        out8(static_cast<std::uint16_t>(acpi.reset.address), acpi.reset_value);
    else if (reset_memory != nullptr)
        *reset_memory = std::byte{acpi.reset_value};
    wait_a_little();
    out8(0xcf9, 0x02);
    out8(0xcf9, 0x06);
    wait_a_little();
    out8(0x64, 0xfe);
    wait_a_little();
    const struct [[gnu::packed]] { std::uint16_t limit; std::uint64_t base; } nothing = {0, 0};
    asm volatile("lidt %0\n int3" : : "m"(nothing));
    for (;;) asm volatile("hlt");
}

void exit_vm(std::uint8_t status) {
    out8(0xf4, status);
    reset();
}

}  // namespace capos::kernel::arch
