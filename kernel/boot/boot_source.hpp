// What a boot protocol said, before it is turned into BootInfo: memory as reported, one module, command line, RSDP.
#pragma once

#include <string_view>

#include "kernel/boot/physical_memory.hpp"
#include "kernel/boot/range_set.hpp"
#include "lib/base/result.hpp"

namespace capos::kernel::boot {

struct BootSource {
    BootProtocol protocol = BootProtocol::Pvh;
    RangeSet ram;               // everything reported as usable RAM, less what any entry calls something else
    MemoryRange bundle = {};    // the first module
    std::uint64_t rsdp = 0;     // physical address of the table or of the loader's copy; 0 when not told
    char command_line[512] = {};
    // What had to be left out (too long a command line, too many entries), for the console; empty when nothing.
    const char* note = "";

    // Cut at the buffer's end, zero-terminated; control characters become blanks.
    void set_command_line(Bytes text);
};

// Reads the information that a multiboot2 loader left at `address`. Malformed when its sizes do not hold together,
// NotFound when it has no memory map.
Result<void> read_multiboot2(const PhysicalMemory& memory, std::uint64_t address, BootSource& source);

// Reads the PVH start information at `address` (Xen's hvm_start_info, version 1 or later). NotFound when its magic is
// not there or it has no memory map, Malformed when its parts cannot be read.
Result<void> read_pvh(const PhysicalMemory& memory, std::uint64_t address, BootSource& source);

// Makes BootInfo of it: `image` (the kernel) and the bundle are cut out of the usable ranges, as is page 0. Malformed
// when the bundle does not start on a page, overlaps the image or wraps; NotFound when no memory is left.
Result<void> make_boot_info(const BootSource& source, MemoryRange image, BootInfo& info);

// Value of `key` among the blank-separated "key=value" words, of the last one when there are several; "" when absent or
// without a value.
std::string_view find_option(std::string_view command_line, std::string_view key);

// What the kernel's command line may say, for people.
inline constexpr std::string_view kKnownOptions = "panic=exit|reset kpti=on|off";
// The first word that is not one of them; "" when all are.
std::string_view first_unknown_option(std::string_view command_line);

}  // namespace capos::kernel::boot
