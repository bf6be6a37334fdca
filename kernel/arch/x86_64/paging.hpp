// Page table entries, and the kernel's own half of every address space.
#pragma once

#include <cstdint>
#include <span>

#include "kernel/arch/arch.hpp"
#include "kernel/boot/boot_info.hpp"

namespace capos::kernel::arch {

// Page table entry bits (Intel SDM 3A, 4.5).
inline constexpr std::uint64_t kEntryPresent = 1;
inline constexpr std::uint64_t kEntryWritable = 1 << 1;
inline constexpr std::uint64_t kEntryUser = 1 << 2;
inline constexpr std::uint64_t kEntryWriteThrough = 1 << 3;
inline constexpr std::uint64_t kEntryUncached = 1 << 4;
inline constexpr std::uint64_t kEntryLarge = 1 << 7;
inline constexpr std::uint64_t kEntryGlobal = 1 << 8;
inline constexpr std::uint64_t kEntryNoExecute = std::uint64_t{1} << 63;
inline constexpr std::uint64_t kEntryFrame = 0x000f'ffff'ffff'f000;
inline constexpr unsigned kEntries = 512;

// Device memory is mapped here, uncached.
inline constexpr std::uint64_t kDeviceWindowBase = 0xffff'c000'0000'0000;
inline constexpr std::uint64_t kDeviceWindowBytes = std::uint64_t{1} << 30;

inline std::uint64_t* table_at(std::uint64_t entry) {
    return static_cast<std::uint64_t*>(direct(PhysAddr{entry & kEntryFrame}));
}
// Index into the table of `level` (3: root .. 0: leaf).
inline unsigned table_index(std::uint64_t address, unsigned level) { return (address >> (12 + 9 * level)) & (kEntries - 1); }

// Builds the kernel's tables and loads them: the image with text read-execute, constants read-only, data read-write;
// every range of `ram` in the direct map, read-write except where it shows text and constants. Frames for tables
// come from the frame allocator.
void build_kernel_tables(std::span<const MemoryRange> ram);
// Writes into a zeroed root table what a program's address space shows of the kernel: its whole half; or, when
// this_cpu().kernel_root is not 0, only the text and data that entry needs before it has loaded that root.
void copy_kernel_half(std::uint64_t* root);
std::uint64_t kernel_root();

}  // namespace capos::kernel::arch
