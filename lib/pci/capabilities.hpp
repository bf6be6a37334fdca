// The capability list of a function.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "lib/pci/config_space.hpp"

namespace capos::pci {

inline constexpr std::uint8_t kCapabilityMsi = 0x05;
inline constexpr std::uint8_t kCapabilityVendor = 0x09;
inline constexpr std::uint8_t kCapabilityExpress = 0x10;
inline constexpr std::uint8_t kCapabilityMsix = 0x11;
inline constexpr std::uint8_t kCapabilityAdvancedFeatures = 0x13;

struct Capability {
    std::uint8_t id = 0;
    std::uint8_t offset = 0;     // 0x40..0xfc, multiple of 4
};

// The capabilities in list order. Reading ends at the terminator, at a pointer into the header or at one that was
// followed before; the last two set damaged().
class CapabilityList {
public:
    static constexpr unsigned kMaximum = 48;         // all that fit between 0x40 and 0xff

    static CapabilityList read(ConfigSpace& space, Bdf where);

    std::span<const Capability> entries() const { return {entries_.data(), count_}; }
    // The first of its kind, or nullptr.
    const Capability* find(std::uint8_t id) const;
    bool damaged() const { return damaged_; }

private:
    std::array<Capability, kMaximum> entries_{};
    unsigned count_ = 0;
    bool damaged_ = false;
};

}  // namespace capos::pci
