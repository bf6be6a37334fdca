// Multiboot2 boot information (specification 2.0, section 3.6): a size, then tags of (type, size), 8-aligned.
#include "kernel/boot/boot_source.hpp"

namespace capos::kernel::boot {

namespace {

enum Tag : std::uint32_t {
    kEnd = 0,
    kCommandLine = 1,
    kModule = 3,
    kMemoryMap = 6,
    kEfi32Table = 11,
    kEfi64Table = 12,
    kOldRsdp = 14,
    kNewRsdp = 15,
    kEfiMemoryMap = 17,
    kEfi32Image = 19,
    kEfi64Image = 20,
};

constexpr std::size_t kMaxInformationBytes = 1 << 20;
constexpr std::uint32_t kUsableMemory = 1;

struct MemoryEntry {
    std::uint64_t base;
    std::uint64_t bytes;
    std::uint32_t type;
    std::uint32_t reserved;
};
static_assert(sizeof(MemoryEntry) == 24);

Result<void> read_memory_map(Bytes tag, RangeSet& ram) {
    const auto entry_size = read_at<std::uint32_t>(tag, 8);
    // Entries may grow; a step under their size or over a page is nonsense.
    if (!entry_size || *entry_size < sizeof(MemoryEntry) || *entry_size > kPageSize) return Error::Malformed;
    // What is usable first, then everything else is taken out of it: an overlap is never usable.
    for (std::size_t at = 16; const auto entry = read_at<MemoryEntry>(tag, at); at += *entry_size)
        if (entry->type == kUsableMemory) ram.add(entry->base, entry->bytes);
    for (std::size_t at = 16; const auto entry = read_at<MemoryEntry>(tag, at); at += *entry_size)
        if (entry->type != kUsableMemory) ram.cut(entry->base, entry->bytes);
    return {};
}

Result<void> read_module(Bytes tag, BootSource& source) {
    if (source.bundle.bytes != 0) return {};
    const auto start = read_at<std::uint32_t>(tag, 8);
    const auto end = read_at<std::uint32_t>(tag, 12);
    if (!start || !end || *end < *start) return Error::Malformed;
    source.bundle = {*start, *end - *start};
    return {};
}

}  // namespace

Result<void> read_multiboot2(const PhysicalMemory& memory, std::uint64_t address, BootSource& source) {
    const auto total = read_at<std::uint32_t>(memory.view(address, 8), 0);
    if (!total || *total < 16 || *total > kMaxInformationBytes || address % 8 != 0) return Error::Malformed;
    const Bytes information = memory.view(address, *total);
    if (information.empty()) return Error::Malformed;

    source.protocol = BootProtocol::Multiboot2Bios;
    bool have_memory_map = false;
    bool have_new_rsdp = false;
    for (std::size_t at = 8;;) {
        const auto type = read_at<std::uint32_t>(information, at);
        const auto size = read_at<std::uint32_t>(information, at + 4);
        if (!type || !size || *size < 8 || *size > information.size() - at) return Error::Malformed;
        const Bytes tag = information.subspan(at, *size);
        switch (*type) {
        case kEnd:
            if (!have_memory_map) return Error::NotFound;
            return {};
        case kCommandLine:
            source.set_command_line(part_of(tag, 8));
            break;
        case kModule:
            TRY(read_module(tag, source));
            break;
        case kMemoryMap:
            TRY(read_memory_map(tag, source.ram));
            have_memory_map = true;
            break;
        case kOldRsdp:
            if (!have_new_rsdp) source.rsdp = address + at + 8;
            break;
        case kNewRsdp:
            source.rsdp = address + at + 8;
            have_new_rsdp = true;
            break;
        case kEfi32Table: case kEfi64Table: case kEfiMemoryMap: case kEfi32Image: case kEfi64Image:
            source.protocol = BootProtocol::Multiboot2Uefi;
            break;
        default:
            break;
        }
        at += (std::size_t{*size} + 7) & ~std::size_t{7};
    }
}

}  // namespace capos::kernel::boot
