// What every boot protocol is turned into, checked, before anything else looks at it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/arch/arch.hpp"

namespace capos::kernel {

struct MemoryRange { std::uint64_t base; std::uint64_t bytes; };

enum class BootProtocol : std::uint8_t { Pvh, Multiboot2Bios, Multiboot2Uefi };

struct BootInfo {
    BootProtocol protocol;
    MemoryRange usable[64];        // RAM free for use: kernel image, bundle and page 0 are cut out
    std::uint32_t usable_count;
    MemoryRange bundle;            // physical; bytes 0 when there is none
    PhysAddr rsdp;                 // 0 when not found
    char command_line[512];
    const char* note = "";         // what of the boot loader's information had to be left out; empty when nothing
    std::uint32_t ranges_left_out = 0;   // of memory: there were too many
    std::uint64_t entry_tsc;       // at the kernel's first instruction
};

const BootInfo& boot_info();
// Value of `key` on the command line, the last one when it stands there twice; "" when absent.
std::string_view command_line_value(std::string_view key);

// After arch and memory are up; kernel/main.cpp.
[[noreturn]] void kernel_main();

}  // namespace capos::kernel
