// Who uses which part of the ring's message area: a buddy allocator over offsets.
//
// Blocks are cut to a multiple of an eighth of the power of two they came from, at least 128 bytes. Freed blocks are
// kept by exact size for the next user and given back to the buddies, which are then joined, only when a request cannot
// be met otherwise; so the common pair of allocate and free is a few instructions. All bookkeeping is private memory:
// nothing is stored in the area itself.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "lib/base/result.hpp"

namespace capos::rt {

// One block of the message area. Offset and size in bytes; size 0 is no block.
struct AreaBlock {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
    explicit operator bool() const { return size != 0; }
};

namespace detail {

// A block's size in granules and where freed blocks of that size are kept.
struct AreaClass {
    std::uint16_t granules;
    std::uint8_t order;      // of the power of two it is cut from
    std::uint8_t index;
};

constexpr AreaClass area_class(std::uint32_t granules) {
    const auto order = static_cast<unsigned>(std::bit_width(granules - 1));
    if (order > 3) {
        const std::uint32_t unit = std::uint32_t{1} << (order - 3);
        granules = (granules + unit - 1) & ~(unit - 1);
    }
    const std::uint32_t eighths = (granules << 3) >> order;      // 5..8, and 8 for a single granule
    return {static_cast<std::uint16_t>(granules), static_cast<std::uint8_t>(order),
            static_cast<std::uint8_t>(order * 4 + eighths - 5)};
}

// The common sizes, worked out.
inline constexpr std::array<AreaClass, 33> kAreaClasses = [] {
    std::array<AreaClass, 33> table{};
    for (std::uint32_t granules = 1; granules < table.size(); ++granules) table[granules] = area_class(granules);
    return table;
}();

}  // namespace detail

class MessageArea {
public:
    static constexpr std::uint32_t kGranule = 128;
    static constexpr unsigned kOrders = 16;                                  // 128 bytes .. 4 MiB
    static constexpr std::uint32_t kLargest = kGranule << (kOrders - 1);

    // An area of `bytes` (a multiple of 4096, at most abi::kMaxMessageArea). OutOfMemory when the heap has no room for
    // the books, InvalidArgument for another size.
    Result<void> create(std::uint32_t bytes);

    // At least `bytes` (1..area). Exhausted: no block of that size is free. A request for 0 bytes gets an empty block.
    Result<AreaBlock> allocate(std::uint32_t bytes) {
        if (bytes == 0) return AreaBlock{};
        if (bytes > total_) return Error::Exhausted;
        const Class wanted = class_for(bytes);
        const Index kept = kept_[wanted.index];
        if (kept == kNone) [[unlikely]] return allocate_anew(wanted);
        kept_[wanted.index] = links_[kept].next;
        const std::uint32_t size = wanted.granules * kGranule;
        used_ += size;
        return AreaBlock{kept * kGranule, size};
    }
    // Gives a block back; an empty one is ignored.
    void free(AreaBlock block) {
        if (!block) return;
        used_ -= block.size;
        const auto granule = static_cast<Index>(block.offset / kGranule);
        freed_since_join_ = true;
        Index& kept = kept_[class_for(block.size).index];
        links_[granule].next = kept;
        kept = granule;
    }

    std::uint32_t used_bytes() const { return used_; }
    std::uint32_t total_bytes() const { return total_; }

private:
    using Index = std::uint16_t;
    static constexpr Index kNone = 0xffff;
    static constexpr std::uint8_t kNotFree = 0xff;
    struct Granule {                  // meaningful for the first granule of a free or kept block
        Index next, previous;
    };

    using Class = detail::AreaClass;
    static constexpr unsigned kClasses = kOrders * 4;      // five to eight eighths of each power of two
    static Class class_for(std::uint32_t bytes) {
        const std::uint32_t granules = (bytes + kGranule - 1) / kGranule;
        return granules < detail::kAreaClasses.size() ? detail::kAreaClasses[granules] : detail::area_class(granules);
    }
    Result<AreaBlock> allocate_anew(Class wanted);
    // Pushes the largest aligned blocks that make up a range of granules.
    void push_range(std::uint32_t first, std::uint32_t end);
    void push(std::uint32_t granule, unsigned order);
    void take(std::uint32_t granule, unsigned order);
    void join_all();

    std::unique_ptr<Granule[]> links_;
    std::unique_ptr<std::uint8_t[]> free_order_;   // order of the free block that starts here, or kNotFree
    std::uint32_t granules_ = 0;
    Index heads_[kOrders] = {};
    Index kept_[kClasses] = {};
    std::uint32_t total_ = 0;
    std::uint32_t used_ = 0;
    bool freed_since_join_ = false;
};

}  // namespace capos::rt
