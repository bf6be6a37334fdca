// MSI-X: where a function keeps its vector table, and the words that are written there.
#pragma once

#include <cstdint>

#include "lib/base/result.hpp"
#include "lib/pci/bars.hpp"
#include "lib/pci/config_space.hpp"

namespace capos::pci {

inline constexpr std::uint32_t kMsixEntryBytes = 16;
inline constexpr std::uint32_t kMsixVectorControl = 12;    // offset in an entry; bit 0 masks it
inline constexpr std::uint16_t kMsixEnable = 1 << 15;      // message control register
inline constexpr std::uint16_t kMsixMaskAll = 1 << 14;
inline constexpr std::uint8_t kMsixControl = 2;            // message control's offset in the capability

// MSI, which the kernel only switches off (6.8.1).
inline constexpr std::uint16_t kMsiEnable = 1 << 0;        // message control register
inline constexpr std::uint8_t kMsiControl = 2;

// A table that was found to lie inside its BAR, at whatever multiple of 8 it stands.
struct MsixLayout {
    std::uint8_t capability = 0;       // offset in configuration space
    std::uint16_t vectors = 0;         // 1..2048
    std::uint8_t table_bar = 0;
    std::uint32_t table_offset = 0;
    std::uint8_t pending_bar = 0;
    std::uint32_t pending_offset = 0;

    constexpr std::uint32_t entry_offset(std::uint16_t vector) const { return table_offset + vector * kMsixEntryBytes; }
};

// Number of vectors that a capability announces, 1..2048, unchecked against any BAR.
std::uint16_t msix_vectors(ConfigSpace& space, Bdf where, std::uint8_t capability);

// Reads and checks the capability (PCI Local Bus 3.0, 6.8.2). DeviceMisbehaved: the table or the pending bits lie
// outside their BAR, not in memory, or on top of each other.
Result<MsixLayout> read_msix(ConfigSpace& space, Bdf where, std::uint8_t capability, const Bars& bars);

}  // namespace capos::pci
