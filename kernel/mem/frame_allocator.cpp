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
    if (!find_block(order, frame)) return Error::OutOfMemory;
    free_frames_ -= std::uint64_t{1} << order;
    return PhysAddr{frame * kPageSize};
}

bool FrameAllocator::find_block(unsigned order, std::uint64_t& frame) {
    for (;;) {
        for (unsigned have = order; have <= kMaxFrameOrder; ++have) {
            if (free_[have] == nullptr) continue;
            frame = frame_of(free_[have]);
            Zone& zone = *free_[have]->zone;
            remove(zone, frame);
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
    std::uint64_t frame = physical / kPageSize;
    const std::uint64_t count = std::uint64_t{1} << order;
    Zone* zone = zone_of(frame, count);
    if (zone == nullptr || frame + count > zone->untouched || is_free(*zone, frame)) return false;
    // A part of what is given may be free already only if the caller gives more than it has.
    for (std::uint64_t i = 1; i < count; ++i)
        if (zone->state[frame + i - zone->first] != 0) return false;
    free_frames_ += count;
    for (; order < kMaxFrameOrder; ++order) {
        const std::uint64_t buddy = frame ^ (std::uint64_t{1} << order);
        if (buddy < zone->first || buddy >= zone->untouched || zone->state[buddy - zone->first] != (kFree | order)) break;
        remove(*zone, buddy);
        if (buddy < frame) frame = buddy;
    }
    push(*zone, frame, order);
    return true;
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

void FrameAllocator::remove(Zone& zone, std::uint64_t frame) {
    FreeBlock* block = block_at(frame);
    *block->link = block->next;
    if (block->next != nullptr) block->next->link = block->link;
    zone.state[frame - zone.first] = 0;
}

}  // namespace capos::kernel
