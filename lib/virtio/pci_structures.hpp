// Where a virtio PCI function keeps its registers.
#pragma once

#include <cstdint>

#include "lib/base/result.hpp"
#include "lib/pci/bars.hpp"
#include "lib/pci/capabilities.hpp"
#include "lib/pci/scan.hpp"

namespace capos::virtio {

// A structure that was found to lie inside a memory BAR; of a longer one the first kMost bytes.
struct PciStructure {
    static constexpr std::uint32_t kMost = 64 * 1024;
    std::uint8_t bar = 0;
    std::uint32_t offset = 0;
    std::uint32_t bytes = 0;         // 0: the function has none
    constexpr bool present() const { return bytes != 0; }
};

// The structures of the modern transport (VIRTIO 1.2, 4.1.4). Of several of one type the first usable one counts.
struct ModernStructures {
    PciStructure common;
    PciStructure notify;
    PciStructure interrupt_status;
    PciStructure device;             // optional
    std::uint32_t notify_multiplier = 0;
};

// Reads the vendor capabilities. NotFound: not one complete set of common, notify and interrupt status inside the BARs.
Result<ModernStructures> read_structures(pci::ConfigSpace& space, pci::Bdf where,
                                         const pci::CapabilityList& capabilities, const pci::Bars& bars);

// Whether the ids are virtio's, and the device type that they name (5).
bool is_virtio(const pci::Identity& identity);
std::uint16_t device_type(const pci::Identity& identity);
// Whether the legacy registers are there: a transitional or legacy id and a port BAR 0 that holds them.
bool has_legacy_registers(const pci::Identity& identity, const pci::Bars& bars);

}  // namespace capos::virtio
