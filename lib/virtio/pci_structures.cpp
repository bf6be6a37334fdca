#include "lib/virtio/pci_structures.hpp"

#include "lib/virtio/legacy_transport.hpp"
#include "lib/virtio/specification.hpp"

namespace capos::virtio {
namespace {

// struct virtio_pci_cap (4.1.4), offsets in the capability.
constexpr std::uint8_t kLength = 2;
constexpr std::uint8_t kType = 3;
constexpr std::uint8_t kBar = 4;
constexpr std::uint8_t kOffset = 8;
constexpr std::uint8_t kBytes = 12;
constexpr std::uint8_t kMultiplier = 16;       // notify only
constexpr std::uint8_t kPlainLength = 16;
constexpr std::uint8_t kNotifyLength = 20;

enum Type : std::uint8_t { kCommon = 1, kNotify = 2, kInterruptStatus = 3, kDevice = 4 };

// The structure a capability describes; empty when it does not hold what it must.
PciStructure structure(pci::ConfigSpace& space, pci::Bdf where, std::uint8_t capability, const pci::Bars& bars,
                       std::uint32_t minimum) {
    const auto at = [&](std::uint8_t field) { return static_cast<std::uint8_t>(capability + field); };
    const std::uint8_t bar = space.read8(where, at(kBar));
    const std::uint32_t offset = space.read32(where, at(kOffset));
    const std::uint32_t bytes = space.read32(where, at(kBytes));
    if (bar >= pci::kBarCount || bars[bar].kind != pci::BarKind::Memory || bytes < minimum ||
        !bars[bar].contains(offset, bytes))
        return {};
    return {bar, offset, bytes < PciStructure::kMost ? bytes : PciStructure::kMost};
}

}  // namespace

Result<ModernStructures> read_structures(pci::ConfigSpace& space, pci::Bdf where,
                                         const pci::CapabilityList& capabilities, const pci::Bars& bars) {
    ModernStructures found;
    for (const pci::Capability& entry : capabilities.entries()) {
        if (entry.id != pci::kCapabilityVendor || entry.offset > 0x100 - kPlainLength)
            continue;
        const std::uint8_t length = space.read8(where, static_cast<std::uint8_t>(entry.offset + kLength));
        const std::uint8_t type = space.read8(where, static_cast<std::uint8_t>(entry.offset + kType));
        if (length < kPlainLength)
            continue;
        const auto take = [&](PciStructure& into, std::uint32_t minimum, std::uint32_t alignment) {
            if (into.present())
                return false;
            const PciStructure candidate = structure(space, where, entry.offset, bars, minimum);
            if (candidate.offset % alignment != 0)
                return false;
            into = candidate;
            return into.present();
        };
        switch (type) {
        case kCommon: take(found.common, modern::kCommonBytes, 4); break;
        case kInterruptStatus: take(found.interrupt_status, 1, 1); break;
        case kDevice: take(found.device, 1, 4); break;
        case kNotify:
            if (length < kNotifyLength || entry.offset > 0x100 - kNotifyLength)
                break;
            if (take(found.notify, 2, 2))
                found.notify_multiplier =
                    space.read32(where, static_cast<std::uint8_t>(entry.offset + kMultiplier));
            break;
        default: break;
        }
    }
    if (!found.common.present() || !found.notify.present() || !found.interrupt_status.present())
        return Error::NotFound;
    return found;
}

bool is_virtio(const pci::Identity& identity) {
    return identity.kind == pci::HeaderKind::Device && identity.vendor == kPciVendor &&
           identity.device >= kPciFirstLegacy && identity.device <= kPciLast;
}

std::uint16_t device_type(const pci::Identity& identity) {
    return identity.device >= kPciFirstModern ? static_cast<std::uint16_t>(identity.device - kPciFirstModern)
                                              : identity.subsystem;
}

bool has_legacy_registers(const pci::Identity& identity, const pci::Bars& bars) {
    return is_virtio(identity) && identity.device < kPciFirstModern && bars[0].kind == pci::BarKind::Io &&
           bars[0].bytes >= LegacyTransport::kMinimumBytes;
}

}  // namespace capos::virtio
