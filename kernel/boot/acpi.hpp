// The few facts that capOS takes from ACPI: interrupt controllers, fixed power hardware, the timer, how to switch off.
// There is no AML interpreter.
#pragma once

#include <cstdint>
#include <span>

#include "kernel/boot/physical_memory.hpp"
#include "lib/base/result.hpp"

namespace capos::kernel::boot {

struct IoApicEntry {
    std::uint8_t id;
    std::uint32_t address;
    std::uint32_t first_interrupt;      // global system interrupt of its input 0
};

// An ISA interrupt that is wired differently (ACPI 6.5, 5.2.12.5).
struct InterruptOverride {
    std::uint8_t source;                // ISA interrupt
    std::uint32_t interrupt;            // global system interrupt
    bool level;
    bool active_low;
};

// A register that the firmware describes (ACPI 6.5, 5.2.3.2): only memory (0) and port (1) spaces are kept.
struct FirmwareRegister {
    enum class Space : std::uint8_t { None, Memory, Port } space = Space::None;
    std::uint64_t address = 0;
};

struct AcpiFacts {
    bool present = false;               // tables were found and their sums hold
    bool interrupt_table = false;       // there is a MADT
    std::uint64_t local_apic = 0xfee00000;
    std::uint32_t cpus = 1;             // enabled ones
    IoApicEntry io_apics[8] = {};
    std::uint32_t io_apic_count = 0;
    InterruptOverride overrides[24] = {};
    std::uint32_t override_count = 0;

    bool fixed_hardware = false;        // there is a FADT with fixed power registers, in port space
    std::uint16_t event_a = 0, event_b = 0;       // PM1 event blocks: status, then enable; 0 when absent
    std::uint8_t event_bytes = 0;                 // of a block
    std::uint16_t control_a = 0, control_b = 0;   // PM1 control blocks
    std::uint16_t timer_port = 0;                 // PM timer; 0 when absent
    bool timer_32_bit = false;
    std::uint16_t command_port = 0;               // SMI command port; 0: always in ACPI mode
    std::uint8_t enable_command = 0;              // written there to enter ACPI mode
    std::uint16_t interrupt = 9;                  // SCI, as an ISA interrupt
    bool power_button = false;                    // a fixed-hardware button
    FirmwareRegister reset;
    std::uint8_t reset_value = 0;

    bool sleep_off = false;             // \_S5 was found in the DSDT
    std::uint8_t sleep_type_a = 0, sleep_type_b = 0;

    std::span<const IoApicEntry> io_apic_entries() const { return {io_apics, io_apic_count}; }
    std::span<const InterruptOverride> interrupt_overrides() const { return {overrides, override_count}; }
};

// The root pointer in the BIOS areas (ACPI 6.5, 5.2.5.1): EBDA, then 0xe0000..0xfffff. 0 when there is none.
std::uint64_t find_root_pointer(const PhysicalMemory& memory);

// Follows the root pointer to MADT, FADT and DSDT. Tables whose checksum is wrong are passed over. Malformed when the
// root pointer or the root table itself does not hold; whatever was read before an error stays in `facts`.
Result<void> read_acpi(const PhysicalMemory& memory, std::uint64_t root_pointer, AcpiFacts& facts);

// Finds the package \_S5 among AML bytes and reads its first two numbers. False when it is not there as expected.
bool find_sleep_off(Bytes aml, std::uint8_t& type_a, std::uint8_t& type_b);

}  // namespace capos::kernel::boot
