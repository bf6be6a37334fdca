// The local APIC, through its page in xAPIC mode or through MSRs when the firmware has switched x2APIC on
// (Intel SDM 3A, chapter 11).
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/features.hpp"
#include "kernel/arch/x86_64/interrupts.hpp"

namespace capos::kernel::arch {

namespace {

constexpr std::uint32_t kTaskPriority = 0x80;
constexpr std::uint32_t kEndOfInterrupt = 0xb0;
constexpr std::uint32_t kSpurious = 0xf0;
constexpr std::uint32_t kTimerEntry = 0x320;
constexpr std::uint32_t kLint0Entry = 0x350;
constexpr std::uint32_t kLint1Entry = 0x360;
constexpr std::uint32_t kErrorEntry = 0x370;
constexpr std::uint32_t kInitialCount = 0x380;
constexpr std::uint32_t kCurrentCount = 0x390;
constexpr std::uint32_t kDivide = 0x3e0;

constexpr std::uint32_t kMasked = 1 << 16;
constexpr std::uint32_t kSoftwareEnable = 1 << 8;
constexpr std::uint32_t kDeliverNmi = 4 << 8;
constexpr std::uint32_t kDivideBy16 = 3;
constexpr std::uint32_t kX2ApicMsrBase = 0x800;
constexpr std::uint64_t kApicEnable = 1 << 11;

volatile std::byte* page;       // nullptr in x2APIC mode

std::uint32_t read(std::uint32_t offset) {
    if (page == nullptr) return static_cast<std::uint32_t>(read_msr(kX2ApicMsrBase + (offset >> 4)));
    return *reinterpret_cast<volatile std::uint32_t*>(page + offset);
}

void write(std::uint32_t offset, std::uint32_t value) {
    if (page == nullptr)
        write_msr(kX2ApicMsrBase + (offset >> 4), value);
    else
        *reinterpret_cast<volatile std::uint32_t*>(page + offset) = value;
}

// The legacy pair (8259): both re-based to kLegacyVectorBase, all inputs masked.
void silence_legacy_controllers() {
    constexpr std::uint16_t kFirst = 0x20, kSecond = 0xa0;
    for (const std::uint16_t controller : {kFirst, kSecond}) {
        const bool first = controller == kFirst;
        out8(controller, 0x11);
        out8(controller + 1, first ? kLegacyVectorBase : kLegacyVectorBase + 8);
        out8(controller + 1, first ? 4 : 2);
        out8(controller + 1, 1);
        out8(controller + 1, 0xff);
    }
}

}  // namespace

void start_io_apics(const boot::AcpiFacts& facts);

void start_interrupt_controllers(const boot::AcpiFacts& facts) {
    if ((cpuid(1).edx & (1 << 9)) == 0) panic("the CPU has no local APIC");
    silence_legacy_controllers();
    const std::uint64_t base = read_msr(kMsrApicBase);
    if (!cpu_features.x2apic_enabled) {
        write_msr(kMsrApicBase, base | kApicEnable);
        auto mapped = map_device(PhysAddr{base & 0x000f'ffff'ffff'f000}, kPageSize);
        if (!mapped) panic("the local APIC cannot be mapped");
        page = *mapped;
    }
    write(kTaskPriority, 0);
    write(kTimerEntry, kMasked | kTimerVector);
    write(kDivide, kDivideBy16);
    write(kLint0Entry, kMasked);
    write(kLint1Entry, kDeliverNmi);
    write(kErrorEntry, kMasked);
    write(kSpurious, kSoftwareEnable | kSpuriousVector);
    end_of_interrupt();
    start_io_apics(facts);
}

void end_of_interrupt() { write(kEndOfInterrupt, 0); }

void local_timer_start(std::uint32_t count) { write(kInitialCount, count); }
std::uint32_t local_timer_count() { return read(kCurrentCount); }
void local_timer_interrupts(bool on) { write(kTimerEntry, (on ? 0 : kMasked) | kTimerVector); }

MsiMessage msi_message(std::uint8_t vector) {
    // Fixed delivery, edge, to this CPU by physical id (Intel SDM 3A, 11.11).
    return {.address = 0xfee00000 | (cpu_features.apic_id << 12), .data = vector};
}

}  // namespace capos::kernel::arch
