#include "kernel/boot/acpi.hpp"

#include "kernel/boot/acpi_tables.hpp"

namespace capos::kernel::boot {

namespace {

constexpr std::size_t kHeaderBytes = 36;
constexpr std::size_t kMaxTableBytes = 4 << 20;

struct RootPointer {
    char signature[8];
    std::uint8_t checksum;
    char oem[6];
    std::uint8_t revision;
    std::uint32_t root_table;
};
static_assert(sizeof(RootPointer) == 20);
constexpr std::size_t kRootPointerBytes2 = 36;
constexpr std::size_t kExtendedRootOffset = 24;

// Tables run to tens of kilobytes and every start sums them all, so eight bytes at a time: even and odd bytes are
// gathered in four 16-bit lanes each, which hold 128 steps without carrying into each other.
bool sums_to_zero(Bytes bytes) {
    constexpr std::uint64_t kLanes = 0x00ff'00ff'00ff'00ff;
    std::uint64_t sum = 0;
    while (bytes.size() >= 8) {
        const std::size_t words = bytes.size() / 8 < 128 ? bytes.size() / 8 : 128;
        std::uint64_t lanes = 0;
        for (std::size_t i = 0; i < words; ++i) {
            std::uint64_t word;
            std::memcpy(&word, bytes.data() + 8 * i, sizeof word);
            lanes += (word & kLanes) + ((word >> 8) & kLanes);
        }
        sum += (lanes & 0xffff) + (lanes >> 16 & 0xffff) + (lanes >> 32 & 0xffff) + (lanes >> 48);
        bytes = bytes.subspan(8 * words);
    }
    for (std::byte byte : bytes) sum += static_cast<std::uint8_t>(byte);
    return (sum & 0xff) == 0;
}

bool has_signature(Bytes bytes, const char* signature, std::size_t length) {
    return bytes.size() >= length && std::memcmp(bytes.data(), signature, length) == 0;
}

bool valid_root_pointer(Bytes bytes) {
    return has_signature(bytes, "RSD PTR ", 8) && bytes.size() >= sizeof(RootPointer) &&
           sums_to_zero(bytes.first(sizeof(RootPointer)));
}

std::uint64_t search(const PhysicalMemory& memory, std::uint64_t base, std::size_t bytes) {
    const Bytes area = memory.view(base, bytes);
    for (std::size_t at = 0; at + sizeof(RootPointer) <= area.size(); at += 16)
        if (valid_root_pointer(area.subspan(at))) return base + at;
    return 0;
}

// A whole table with a good checksum, or nothing.
Bytes table_at(const PhysicalMemory& memory, std::uint64_t address) {
    const auto length = read_at<std::uint32_t>(memory.view(address, kHeaderBytes), 4);
    if (!length || *length < kHeaderBytes || *length > kMaxTableBytes) return {};
    const Bytes table = memory.view(address, *length);
    return sums_to_zero(table) ? table : Bytes{};
}

void read_table(const PhysicalMemory& memory, std::uint64_t address, AcpiFacts& facts) {
    const Bytes table = table_at(memory, address);
    if (has_signature(table, "APIC", 4) && !facts.interrupt_table) {
        read_interrupt_table(table, facts);
    } else if (has_signature(table, "FACP", 4) && !facts.fixed_hardware) {
        const std::uint64_t definition = read_fixed_table(table, facts);
        const Bytes definitions = table_at(memory, definition);
        if (definitions.size() > kHeaderBytes && has_signature(definitions, "DSDT", 4))
            facts.sleep_off = find_sleep_off(definitions.subspan(kHeaderBytes), facts.sleep_type_a, facts.sleep_type_b);
    }
}

}  // namespace

std::uint64_t find_root_pointer(const PhysicalMemory& memory) {
    // 0x40e holds the segment of the extended BIOS data area.
    if (const auto segment = read_at<std::uint16_t>(memory.view(0x40e, 2), 0); segment && *segment >= 0x400)
        if (const std::uint64_t found = search(memory, std::uint64_t{*segment} << 4, 1024)) return found;
    return search(memory, 0xe0000, 0x20000);
}

Result<void> read_acpi(const PhysicalMemory& memory, std::uint64_t root_pointer, AcpiFacts& facts) {
    const auto root = read_at<RootPointer>(memory.view(root_pointer, sizeof(RootPointer)), 0);
    if (!root || !valid_root_pointer(memory.view(root_pointer, sizeof(RootPointer)))) return Error::Malformed;
    std::uint64_t root_table = root->root_table;
    std::size_t pointer_bytes = 4;
    if (root->revision >= 2) {
        const Bytes extended = memory.view(root_pointer, kRootPointerBytes2);
        const auto address = read_at<std::uint64_t>(extended, kExtendedRootOffset);
        if (address && *address != 0 && sums_to_zero(extended)) {
            root_table = *address;
            pointer_bytes = 8;
        }
    }
    const Bytes table = table_at(memory, root_table);
    if (!has_signature(table, pointer_bytes == 8 ? "XSDT" : "RSDT", 4)) return Error::Malformed;
    facts.present = true;
    for (std::size_t at = kHeaderBytes; at + pointer_bytes <= table.size(); at += pointer_bytes) {
        const std::uint64_t address = pointer_bytes == 8 ? *read_at<std::uint64_t>(table, at) : *read_at<std::uint32_t>(table, at);
        read_table(memory, address, facts);
    }
    return {};
}

}  // namespace capos::kernel::boot
