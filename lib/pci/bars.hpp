// Base address registers: what they are, where they are and how large.
#pragma once

#include <array>
#include <cstdint>

#include "lib/pci/config_space.hpp"

namespace capos::pci {

enum class BarKind : std::uint8_t { None, Io, Memory };

struct Bar {
    BarKind kind = BarKind::None;
    std::uint64_t base = 0;     // port or host-physical address; never leaves the kernel
    std::uint64_t bytes = 0;    // power of two
    bool refused = false;       // None because it was not believed

    // Whether [offset, offset + length) lies inside, without wrapping.
    constexpr bool contains(std::uint64_t offset, std::uint64_t length) const {
        return length <= bytes && offset <= bytes - length;
    }
};

inline constexpr unsigned kBarCount = 6;
// The second half of a 64-bit register is None.
using Bars = std::array<Bar, kBarCount>;

// Whether a memory window can be at [base, base + bytes), which is below 2^52.
using Decodable = bool (*)(std::uint64_t base, std::uint64_t bytes);
inline bool anywhere(std::uint64_t, std::uint64_t) { return true; }

// Sizes the six registers of a type 0 header (PCI Local Bus 3.0, 6.2.5.1). Decoding is off meanwhile and is put back,
// so the function must not be in use. A register that was given no address reads as None; one that is misaligned or does
// not fit the port range or the 52-bit physical range, or is not `decodable`, is refused.
Bars read_bars(ConfigSpace& space, Bdf where, Decodable decodable = anywhere);

}  // namespace capos::pci
