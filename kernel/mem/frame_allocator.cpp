#include <cstring>

#include "kernel/mem/frames.hpp"

namespace capos::kernel {

void FrameAllocator::start(std::span<const MemoryRange> usable, std::uint64_t direct_base) {
    direct_base_ = direct_base;
    for (const MemoryRange& range : usable) {
        if (zone_count_ == kMaxZones) break;
        const std::uint64_t first = range.base / kPageSize;
        const std::uint64_t frames = range.bytes / kPageSize;
        const std::uint64_t table_frames = (frames + kPageSize - 1) / kPageSize;
        if (frames <= table_frames) continue;
        Zone& zone = zones_[zone_count_++];
        zone.first = first + table_frames;
        zone.end = first + frames;
        zone.untouched = zone.first;
        zone.state = reinterpret_cast<std::uint8_t*>(direct_base_ + range.base);
        total_frames_ += zone.end - zone.first;
    }
    free_frames_ = total_frames_;
}

Result<PhysAddr> FrameAllocator::take(unsigned order) {
    if (order > kMaxFrameOrder) return Error::InvalidArgument;
    std::uint64_t frame;
    if (order == 0 && free_[0] == nullptr) [[likely]] {
        if (run_next_ == run_end_ && !start_run()) return Error::OutOfMemory;
        frame = run_next_++;
    } else if (!find_block(order, frame)) {
        if (run_next_ == run_end_) return Error::OutOfMemory;
        end_run();
        return take(order);
    }
    free_frames_ -= std::uint64_t{1} << order;
    return PhysAddr{frame * kPageSize};
}

bool FrameAllocator::start_run() {
    for (unsigned order : {kRunOrder, 0u}) {
        if (!find_block(order, run_next_)) continue;
        run_end_ = run_next_ + (std::uint64_t{1} << order);
        return true;
    }
    return false;
}

void FrameAllocator::end_run() {
    const std::uint64_t first = run_next_, end = run_end_;
    run_next_ = run_end_ = 0;
    Zone& zone = *zone_of(first, end - first);
    for (std::uint64_t frame = first; frame < end; ++frame) merge(zone, frame, 0);
}

bool FrameAllocator::find_block(unsigned order, std::uint64_t& frame) {
    for (;;) {
        for (unsigned have = order; have <= kMaxFrameOrder; ++have) {
            FreeBlock* block = free_[have];
            if (block == nullptr) continue;
            Zone& zone = *block->zone;
            frame = frame_of(block);
            unlink(*block);
            zone.state[frame - zone.first] = 0;
            // The upper halves go back, down to the size asked for.
            while (have > order) {
                --have;
                push(zone, frame + (std::uint64_t{1} << have), have);
            }
            return true;
        }
        bool more = false;
        for (unsigned i = 0; i < zone_count_ && !more; ++i) more = cut_block(zones_[i]);
        if (!more) return false;
    }
}

bool FrameAllocator::cut_block(Zone& zone) {
    if (zone.untouched == zone.end) return false;
    unsigned order = 0;
    while (order < kMaxFrameOrder) {
        const std::uint64_t next = std::uint64_t{2} << order;
        if (zone.untouched % next != 0 || zone.end - zone.untouched < next) break;
        ++order;
    }
    const std::uint64_t frame = zone.untouched;
    const std::uint64_t count = std::uint64_t{1} << order;
    std::memset(zone.state + (frame - zone.first), 0, count);
    zone.untouched += count;
    push(zone, frame, order);
    return true;
}

bool FrameAllocator::give(PhysAddr address, unsigned order) {
    const std::uint64_t physical = static_cast<std::uint64_t>(address);
    if (order > kMaxFrameOrder || physical % (kPageSize << order) != 0) return false;
    const std::uint64_t frame = physical / kPageSize;
    const std::uint64_t count = std::uint64_t{1} << order;
    Zone* zone = zone_of(frame, count);
    if (zone == nullptr || frame + count > zone->untouched || is_free(*zone, frame)) return false;
    // A part of what is given may be free already only if the caller gives more than it has.
    for (std::uint64_t i = 1; i < count; ++i)
        if (zone->state[frame + i - zone->first] != 0) return false;
    if (run_next_ != run_end_ && frame < run_end_ && run_next_ < frame + count) return false;
    free_frames_ += count;
    merge(*zone, frame, order);
    return true;
}

void FrameAllocator::merge(Zone& zone, std::uint64_t frame, unsigned order) {
    for (; order < kMaxFrameOrder; ++order) {
        const std::uint64_t buddy = frame ^ (std::uint64_t{1} << order);
        if (buddy < zone.first || buddy >= zone.untouched || zone.state[buddy - zone.first] != (kFree | order)) break;
        unlink(*block_at(buddy));
        zone.state[buddy - zone.first] = 0;
        if (buddy < frame) frame = buddy;
    }
    push(zone, frame, order);
}

bool FrameAllocator::is_free(const Zone& zone, std::uint64_t frame) const {
    for (unsigned order = 0; order <= kMaxFrameOrder; ++order) {
        const std::uint64_t head = frame & ~((std::uint64_t{1} << order) - 1);
        if (head < zone.first) return false;
        const std::uint8_t state = zone.state[head - zone.first];
        if (state != 0) return (state & ~kFree) >= order;
    }
    return false;
}

FrameAllocator::Zone* FrameAllocator::zone_of(std::uint64_t frame, std::uint64_t count) {
    for (unsigned i = 0; i < zone_count_; ++i)
        if (frame >= zones_[i].first && frame < zones_[i].end && count <= zones_[i].end - frame) return &zones_[i];
    return nullptr;
}

FrameAllocator::FreeBlock* FrameAllocator::block_at(std::uint64_t frame) const {
    return reinterpret_cast<FreeBlock*>(direct_base_ + frame * kPageSize);
}

std::uint64_t FrameAllocator::frame_of(const FreeBlock* block) const {
    return (reinterpret_cast<std::uint64_t>(block) - direct_base_) / kPageSize;
}

void FrameAllocator::push(Zone& zone, std::uint64_t frame, unsigned order) {
    FreeBlock* block = block_at(frame);
    block->next = free_[order];
    block->link = &free_[order];
    block->zone = &zone;
    if (block->next != nullptr) block->next->link = &block->next;
    free_[order] = block;
    zone.state[frame - zone.first] = static_cast<std::uint8_t>(kFree | order);
}

void FrameAllocator::unlink(FreeBlock& block) {
    *block.link = block.next;
    if (block.next != nullptr) block.next->link = block.link;
}

}  // namespace capos::kernel
