// Finding every function on the machine's PCI buses.
#pragma once

#include <cstdint>

#include "lib/pci/config_space.hpp"

namespace capos::pci {

enum class HeaderKind : std::uint8_t { Device, Bridge, Other };

// What a function says about itself. Subsystem ids are 0 unless `kind` is Device.
struct Identity {
    Bdf where;
    std::uint16_t vendor = 0xffff;
    std::uint16_t device = 0xffff;
    std::uint16_t subsystem_vendor = 0;
    std::uint16_t subsystem = 0;
    std::uint32_t class_code = 0;      // class << 16 | subclass << 8 | interface
    std::uint8_t revision = 0;
    HeaderKind kind = HeaderKind::Other;
    std::uint8_t interrupt_line = 0xff;
    std::uint8_t interrupt_pin = 0;
};

// Reads a function's identity. False when nothing answers there.
bool read_identity(ConfigSpace& space, Bdf where, Identity& out);

class Visitor {
public:
    virtual void found(const Identity& identity) = 0;

protected:
    ~Visitor() = default;
};

struct ScanSummary {
    std::uint32_t functions = 0;
    std::uint32_t buses = 0;
    std::uint32_t refused_bridges = 0;   // unset or already visited secondary bus: not followed
};

// Visits every function on bus 0 and on each bus behind a bridge, each bus once, however the bridges point at each
// other. Nothing is assumed about 0:0.0.
ScanSummary scan(ConfigSpace& space, Visitor& visitor);

}  // namespace capos::pci
