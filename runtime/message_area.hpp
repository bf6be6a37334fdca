// Who uses which part of the ring's message area: a buddy allocator over offsets.
//
// Blocks are cut to a multiple of an eighth of the power of two they came from, at least 128 bytes. Freed blocks are
// kept by exact size for the next user and given back to the buddies, which are then joined, only when a request cannot
// be met otherwise; so the common pair of allocate and free is a few instructions. All bookkeeping is private memory:
// nothing is stored in the area itself.
#pragma once

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

class MessageArea {
public:
    static constexpr std::uint32_t kGranule = 128;
    static constexpr unsigned kOrders = 16;                                  // 128 bytes .. 4 MiB
    static constexpr std::uint32_t kLargest = kGranule << (kOrders - 1);

    // An area of `bytes` (a multiple of 4096, at most abi::kMaxMessageArea). OutOfMemory when the heap has no room for
    // the books, InvalidArgument for another size.
    Result<void> create(std::uint32_t bytes);

    // At least `bytes` (1..area). Exhausted: no block of that size is free. A request for 0 bytes gets an empty block.
    Result<AreaBlock> allocate(std::uint32_t bytes);
    // Gives a block back; an empty one is ignored.
    void free(AreaBlock block);

    std::uint32_t used_bytes() const { return used_; }
    std::uint32_t total_bytes() const { return total_; }

private:
    using Index = std::uint16_t;
    static constexpr Index kNone = 0xffff;
    static constexpr std::uint8_t kNotFree = 0xff;
    struct Granule {                  // meaningful for the first granule of a free or kept block
        Index next, previous;
    };

    // A block's size in granules and where freed blocks of that size are kept.
    struct Class {
        std::uint32_t granules;
        unsigned order;      // of the power of two it is cut from
        unsigned index;
    };
    static constexpr unsigned kClasses = kOrders * 4;      // five to eight eighths of each power of two
    static Class class_for(std::uint32_t bytes);
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
