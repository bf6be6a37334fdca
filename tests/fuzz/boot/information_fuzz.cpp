// Boot information from a hostile loader: multiboot2 or PVH, then BootInfo, whose promises must hold for any input.
#include <cstdlib>

#include "kernel/boot/boot_source.hpp"
#include "tests/fuzz/boot/flat_memory.hpp"

using namespace capos;
using namespace capos::kernel;
using namespace capos::kernel::boot;

namespace {

constexpr MemoryRange kImage = {0x100000, 0x80000};

void require(bool held) {
    if (!held) std::abort();
}

bool apart(const MemoryRange& left, const MemoryRange& right) {
    return left.base + left.bytes <= right.base || right.base + right.bytes <= left.base;
}

void check(const BootInfo& info) {
    require(info.usable_count >= 1 && info.usable_count <= 64);
    std::uint64_t previous_end = kPageSize;
    for (std::uint32_t i = 0; i < info.usable_count; ++i) {
        const MemoryRange& range = info.usable[i];
        require(range.base % kPageSize == 0 && range.bytes % kPageSize == 0 && range.bytes != 0);
        require(range.base >= previous_end && range.bytes <= kPhysicalLimit - range.base);
        require(apart(range, kImage) && (info.bundle.bytes == 0 || apart(range, info.bundle)));
        previous_end = range.base + range.bytes;
    }
    require(info.bundle.bytes == 0 || (info.bundle.base % kPageSize == 0 && apart(info.bundle, kImage)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 8) return 0;
    const fuzz::FlatMemory memory(data, size);
    BootSource source;
    const Result<void> read = data[0] % 2 == 0 ? read_multiboot2(memory, fuzz::kFlatBase + 8, source)
                                               : read_pvh(memory, fuzz::kFlatBase + 8, source);
    require(std::string_view(source.command_line).size() < sizeof source.command_line);
    (void)find_option(source.command_line, "panic");
    if (!read) return 0;
    static BootInfo info;
    info = {};
    if (make_boot_info(source, kImage, info)) check(info);
    return 0;
}
