#include "kernel/boot/range_set.hpp"

namespace capos::kernel::boot {

namespace {

// The end of a range, without wrapping and within the limit.
std::uint64_t bounded_end(std::uint64_t base, std::uint64_t bytes) {
    return bytes > kPhysicalLimit - base ? kPhysicalLimit : base + bytes;
}

}  // namespace

void RangeSet::add(std::uint64_t base, std::uint64_t bytes) {
    if (base >= kPhysicalLimit || bytes == 0) return;
    std::uint64_t end = bounded_end(base, bytes);
    // Swallow what touches it.
    std::size_t index = 0;
    while (index < count_ && ranges_[index].base + ranges_[index].bytes < base) ++index;
    while (index < count_ && ranges_[index].base <= end) {
        const MemoryRange other = ranges_[index];
        if (other.base < base) base = other.base;
        if (other.base + other.bytes > end) end = other.base + other.bytes;
        erase(index);
    }
    insert(index, {base, end - base});
}

void RangeSet::cut(std::uint64_t base, std::uint64_t bytes) {
    if (base >= kPhysicalLimit || bytes == 0) return;
    const std::uint64_t end = bounded_end(base, bytes);
    for (std::size_t i = 0; i < count_;) {
        const std::uint64_t first = ranges_[i].base;
        const std::uint64_t last = first + ranges_[i].bytes;
        if (last <= base || first >= end) {
            ++i;
            continue;
        }
        erase(i);
        if (last > end) insert(i, {end, last - end});
        if (first < base) insert(i, {first, base - first});
        // What was put back at i does not meet the cut; the loop looks at it once more and passes on.
        if (first < base) ++i;
    }
}

void RangeSet::round_to_pages() {
    for (std::size_t i = 0; i < count_;) {
        const std::uint64_t first = (ranges_[i].base + kPageSize - 1) & ~(kPageSize - 1);
        const std::uint64_t last = (ranges_[i].base + ranges_[i].bytes) & ~(kPageSize - 1);
        if (last <= first) {
            erase(i);
            continue;
        }
        ranges_[i++] = {first, last - first};
    }
}

std::uint64_t RangeSet::total_bytes() const {
    std::uint64_t total = 0;
    for (const MemoryRange& range : ranges()) total += range.bytes;
    return total;
}

bool RangeSet::contains(std::uint64_t base, std::uint64_t bytes) const {
    for (const MemoryRange& range : ranges())
        if (base >= range.base && base - range.base <= range.bytes && bytes <= range.bytes - (base - range.base)) return true;
    return false;
}

void RangeSet::insert(std::size_t index, MemoryRange range) {
    if (count_ == kCapacity) {
        ++dropped_;
        std::size_t smallest = 0;
        for (std::size_t i = 1; i < count_; ++i)
            if (ranges_[i].bytes < ranges_[smallest].bytes) smallest = i;
        if (ranges_[smallest].bytes >= range.bytes) return;
        erase(smallest);
        if (smallest < index) --index;
    }
    for (std::size_t i = count_; i > index; --i) ranges_[i] = ranges_[i - 1];
    ranges_[index] = range;
    ++count_;
}

void RangeSet::erase(std::size_t index) {
    --count_;
    for (std::size_t i = index; i < count_; ++i) ranges_[i] = ranges_[i + 1];
}

}  // namespace capos::kernel::boot
