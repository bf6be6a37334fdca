// Takes and gives in any order against a model that knows which frames are out.
#include <cstdlib>
#include <vector>

#include "tests/unit/frames/arena.hpp"

using namespace capos::kernel;

namespace {

constexpr std::uint64_t kFrames = 4096;

void require(bool held) {
    if (!held) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 4) return 0;
    static capos::test::Arena arena(kFrames * kPageSize);
    const std::uint64_t first = 1 + data[0] % 64, gap = first + 1 + data[1] % 64;
    const MemoryRange ranges[] = {{kPageSize, (first - 1) * kPageSize}, {gap * kPageSize, (kFrames - gap - data[2]) * kPageSize}};
    FrameAllocator frames;
    frames.start(ranges, arena.base());

    std::vector<bool> out(kFrames);
    std::uint64_t out_count = 0;
    for (std::size_t i = 3; i + 2 < size; i += 3) {
        const unsigned order = data[i] & 15;
        const std::uint64_t count = std::uint64_t{1} << order;
        if ((data[i] & 0x80) == 0) {
            const auto block = frames.take(order);
            if (!block) continue;
            const std::uint64_t at = static_cast<std::uint64_t>(*block) / kPageSize;
            require(at % count == 0 && at + count <= kFrames);
            for (std::uint64_t frame = at; frame < at + count; ++frame) {
                require(!out[frame]);
                out[frame] = true;
            }
            out_count += count;
        } else {
            const std::uint64_t at = (std::uint64_t{data[i + 1]} << 8 | data[i + 2]) % kFrames;
            bool all_out = order <= kMaxFrameOrder && at % count == 0 && at + count <= kFrames;
            for (std::uint64_t frame = at; all_out && frame < at + count; ++frame) all_out = out[frame];
            require(frames.give(PhysAddr{at * kPageSize}, order) == all_out);
            if (!all_out) continue;
            for (std::uint64_t frame = at; frame < at + count; ++frame) out[frame] = false;
            out_count -= count;
        }
        require(frames.free_frames() + out_count == frames.total_frames());
    }
    return 0;
}
