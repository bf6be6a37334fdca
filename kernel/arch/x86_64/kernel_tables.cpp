// The kernel's half: image, direct map, device windows. Everything in it is global and never changes after boot, but
// for device windows, whose tables hang under one root entry that is there from the start.
#include <algorithm>
#include <cstring>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/device_range.hpp"
#include "kernel/arch/x86_64/features.hpp"
#include "kernel/arch/x86_64/page_walk.hpp"
#include "kernel/arch/x86_64/paging.hpp"
#include "kernel/mem/frames.hpp"

// kernel.ld
extern "C" std::byte kernel_image_start[], kernel_text_end[], kernel_rodata_end[], kernel_image_end[];
extern "C" std::byte entry_text_start[], entry_text_end[], entry_data_start[], entry_data_end[];

namespace capos::kernel::arch {

namespace {

constexpr std::uint64_t kLargePage = std::uint64_t{1} << 21;

constexpr std::uint64_t kConstants = kEntryPresent | kEntryGlobal | kEntryNoExecute;
constexpr std::uint64_t kData = kConstants | kEntryWritable;
constexpr std::uint64_t kText = kEntryPresent | kEntryGlobal;

std::uint64_t root_table;
std::uint64_t entry_tables;          // a root of which the last entry goes into programs' roots; 0 when not isolated
std::uint16_t used_entries[64];      // indices of root entries in use
unsigned used_entry_count;
std::uint64_t window_used;           // bytes of the device window handed out
std::span<const MemoryRange> memory; // all RAM; the boot code's, for ever

struct Window { std::uint64_t physical; std::uint64_t bytes; std::uint64_t address; };
Window windows[64];
unsigned window_count;

std::uint64_t address_of(const std::byte* symbol) { return reinterpret_cast<std::uint64_t>(symbol); }

std::uint64_t new_table() {
    Result<PhysAddr> frame = frames_take(0);
    if (!frame) panic("no memory for the kernel's page tables");
    zero_frames(*frame, 1);
    return static_cast<std::uint64_t>(*frame);
}

// The entry for `address` at `level` under `table`, making the tables between.
std::uint64_t& entry_under(std::uint64_t table, std::uint64_t address, unsigned level) {
    for (unsigned at = 3; at > level; --at) {
        std::uint64_t& entry = table_at(table)[table_index(address, at)];
        if ((entry & kEntryPresent) == 0) entry = new_table() | kEntryPresent | kEntryWritable;
        if ((entry & kEntryLarge) != 0) panic("kernel page tables overlap");
        table = entry;
    }
    return table_at(table)[table_index(address, level)];
}

std::uint64_t& entry_for(std::uint64_t address, unsigned level) { return entry_under(root_table, address, level); }

void map_pages(std::uint64_t address, std::uint64_t physical, std::uint64_t end, std::uint64_t flags) {
    std::uint64_t* entry = nullptr;
    for (; address < end; address += kPageSize, physical += kPageSize) {
        entry = entry == nullptr || table_index(address, 0) == 0 ? &entry_for(address, 0) : entry + 1;
        *entry = physical | flags;
    }
}

// The tables for [address, end), so that map_pages() needs no memory there. OutOfMemory; what was made stays.
Result<void> make_tables(std::uint64_t address, std::uint64_t end) {
    for (address &= ~(kLargePage - 1); address < end; address += kLargePage) {
        std::uint64_t table = root_table;
        for (unsigned at = 3; at > 0; --at) {
            std::uint64_t& entry = table_at(table)[table_index(address, at)];
            if ((entry & kEntryPresent) == 0) {
                const PhysAddr frame = TRY(frames_take(0));
                zero_frames(frame, 1);
                entry = static_cast<std::uint64_t>(frame) | kEntryPresent | kEntryWritable;
            }
            table = entry;
        }
    }
    return {};
}

void map_image() {
    const std::uint64_t start = address_of(kernel_image_start);
    const std::uint64_t text_end = address_of(kernel_text_end);
    const std::uint64_t rodata_end = address_of(kernel_rodata_end);
    map_pages(start, start - kKernelBase, text_end, kText);
    map_pages(text_end, text_end - kKernelBase, rodata_end, kConstants);
    map_pages(rodata_end, rodata_end - kKernelBase, address_of(kernel_image_end), kData);
    for (std::byte* guard : {kernel_stack_guard, entry_stack_guard, nmi_stack_guard, double_fault_stack_guard, machine_check_stack_guard})
        entry_for(address_of(guard), 0) = 0;
}

// One aligned large page of the direct map; in small ones where it shows the image's text and constants.
void map_direct_large(std::uint64_t physical) {
    const std::uint64_t image_start = address_of(kernel_image_start) - kKernelBase;
    const std::uint64_t constants_end = address_of(kernel_rodata_end) - kKernelBase;
    const std::uint64_t address = kDirectMapBase + physical;
    if (physical + kLargePage <= image_start || physical >= constants_end) {
        entry_for(address, 1) = physical | kData | kEntryLarge;
        return;
    }
    std::uint64_t* entry = &entry_for(address, 0);
    for (std::uint64_t page = physical; page < physical + kLargePage; page += kPageSize, ++entry) {
        const bool fixed = page >= image_start && page < constants_end;
        *entry = page | (fixed ? kConstants : kData);
    }
}

void map_direct(const MemoryRange& range) {
    std::uint64_t at = range.base & ~(kLargePage - 1);
    const std::uint64_t end = (range.base + range.bytes + kLargePage - 1) & ~(kLargePage - 1);
    while (at < end) {
        if (cpu_features.large_pages_1g && at >= kHugePage && huge_page_fits(range, at)) {
            entry_for(kDirectMapBase + at, 2) = at | kData | kEntryLarge;
            at += kHugePage;
        } else {
            // Neighbouring ranges may share a large page.
            if (entry_for(kDirectMapBase + at, 1) == 0) map_direct_large(at);
            at += kLargePage;
        }
    }
}

// Whether programs' page tables leave the kernel out: on CPUs not known to be immune to Meltdown, or as the command line
// says (kpti=on, kpti=off).
bool isolation_wanted() {
    const std::string_view asked = command_line_value("kpti");
    if (asked == "on" || asked == "off") return asked == "on";
    return !cpu_features.meltdown_immune;
}

void build_entry_tables() {
    entry_tables = new_table();
    const auto show = [](const std::byte* from, const std::byte* to, std::uint64_t flags) {
        for (std::uint64_t at = address_of(from); at < address_of(to); at += kPageSize)
            entry_under(entry_tables, at, 0) = (at - kKernelBase) | flags;
    };
    show(entry_text_start, entry_text_end, kText);
    show(entry_data_start, entry_data_end, kData);
    // Each stack follows its guard page.
    show(entry_stack_guard + kPageSize, entry_stack_top, kData);
    show(nmi_stack_guard + kPageSize, nmi_stack_top, kData);
    show(double_fault_stack_guard + kPageSize, double_fault_stack_top, kData);
    show(machine_check_stack_guard + kPageSize, machine_check_stack_top, kData);
}

}  // namespace

void zero_frames(PhysAddr first, std::size_t count) {
    if (count == 0) return;
    if (cpu_features.avx) zero_pages_avx(direct(first), count * kPageSize);
    else zero_pages_sse(direct(first), count * kPageSize);
}

void build_kernel_tables(std::span<const MemoryRange> ram) {
    memory = ram;
    root_table = new_table();
    map_image();
    for (const MemoryRange& range : ram) map_direct(range);
    entry_for(kDeviceWindowBase, 1);
    for (unsigned index = kEntries / 2; index < kEntries; ++index) {
        if (table_at(root_table)[index] == 0) continue;
        if (used_entry_count == std::size(used_entries)) panic("too much memory for the kernel's page tables");
        used_entries[used_entry_count++] = static_cast<std::uint16_t>(index);
    }
    write_cr3(root_table);
    boot_cpu.loaded_root = root_table;
    // Global pages stay in the TLB when CR3 is loaded: what the boot tables left must go, and with isolation there are none.
    constexpr std::uint64_t kGlobalPages = 1 << 7;
    write_cr4(read_cr4() & ~kGlobalPages);
    if (isolation_wanted()) {
        build_entry_tables();
        boot_cpu.kernel_root = root_table;
    } else {
        write_cr4(read_cr4() | kGlobalPages);
    }
    cpu_features.kernel_keeps_wx =
        keeps_write_xor_execute(root_table) && (entry_tables == 0 || keeps_write_xor_execute(entry_tables));
    boot_cpu.clear_buffers = cpu_features.clears_buffers && !cpu_features.sampling_immune;
    boot_cpu.careful_exit = boot_cpu.kernel_root != 0 || boot_cpu.clear_buffers;
}

void copy_kernel_half(std::uint64_t* root) {
    if (entry_tables != 0) {
        root[kEntries - 1] = table_at(entry_tables)[kEntries - 1];
        return;
    }
    const std::uint64_t* kernel = table_at(root_table);
    for (unsigned i = 0; i < used_entry_count; ++i) root[used_entries[i]] = kernel[used_entries[i]];
}

std::uint64_t kernel_root() { return root_table; }

bool is_device_range(PhysAddr first, std::uint64_t bytes) {
    return may_be_device(static_cast<std::uint64_t>(first), bytes, cpu_features.physical_bits, memory);
}

Result<volatile std::byte*> map_device(PhysAddr address, std::size_t bytes) {
    const std::uint64_t physical = static_cast<std::uint64_t>(address);
    if (!is_device_range(address, bytes)) return Error::InvalidArgument;
    if (bytes > kDeviceWindowBytes) return Error::OutOfMemory;
    for (unsigned i = 0; i < window_count; ++i) {
        const Window& window = windows[i];
        if (physical >= window.physical && physical - window.physical + bytes <= window.bytes)
            return reinterpret_cast<volatile std::byte*>(window.address + (physical - window.physical));
    }
    const std::uint64_t first = physical & ~(kPageSize - 1);
    const std::uint64_t size = (physical - first + bytes + kPageSize - 1) & ~(kPageSize - 1);
    if (size > kDeviceWindowBytes - window_used || window_count == std::size(windows)) return Error::OutOfMemory;
    const std::uint64_t at = kDeviceWindowBase + window_used;
    TRY(make_tables(at, at + size));
    map_pages(at, first, at + size, kData | kEntryUncached | kEntryWriteThrough);
    window_used += size;
    windows[window_count++] = {first, size, at};
    return reinterpret_cast<volatile std::byte*>(at + (physical - first));
}

}  // namespace capos::kernel::arch
