// Function-level reset: the reset that a function's own registers do not have to cooperate in.
#pragma once

#include <array>
#include <cstdint>

#include "lib/pci/capabilities.hpp"
#include "lib/pci/config_space.hpp"

namespace capos::pci {

// After begin() the function is left alone for this long (PCI Express 3.0, 6.6.2; Advanced Features ECN).
inline constexpr std::uint64_t kLevelResetNs = 100'000'000;

// What a function offers, and the registers that a reset takes away, as they were when this was read.
class LevelReset {
public:
    LevelReset() = default;
    // Looks for it in the PCI Express capability, then in Advanced Features.
    static LevelReset read(ConfigSpace& space, Bdf where, const CapabilityList& capabilities);

    bool offered() const { return kind_ != Kind::None; }
    // offered(). Takes decoding, interrupts and bus mastering away and starts the reset.
    void begin(ConfigSpace& space, Bdf where);
    // kLevelResetNs later: BARs, interrupt line and PCI Express device control as they were. The command register stays clear but for
    // the interrupt disable bit.
    void restore(ConfigSpace& space, Bdf where);

private:
    enum class Kind : std::uint8_t { None, Express, AdvancedFeatures };

    Kind kind_ = Kind::None;
    std::uint8_t capability_ = 0;
    std::uint8_t interrupt_line_ = 0xff;
    std::uint16_t express_control_ = 0;
    std::array<std::uint32_t, 6> bars_{};
};

}  // namespace capos::pci
