#include "kernel/mem/frames.hpp"

namespace capos::kernel {

namespace {

constinit FrameAllocator allocator;

}  // namespace

void frames_start(std::span<const MemoryRange> usable) { allocator.start(usable, kDirectMapBase); }
Result<PhysAddr> frames_take(unsigned order) { return allocator.take(order); }
std::uint64_t frames_free() { return allocator.free_frames(); }
std::uint64_t frames_total() { return allocator.total_frames(); }

void frames_give(PhysAddr address, unsigned order) {
    if (!allocator.give(address, order)) panic("a memory block was given back that is not out");
}

}  // namespace capos::kernel
