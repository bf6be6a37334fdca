#include "kernel/device/mechanism1.hpp"

#include "kernel/arch/arch.hpp"

namespace capos::kernel::device {
namespace {

constexpr std::uint16_t kAddress = 0xcf8;
constexpr std::uint16_t kData = 0xcfc;
constexpr std::uint32_t kEnable = 0x80000000;

// Selects the 32-bit word that holds `offset` and says which data port the byte is at.
std::uint16_t select(pci::Bdf where, std::uint8_t offset) {
    arch::out32(kAddress, kEnable | std::uint32_t{where.value()} << 8 | (offset & 0xfcu));
    return static_cast<std::uint16_t>(kData + (offset & 3));
}

}  // namespace

std::uint8_t Mechanism1::read8(pci::Bdf where, std::uint8_t offset) { return arch::in8(select(where, offset)); }
std::uint16_t Mechanism1::read16(pci::Bdf where, std::uint8_t offset) { return arch::in16(select(where, offset)); }
std::uint32_t Mechanism1::read32(pci::Bdf where, std::uint8_t offset) { return arch::in32(select(where, offset)); }
void Mechanism1::write8(pci::Bdf where, std::uint8_t offset, std::uint8_t value) {
    arch::out8(select(where, offset), value);
}
void Mechanism1::write16(pci::Bdf where, std::uint8_t offset, std::uint16_t value) {
    arch::out16(select(where, offset), value);
}
void Mechanism1::write32(pci::Bdf where, std::uint8_t offset, std::uint32_t value) {
    arch::out32(select(where, offset), value);
}

pci::ConfigSpace& config_space() {
    static constinit Mechanism1 space;
    return space;
}

}  // namespace capos::kernel::device
