// I/O APICs (Intel 82093AA data sheet): a select and a window register, two 32-bit words per input.
#include <iterator>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/features.hpp"
#include "kernel/arch/x86_64/interrupts.hpp"

namespace capos::kernel::arch {

namespace {

constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kRedirection = 0x10;
constexpr std::uint32_t kActiveLow = 1 << 13;
constexpr std::uint32_t kLevel = 1 << 15;
constexpr std::uint32_t kMasked = 1 << 16;

struct IoApic {
    volatile std::byte* registers;
    std::uint32_t first;
    std::uint32_t inputs;
};

IoApic io_apics[8];
unsigned io_apic_count;
boot::InterruptOverride overrides[24];
unsigned override_count;

std::uint32_t read(const IoApic& apic, std::uint32_t index) {
    *reinterpret_cast<volatile std::uint32_t*>(apic.registers) = index;
    return *reinterpret_cast<volatile std::uint32_t*>(apic.registers + 0x10);
}

void write(const IoApic& apic, std::uint32_t index, std::uint32_t value) {
    *reinterpret_cast<volatile std::uint32_t*>(apic.registers) = index;
    *reinterpret_cast<volatile std::uint32_t*>(apic.registers + 0x10) = value;
}

const IoApic* apic_of(std::uint32_t interrupt) {
    for (unsigned i = 0; i < io_apic_count; ++i)
        if (interrupt >= io_apics[i].first && interrupt - io_apics[i].first < io_apics[i].inputs) return &io_apics[i];
    return nullptr;
}

}  // namespace

void start_io_apics(const boot::AcpiFacts& facts) {
    for (const boot::InterruptOverride& entry : facts.interrupt_overrides()) overrides[override_count++] = entry;
    for (const boot::IoApicEntry& entry : facts.io_apic_entries()) {
        auto registers = map_device(PhysAddr{entry.address}, 0x20);
        if (!registers) continue;
        IoApic& apic = io_apics[io_apic_count];
        apic = {*registers, entry.first_interrupt, 0};
        apic.inputs = (read(apic, kVersion) >> 16 & 0xff) + 1;
        if (apic.inputs > 240) continue;        // nothing answers there
        for (std::uint32_t input = 0; input < apic.inputs; ++input) write(apic, kRedirection + 2 * input, kMasked);
        ++io_apic_count;
    }
}

Wiring isa_wiring(std::uint8_t source) {
    for (unsigned i = 0; i < override_count; ++i)
        if (overrides[i].source == source) return {overrides[i].interrupt, overrides[i].level, overrides[i].active_low};
    return {source, false, false};
}

Result<void> route_interrupt(const Wiring& wiring, std::uint8_t vector) {
    const IoApic* apic = apic_of(wiring.interrupt);
    if (apic == nullptr) return Error::NotFound;
    const std::uint32_t entry = kRedirection + 2 * (wiring.interrupt - apic->first);
    write(*apic, entry, kMasked);
    write(*apic, entry + 1, cpu_features.apic_id << 24);
    write(*apic, entry, kMasked | (wiring.level ? kLevel : 0) | (wiring.active_low ? kActiveLow : 0) | vector);
    return {};
}

void mask_interrupt(std::uint32_t interrupt, bool masked) {
    const IoApic* apic = apic_of(interrupt);
    if (apic == nullptr) return;
    const std::uint32_t entry = kRedirection + 2 * (interrupt - apic->first);
    const std::uint32_t now = read(*apic, entry);
    const std::uint32_t wanted = masked ? now | kMasked : now & ~kMasked;
    if (wanted != now) write(*apic, entry, wanted);
}

namespace {

// Whether an input leads to a vector of the kernel's own (serial port, ACPI): a device that shares one does without.
bool is_kernels(std::uint32_t interrupt) {
    const IoApic* apic = apic_of(interrupt);
    if (apic == nullptr) return false;
    const std::uint32_t vector = read(*apic, kRedirection + 2 * (interrupt - apic->first)) & 0xff;
    return vector > kDeviceVectorLast && vector != kSpuriousVector;
}

// A PCI interrupt line: an ISA interrupt that the firmware's overrides describe (level, active high on many virtual
// machines), or else PCI's own wiring, level and active low (PCI Local Bus 3.0, 2.2.6).
Wiring line_wiring(std::uint8_t line) {
    for (unsigned i = 0; i < override_count; ++i)
        if (overrides[i].source == line)
            return {overrides[i].interrupt, true, overrides[i].active_low};
    return {line, true, true};
}

}  // namespace

Result<void> route_line(std::uint8_t line, std::uint8_t vector) {
    const Wiring wiring = line_wiring(line);
    if (is_kernels(wiring.interrupt)) return Error::Busy;
    return route_interrupt(wiring, vector);
}
void mask_line(std::uint8_t line) {
    const std::uint32_t interrupt = line_wiring(line).interrupt;
    if (!is_kernels(interrupt)) mask_interrupt(interrupt, true);
}
void unmask_line(std::uint8_t line) {
    const std::uint32_t interrupt = line_wiring(line).interrupt;
    if (!is_kernels(interrupt)) mask_interrupt(interrupt, false);
}

}  // namespace capos::kernel::arch
