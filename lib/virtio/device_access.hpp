// One register access of a width chosen at run time.
#pragma once

#include <cstdint>

#include "lib/virtio/register_window.hpp"

namespace capos::virtio {

// Whether an access of `width` (1, 2 or 4) at `offset` is aligned and ends within `bytes`.
constexpr bool is_valid_access(std::uint32_t offset, std::uint8_t width, std::uint32_t bytes) {
    return (width == 1 || width == 2 || width == 4) && offset % width == 0 && width <= bytes &&
           offset <= bytes - width;
}

inline std::uint32_t read_width(RegisterWindow& window, std::uint32_t offset, std::uint8_t width) {
    switch (width) {
    case 1: return window.read8(offset);
    case 2: return window.read16(offset);
    default: return window.read32(offset);
    }
}

}  // namespace capos::virtio
