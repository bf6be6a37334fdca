// Page table entries (Intel SDM 3A, 4.5).
#pragma once

#include <cstdint>

#include "kernel/arch/arch.hpp"

namespace capos::kernel::arch {

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

inline std::uint64_t* table_at(std::uint64_t entry) {
    return static_cast<std::uint64_t*>(direct(PhysAddr{entry & kEntryFrame}));
}
// Index into the table of `level` (3: root .. 0: leaves).
inline unsigned table_index(std::uint64_t address, unsigned level) { return (address >> (12 + 9 * level)) & (kEntries - 1); }

}  // namespace capos::kernel::arch
