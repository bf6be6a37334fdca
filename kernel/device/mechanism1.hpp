// PCI configuration access by ports 0xcf8 and 0xcfc (PCI Local Bus 3.0, 3.2.2.3.2), the one way that every machine has.
#pragma once

#include "lib/pci/config_space.hpp"

namespace capos::kernel::device {

class Mechanism1 final : public pci::ConfigSpace {
public:
    std::uint8_t read8(pci::Bdf where, std::uint8_t offset) override;
    std::uint16_t read16(pci::Bdf where, std::uint8_t offset) override;
    std::uint32_t read32(pci::Bdf where, std::uint8_t offset) override;
    void write8(pci::Bdf where, std::uint8_t offset, std::uint8_t value) override;
    void write16(pci::Bdf where, std::uint8_t offset, std::uint16_t value) override;
    void write32(pci::Bdf where, std::uint8_t offset, std::uint32_t value) override;
};

// The machine's configuration space.
pci::ConfigSpace& config_space();

}  // namespace capos::kernel::device
