#include "lib/pci/bars.hpp"

#include <bit>

namespace capos::pci {
namespace {

constexpr std::uint32_t kIoSpace = 1;
constexpr std::uint32_t kTypeMask = 6;
constexpr std::uint32_t kType64 = 4;
constexpr std::uint64_t kPhysicalLimit = std::uint64_t{1} << 52;
constexpr std::uint64_t kPortLimit = 1 << 16;

// Writes ones, reads which bits stuck, and puts the register back.
std::uint32_t probe(ConfigSpace& space, Bdf where, std::uint8_t offset, std::uint32_t original) {
    space.write32(where, offset, 0xffffffff);
    const std::uint32_t answer = space.read32(where, offset);
    space.write32(where, offset, original);
    return answer;
}

// A register is believed only when a device could decode it.
Bar checked(BarKind kind, std::uint64_t base, std::uint64_t mask, std::uint64_t limit, Decodable decodable) {
    if (mask == 0 || base == 0)
        return {};
    const std::uint64_t bytes = std::uint64_t{1} << std::countr_zero(mask);
    if (bytes > limit || base % bytes != 0 || base > limit - bytes ||
        (kind == BarKind::Memory && !decodable(base, bytes)))
        return {.refused = true};
    return {kind, base, bytes};
}

}  // namespace

Bars read_bars(ConfigSpace& space, Bdf where, Decodable decodable) {
    Bars bars{};
    const std::uint16_t command = space.read16(where, kCommand);
    space.write16(where, kCommand, command & static_cast<std::uint16_t>(~(kCommandIo | kCommandMemory)));
    for (unsigned index = 0; index < kBarCount; ++index) {
        const auto offset = static_cast<std::uint8_t>(kFirstBar + 4 * index);
        const std::uint32_t low = space.read32(where, offset);
        const std::uint32_t low_mask = probe(space, where, offset, low);
        if (low & kIoSpace) {
            bars[index] = checked(BarKind::Io, low & 0xfffc, low_mask & 0xfffc, kPortLimit, decodable);
            continue;
        }
        if ((low & kTypeMask) != kType64) {
            bars[index] = checked(BarKind::Memory, low & ~15u, low_mask & ~15u, kPhysicalLimit, decodable);
            continue;
        }
        if (index + 1 == kBarCount)
            break;                                   // a 64-bit register with no second half
        const auto upper = static_cast<std::uint8_t>(offset + 4);
        const std::uint32_t high = space.read32(where, upper);
        const std::uint32_t high_mask = probe(space, where, upper, high);
        bars[index] = checked(BarKind::Memory, std::uint64_t{high} << 32 | (low & ~15u),
                              std::uint64_t{high_mask} << 32 | (low_mask & ~15u), kPhysicalLimit, decodable);
        ++index;
    }
    space.write16(where, kCommand, command);
    return bars;
}

}  // namespace capos::pci
