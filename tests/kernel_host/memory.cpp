// Frames as host allocations.
#include <cstdlib>
#include <cstring>
#include <unordered_map>

#include "kernel/mem/frames.hpp"
#include "tests/kernel_host/machine.hpp"

namespace capos::test {

namespace {

struct Frame {
    unsigned order;                  // of the block it begins
    std::uint32_t offset;            // in frames, from the block's beginning
    std::uint32_t mappings = 0;
};

std::unordered_map<std::uint64_t, Frame>& frames() {
    static std::unordered_map<std::uint64_t, Frame> frames;
    return frames;
}

}  // namespace

Memory& memory() {
    static Memory memory;
    return memory;
}

bool frame_is_out(std::uint64_t address) { return frames().contains(address); }

void frame_mapped(std::uint64_t address) {
    const auto at = frames().find(address);
    if (at == frames().end()) broken("a frame is mapped that is not out");
    ++at->second.mappings;
}

void frame_unmapped(std::uint64_t address) {
    const auto at = frames().find(address);
    if (at == frames().end() || at->second.mappings == 0) broken("a frame is unmapped that is not mapped");
    --at->second.mappings;
}

}  // namespace capos::test

namespace capos::kernel {

using namespace capos::test;

Result<PhysAddr> frames_take(unsigned order) {
    if (order > kMaxFrameOrder) return Error::InvalidArgument;
    const std::uint64_t count = std::uint64_t{1} << order;
    if (!memory().allows_take() || memory().used + count > memory().total) return Error::OutOfMemory;
    void* block = std::aligned_alloc(kPageSize, count * kPageSize);
    if (block == nullptr) return Error::OutOfMemory;
    std::memset(block, 0xa5, count * kPageSize);             // whatever was there
    const auto address = reinterpret_cast<std::uint64_t>(block);
    for (std::uint64_t i = 0; i < count; ++i)
        frames()[address + i * kPageSize] = {.order = order, .offset = static_cast<std::uint32_t>(i)};
    memory().used += count;
    return PhysAddr{address};
}

void frames_give(PhysAddr address, unsigned order) {
    const auto number = static_cast<std::uint64_t>(address);
    const std::uint64_t count = std::uint64_t{1} << order;
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto at = frames().find(number + i * kPageSize);
        if (at == frames().end()) broken("a frame is given back that is not out");
        if (at->second.order != order || at->second.offset != i) broken("a block is given back in another shape");
        if (at->second.mappings != 0) broken("a frame is given back while it is mapped");
        frames().erase(at);
    }
    memory().used -= count;
    machine().did(1);
    std::free(direct(address));
}

std::uint64_t frames_free() { return memory().total - memory().used; }
std::uint64_t frames_total() { return memory().total; }

}  // namespace capos::kernel
