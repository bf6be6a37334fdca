// Where a device's registers can be. Pure, so it is tested on the host.
#pragma once

#include <cstdint>
#include <span>

#include "kernel/boot/boot_info.hpp"

namespace capos::kernel::arch {

// Whether [first, first + bytes) is not empty, below 2^physical_bits and clear of `memory`.
inline bool may_be_device(std::uint64_t first, std::uint64_t bytes, unsigned physical_bits,
                          std::span<const MemoryRange> memory) {
    const std::uint64_t limit = std::uint64_t{1} << physical_bits;
    if (bytes == 0 || bytes > limit || first > limit - bytes) return false;
    for (const MemoryRange& range : memory)
        if (first < range.base + range.bytes && range.base < first + bytes) return false;
    return true;
}

}  // namespace capos::kernel::arch
