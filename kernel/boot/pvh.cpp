// PVH direct boot: Xen's struct hvm_start_info (xen/include/public/arch-x86/hvm/start_info.h), version 1.
#include "kernel/boot/boot_source.hpp"

namespace capos::kernel::boot {

namespace {

constexpr std::uint32_t kMagic = 0x336ec578;
constexpr std::uint32_t kUsableMemory = 1;
constexpr std::uint32_t kMaxMemoryEntries = 1024;

struct StartInfo {
    std::uint32_t magic;
    std::uint32_t version;
    std::uint32_t flags;
    std::uint32_t module_count;
    std::uint64_t modules;
    std::uint64_t command_line;
    std::uint64_t rsdp;
    std::uint64_t memory_map;       // version 1 on
    std::uint32_t memory_entries;
    std::uint32_t reserved;
};
static_assert(sizeof(StartInfo) == 56);

struct Module {
    std::uint64_t base;
    std::uint64_t bytes;
    std::uint64_t command_line;
    std::uint64_t reserved;
};
static_assert(sizeof(Module) == 32);

struct MemoryEntry {
    std::uint64_t base;
    std::uint64_t bytes;
    std::uint32_t type;
    std::uint32_t reserved;
};
static_assert(sizeof(MemoryEntry) == 24);

// The zero-terminated text at `address`: as much of it as is readable and fits a command line.
void read_command_line(const PhysicalMemory& memory, std::uint64_t address, BootSource& source) {
    std::size_t bytes = sizeof source.command_line;
    Bytes text = memory.view(address, bytes);
    // Near the end of what is readable: take what is there.
    while (text.empty() && bytes > 1) text = memory.view(address, bytes /= 2);
    source.set_command_line(text);
}

}  // namespace

Result<void> read_pvh(const PhysicalMemory& memory, std::uint64_t address, BootSource& source) {
    const auto info = read_at<StartInfo>(memory.view(address, sizeof(StartInfo)), 0);
    if (!info || info->magic != kMagic) return Error::NotFound;
    if (info->version < 1 || info->memory_entries == 0) return Error::NotFound;
    if (info->memory_entries > kMaxMemoryEntries) return Error::Malformed;

    const Bytes map = memory.view(info->memory_map, info->memory_entries * sizeof(MemoryEntry));
    if (map.empty()) return Error::Malformed;
    for (std::size_t at = 0; const auto entry = read_at<MemoryEntry>(map, at); at += sizeof(MemoryEntry))
        if (entry->type == kUsableMemory) source.ram.add(entry->base, entry->bytes);
    for (std::size_t at = 0; const auto entry = read_at<MemoryEntry>(map, at); at += sizeof(MemoryEntry))
        if (entry->type != kUsableMemory) source.ram.cut(entry->base, entry->bytes);

    if (info->module_count != 0) {
        const auto module = read_at<Module>(memory.view(info->modules, sizeof(Module)), 0);
        if (!module) return Error::Malformed;
        source.bundle = {module->base, module->bytes};
    }
    if (info->command_line != 0) read_command_line(memory, info->command_line, source);
    source.protocol = BootProtocol::Pvh;
    source.rsdp = info->rsdp;
    return {};
}

}  // namespace capos::kernel::boot
