#include "lib/pci/msix.hpp"

namespace capos::pci {
namespace {

constexpr std::uint8_t kTableRegister = 4;
constexpr std::uint8_t kPendingRegister = 8;
constexpr std::uint32_t kBarMask = 7;

bool inside(const Bars& bars, std::uint32_t bar, std::uint32_t offset, std::uint32_t bytes) {
    return bar < kBarCount && bars[bar].kind == BarKind::Memory && bars[bar].contains(offset, bytes);
}

}  // namespace

std::uint16_t msix_vectors(ConfigSpace& space, Bdf where, std::uint8_t capability) {
    return (space.read16(where, static_cast<std::uint8_t>(capability + kMsixControl)) & 0x7ff) + 1;
}

Result<MsixLayout> read_msix(ConfigSpace& space, Bdf where, std::uint8_t capability, const Bars& bars) {
    if (capability < 0x40 || capability > 0xf4)
        return Error::DeviceMisbehaved;
    const std::uint32_t table = space.read32(where, static_cast<std::uint8_t>(capability + kTableRegister));
    const std::uint32_t pending = space.read32(where, static_cast<std::uint8_t>(capability + kPendingRegister));
    MsixLayout layout;
    layout.capability = capability;
    layout.vectors = msix_vectors(space, where, capability);
    layout.table_bar = table & kBarMask;
    layout.table_offset = table & ~kBarMask;
    layout.pending_bar = pending & kBarMask;
    layout.pending_offset = pending & ~kBarMask;

    const std::uint32_t table_bytes = layout.vectors * kMsixEntryBytes;
    const std::uint32_t pending_bytes = (layout.vectors + 63u) / 64u * 8u;
    if (!inside(bars, layout.table_bar, layout.table_offset, table_bytes) ||
        !inside(bars, layout.pending_bar, layout.pending_offset, pending_bytes))
        return Error::DeviceMisbehaved;
    const bool overlap = layout.table_bar == layout.pending_bar &&
                         layout.table_offset < layout.pending_offset + pending_bytes &&
                         layout.pending_offset < layout.table_offset + table_bytes;
    if (overlap)
        return Error::DeviceMisbehaved;
    return layout;
}

}  // namespace capos::pci
