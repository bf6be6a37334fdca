#include "kernel/boot/acpi_tables.hpp"

#include <iterator>

namespace capos::kernel::boot {

namespace {

// MADT entry types and flags (ACPI 6.5, tables 5.19 to 5.28).
constexpr std::uint8_t kLocalApic = 0;
constexpr std::uint8_t kIoApic = 1;
constexpr std::uint8_t kOverride = 2;
constexpr std::uint8_t kLocalApicAddress = 5;
constexpr std::uint8_t kLocalX2Apic = 9;
constexpr std::uint32_t kCpuEnabled = 1;
constexpr std::uint16_t kPolarityMask = 3, kActiveLow = 3;
constexpr std::uint16_t kTriggerMask = 3 << 2, kLevel = 3 << 2;

// FADT offsets (ACPI 6.5, table 5.9).
constexpr std::size_t kFadtDsdt = 40;
constexpr std::size_t kFadtInterrupt = 46;
constexpr std::size_t kFadtCommandPort = 48;
constexpr std::size_t kFadtEnableCommand = 52;
constexpr std::size_t kFadtEventA = 56, kFadtEventB = 60;
constexpr std::size_t kFadtControlA = 64, kFadtControlB = 68;
constexpr std::size_t kFadtTimer = 76;
constexpr std::size_t kFadtEventBytes = 88;
constexpr std::size_t kFadtTimerBytes = 91;
constexpr std::size_t kFadtFlags = 112;
constexpr std::size_t kFadtReset = 116;
constexpr std::size_t kFadtResetValue = 128;
constexpr std::size_t kFadtWideDsdt = 140;
constexpr std::size_t kFadtWideEventA = 148, kFadtWideEventB = 160;
constexpr std::size_t kFadtWideControlA = 172, kFadtWideControlB = 184;
constexpr std::size_t kFadtWideTimer = 208;
constexpr std::uint32_t kSleepOffName = 0x5f35535f;     // "_S5_"
constexpr std::uint32_t kFlagButtonIsDevice = 1 << 4;
constexpr std::uint32_t kFlagTimer32Bit = 1 << 8;
constexpr std::uint32_t kFlagReset = 1 << 10;
constexpr std::uint32_t kFlagReducedHardware = 1 << 20;

FirmwareRegister read_register(Bytes table, std::size_t offset) {
    const auto space = read_at<std::uint8_t>(table, offset);
    const auto address = read_at<std::uint64_t>(table, offset + 4);
    if (!space || !address || *address == 0) return {};
    if (*space == 0) return {FirmwareRegister::Space::Memory, *address};
    if (*space == 1 && *address <= 0xffff) return {FirmwareRegister::Space::Port, *address};
    return {};
}

// A port from the 32-bit field, or else from the wide one.
std::uint16_t read_port(Bytes table, std::size_t narrow, std::size_t wide) {
    const auto port = read_at<std::uint32_t>(table, narrow);
    if (port && *port != 0 && *port <= 0xffff) return static_cast<std::uint16_t>(*port);
    const FirmwareRegister described = read_register(table, wide);
    return described.space == FirmwareRegister::Space::Port ? static_cast<std::uint16_t>(described.address) : std::uint16_t{0};
}

void read_interrupt_entry(std::uint8_t type, Bytes entry, AcpiFacts& facts) {
    if (type == kLocalApic) {
        const auto flags = read_at<std::uint32_t>(entry, 4);
        if (flags && (*flags & kCpuEnabled) != 0) ++facts.cpus;
    } else if (type == kLocalX2Apic) {
        const auto flags = read_at<std::uint32_t>(entry, 8);
        if (flags && (*flags & kCpuEnabled) != 0) ++facts.cpus;
    } else if (type == kIoApic) {
        const auto id = read_at<std::uint8_t>(entry, 2);
        const auto address = read_at<std::uint32_t>(entry, 4);
        const auto first = read_at<std::uint32_t>(entry, 8);
        if (id && address && first && facts.io_apic_count < std::size(facts.io_apics))
            facts.io_apics[facts.io_apic_count++] = {*id, *address, *first};
    } else if (type == kOverride) {
        const auto source = read_at<std::uint8_t>(entry, 3);
        const auto interrupt = read_at<std::uint32_t>(entry, 4);
        const auto flags = read_at<std::uint16_t>(entry, 8);
        if (source && interrupt && flags && facts.override_count < std::size(facts.overrides))
            facts.overrides[facts.override_count++] = {*source, *interrupt, (*flags & kTriggerMask) == kLevel,
                                                       (*flags & kPolarityMask) == kActiveLow};
    } else if (type == kLocalApicAddress) {
        if (const auto address = read_at<std::uint64_t>(entry, 4)) facts.local_apic = *address;
    }
}

// One number of an AML package: ZeroOp, OneOp or a byte, word or dword constant.
bool read_aml_number(Bytes aml, std::size_t& at, std::uint8_t& value) {
    const auto prefix = read_at<std::uint8_t>(aml, at++);
    if (!prefix) return false;
    std::size_t bytes;
    switch (*prefix) {
    case 0x00: value = 0; return true;
    case 0x01: value = 1; return true;
    case 0x0a: bytes = 1; break;
    case 0x0b: bytes = 2; break;
    case 0x0c: bytes = 4; break;
    default: return false;
    }
    const auto number = read_at<std::uint8_t>(aml, at);
    if (!number || part_of(aml, at).size() < bytes) return false;
    value = *number;
    at += bytes;
    return value <= 7;
}

}  // namespace

void read_interrupt_table(Bytes table, AcpiFacts& facts) {
    const auto address = read_at<std::uint32_t>(table, 36);
    if (!address) return;
    facts.interrupt_table = true;
    facts.local_apic = *address;
    facts.cpus = 0;
    for (std::size_t at = 44;;) {
        const auto type = read_at<std::uint8_t>(table, at);
        const auto length = read_at<std::uint8_t>(table, at + 1);
        if (!type || !length || *length < 2 || *length > table.size() - at) break;
        read_interrupt_entry(*type, table.subspan(at, *length), facts);
        at += *length;
    }
    if (facts.cpus == 0) facts.cpus = 1;
}

std::uint64_t read_fixed_table(Bytes table, AcpiFacts& facts) {
    const std::uint32_t flags = read_at<std::uint32_t>(table, kFadtFlags).value_or(0);
    if ((flags & kFlagReset) != 0) {
        facts.reset = read_register(table, kFadtReset);
        facts.reset_value = read_at<std::uint8_t>(table, kFadtResetValue).value_or(0);
    }
    if ((flags & kFlagReducedHardware) == 0) {
        facts.event_a = read_port(table, kFadtEventA, kFadtWideEventA);
        facts.event_b = read_port(table, kFadtEventB, kFadtWideEventB);
        facts.control_a = read_port(table, kFadtControlA, kFadtWideControlA);
        facts.control_b = read_port(table, kFadtControlB, kFadtWideControlB);
        facts.event_bytes = read_at<std::uint8_t>(table, kFadtEventBytes).value_or(0);
        facts.fixed_hardware = facts.event_a != 0 && facts.control_a != 0 && facts.event_bytes >= 4;
        if (read_at<std::uint8_t>(table, kFadtTimerBytes).value_or(0) == 4)
            facts.timer_port = read_port(table, kFadtTimer, kFadtWideTimer);
        facts.timer_32_bit = (flags & kFlagTimer32Bit) != 0;
        facts.command_port = static_cast<std::uint16_t>(read_at<std::uint32_t>(table, kFadtCommandPort).value_or(0));
        facts.enable_command = read_at<std::uint8_t>(table, kFadtEnableCommand).value_or(0);
        facts.interrupt = read_at<std::uint16_t>(table, kFadtInterrupt).value_or(9);
        facts.power_button = facts.fixed_hardware && (flags & kFlagButtonIsDevice) == 0;
    }
    const std::uint64_t wide = read_at<std::uint64_t>(table, kFadtWideDsdt).value_or(0);
    return wide != 0 ? wide : read_at<std::uint32_t>(table, kFadtDsdt).value_or(0);
}

namespace {

// The next '_' at or after `at`, or the end. AML runs to tens of kilobytes and every start looks through it: eight bytes
// at a time.
std::size_t next_underscore(Bytes aml, std::size_t at) {
    constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101, kHighs = 0x8080'8080'8080'8080;
    for (; aml.size() - at >= 8; at += 8) {
        std::uint64_t word;
        std::memcpy(&word, aml.data() + at, sizeof word);
        word ^= kOnes * '_';
        if (const std::uint64_t hit = (word - kOnes) & ~word & kHighs; hit != 0)
            return at + static_cast<std::size_t>(__builtin_ctzll(hit)) / 8;
    }
    while (at < aml.size() && aml[at] != std::byte{'_'}) ++at;
    return at;
}

}  // namespace

bool find_sleep_off(Bytes aml, std::uint8_t& type_a, std::uint8_t& type_b) {
    // NameOp "_S5_" PackageOp PkgLength count number number ... (ACPI 6.5, 20.2.5.1, 20.2.5.4, 20.2.4).
    for (std::size_t at = next_underscore(aml, 0); at + 8 <= aml.size(); at = next_underscore(aml, at + 1)) {
        std::uint32_t name;
        std::memcpy(&name, aml.data() + at, sizeof name);
        if (name != kSleepOffName || aml[at + 4] != std::byte{0x12}) continue;
        const bool named = (at >= 1 && aml[at - 1] == std::byte{0x08}) ||
                           (at >= 2 && aml[at - 1] == std::byte{'\\'} && aml[at - 2] == std::byte{0x08});
        if (!named) continue;
        const unsigned more_length_bytes = static_cast<unsigned>(aml[at + 5]) >> 6;
        std::size_t next = at + 6 + more_length_bytes;
        const auto count = read_at<std::uint8_t>(aml, next++);
        std::uint8_t a, b;
        if (!count || *count == 0 || !read_aml_number(aml, next, a)) continue;
        b = a;
        if (*count >= 2 && !read_aml_number(aml, next, b)) continue;
        type_a = a;
        type_b = b;
        return true;
    }
    return false;
}

}  // namespace capos::kernel::boot
