#include "lib/pci/scan.hpp"

#include <array>

namespace capos::pci {
namespace {

constexpr std::uint8_t kMultiFunction = 0x80;
constexpr std::uint8_t kHeaderMask = 0x7f;

// Buses still to visit, each at most once.
class BusQueue {
public:
    bool add(std::uint8_t bus) {
        if (known_[bus])
            return false;
        known_[bus] = true;
        buses_[count_++] = bus;
        return true;
    }
    bool next(std::uint8_t& bus) {
        if (visited_ == count_)
            return false;
        bus = buses_[visited_++];
        return true;
    }
    std::uint32_t count() const { return count_; }

private:
    std::array<bool, 256> known_{};
    std::array<std::uint8_t, 256> buses_{};
    std::uint32_t count_ = 0;
    std::uint32_t visited_ = 0;
};

void visit(ConfigSpace& space, const Identity& identity, Visitor& visitor, BusQueue& buses, ScanSummary& summary) {
    ++summary.functions;
    if (identity.kind == HeaderKind::Bridge && !buses.add(space.read8(identity.where, kSecondaryBus)))
        ++summary.refused_bridges;
    visitor.found(identity);
}

}  // namespace

bool read_identity(ConfigSpace& space, Bdf where, Identity& out) {
    const std::uint32_t ids = space.read32(where, kVendorId);
    const auto vendor = static_cast<std::uint16_t>(ids);
    if (vendor == 0xffff || vendor == 0)
        return false;
    out = {};
    out.where = where;
    out.vendor = vendor;
    out.device = static_cast<std::uint16_t>(ids >> 16);
    const std::uint32_t revision = space.read32(where, kRevision);
    out.revision = static_cast<std::uint8_t>(revision);
    out.class_code = revision >> 8;
    switch (space.read8(where, kHeaderType) & kHeaderMask) {
    case 0:
        out.kind = HeaderKind::Device;
        out.subsystem_vendor = space.read16(where, kSubsystemVendor);
        out.subsystem = space.read16(where, kSubsystem);
        break;
    case 1: out.kind = HeaderKind::Bridge; break;
    default: out.kind = HeaderKind::Other; break;
    }
    out.interrupt_line = space.read8(where, kInterruptLine);
    out.interrupt_pin = space.read8(where, kInterruptPin);
    return true;
}

ScanSummary scan(ConfigSpace& space, Visitor& visitor) {
    ScanSummary summary;
    BusQueue buses;
    buses.add(0);
    std::uint8_t bus = 0;
    while (buses.next(bus)) {
        for (std::uint8_t device = 0; device < 32; ++device) {
            Identity identity;
            if (!read_identity(space, Bdf(bus, device, 0), identity))
                continue;
            const bool multi = (space.read8(identity.where, kHeaderType) & kMultiFunction) != 0;
            visit(space, identity, visitor, buses, summary);
            for (std::uint8_t function = 1; multi && function < 8; ++function)
                if (read_identity(space, Bdf(bus, device, function), identity))
                    visit(space, identity, visitor, buses, summary);
        }
    }
    summary.buses = buses.count();
    return summary;
}

}  // namespace capos::pci
