// The kernel's own half of every address space.
#pragma once

#include <cstdint>
#include <span>

#include "kernel/arch/x86_64/page_entry.hpp"
#include "kernel/boot/boot_info.hpp"

namespace capos::kernel::arch {

// Device memory is mapped here, uncached.
inline constexpr std::uint64_t kDeviceWindowBase = 0xffff'c000'0000'0000;
inline constexpr std::uint64_t kDeviceWindowBytes = std::uint64_t{1} << 30;

// Builds the kernel's tables and loads them: the image with text read-execute, constants read-only, data read-write;
// every range of `ram` in the direct map, read-write except where it shows text and constants. Frames for tables
// come from the frame allocator.
void build_kernel_tables(std::span<const MemoryRange> ram);
// Writes into a zeroed root table what a program's address space shows of the kernel: its whole half; or, when
// this_cpu().kernel_root is not 0, only the text and data that entry needs before it has loaded that root.
void copy_kernel_half(std::uint64_t* root);
std::uint64_t kernel_root();

}  // namespace capos::kernel::arch
