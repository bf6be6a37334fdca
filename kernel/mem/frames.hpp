// Physical memory in blocks of 2^order frames (4 KiB each): a buddy allocator over the usable ranges.
//
// Nothing of a range is touched before it is needed: each range keeps an untouched tail from which blocks are cut, and
// a table of one byte per frame at its start, of which only the bytes for cut blocks are ever written. Single frames, by
// far the most wanted, are counted off a run of neighbours that has left the lists.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/arch/arch.hpp"
#include "kernel/boot/boot_info.hpp"
#include "lib/base/result.hpp"

namespace capos::kernel {

inline constexpr unsigned kMaxFrameOrder = 11;      // 8 MiB

// The order of the smallest block that holds `bytes`.
constexpr unsigned order_for(std::size_t bytes) {
    unsigned order = 0;
    while ((kPageSize << order) < bytes) ++order;
    return order;
}

// One allocator; the kernel has exactly one (the functions below), tests make their own.
class FrameAllocator {
public:
    // Takes over `usable`: sorted, disjoint, whole pages; at most 64 ranges, more are left out. `direct_base` is where
    // physical address 0 is seen. Frames for the tables are taken from the ranges themselves.
    void start(std::span<const MemoryRange> usable, std::uint64_t direct_base);

    // A block of 2^order frames, aligned to its size; its contents are whatever was there. OutOfMemory when none is
    // left, InvalidArgument when order > kMaxFrameOrder.
    Result<PhysAddr> take(unsigned order);
    // Gives a block back: one that was taken, or an aligned part of one. False, and nothing is changed, when it is not
    // out (free already, not aligned, not the allocator's).
    bool give(PhysAddr address, unsigned order);

    std::uint64_t free_frames() const { return free_frames_; }
    std::uint64_t total_frames() const { return total_frames_; }

private:
    struct Zone;
    // A block's first frame, while it is free.
    struct FreeBlock {
        FreeBlock* next;
        FreeBlock** link;       // what points here
        Zone* zone;
    };
    struct Zone {
        std::uint64_t first;    // frame numbers: [first, end)
        std::uint64_t end;
        std::uint64_t untouched;    // first frame not yet cut
        std::uint8_t* state;        // per frame: 0, or kFree | order where a free block begins
    };
    static constexpr unsigned kMaxZones = 64;
    static constexpr std::uint8_t kFree = 0x80;
    static constexpr unsigned kRunOrder = 6;

    Zone* zone_of(std::uint64_t frame, std::uint64_t count);
    FreeBlock* block_at(std::uint64_t frame) const;
    std::uint64_t frame_of(const FreeBlock* block) const;
    void push(Zone& zone, std::uint64_t frame, unsigned order);
    static void unlink(FreeBlock& block);
    // Moves the next aligned block out of a zone's untouched tail into the free lists. False when nothing is left.
    bool cut_block(Zone& zone);
    bool find_block(unsigned order, std::uint64_t& frame);   // takes it off its list
    // Puts a block into the free lists, joined with its free buddies.
    void merge(Zone& zone, std::uint64_t frame, unsigned order);
    bool start_run();
    void end_run();
    bool is_free(const Zone& zone, std::uint64_t frame) const;

    std::uint64_t direct_base_ = 0;
    std::uint64_t free_frames_ = 0;
    std::uint64_t total_frames_ = 0;
    FreeBlock* free_[kMaxFrameOrder + 1] = {};
    Zone zones_[kMaxZones] = {};
    unsigned zone_count_ = 0;
    std::uint64_t run_next_ = 0;    // frames [run_next_, run_end_) are free, and in no list
    std::uint64_t run_end_ = 0;
};

// The machine's memory. Callers hold the kernel.
void frames_start(std::span<const MemoryRange> usable);
// See FrameAllocator::take.
Result<PhysAddr> frames_take(unsigned order);
// Gives back what frames_take gave, or an aligned part of it. Panics when the block is not out.
void frames_give(PhysAddr address, unsigned order);
std::uint64_t frames_free();
std::uint64_t frames_total();

}  // namespace capos::kernel
