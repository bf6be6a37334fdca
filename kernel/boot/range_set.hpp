// A set of physical addresses as sorted, disjoint, non-touching ranges, of which some can be cut out again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/boot/boot_info.hpp"

namespace capos::kernel::boot {

// No physical address is at or above it (52 bits, the architecture's limit).
inline constexpr std::uint64_t kPhysicalLimit = std::uint64_t{1} << 52;

class RangeSet {
public:
    static constexpr std::size_t kCapacity = 128;

    // Adds [base, base + bytes), cut at kPhysicalLimit. When there is no place for one more range, the smallest is
    // dropped: memory is lost, never invented.
    void add(std::uint64_t base, std::uint64_t bytes);
    // Takes [base, base + bytes) out, likewise.
    void cut(std::uint64_t base, std::uint64_t bytes);
    // Shrinks every range to whole pages and drops what becomes empty.
    void round_to_pages();

    std::span<const MemoryRange> ranges() const { return {ranges_, count_}; }
    std::uint64_t total_bytes() const;
    bool contains(std::uint64_t base, std::uint64_t bytes) const;
    std::size_t dropped() const { return dropped_; }

private:
    void insert(std::size_t index, MemoryRange range);
    void erase(std::size_t index);

    MemoryRange ranges_[kCapacity] = {};
    std::size_t count_ = 0;
    std::size_t dropped_ = 0;
};

}  // namespace capos::kernel::boot
