// A function's name in listings: "00:03.0".
#pragma once

#include "lib/base/text.hpp"
#include "lib/pci/config_space.hpp"

namespace capos::kernel::device {

struct Label {
    pci::Bdf where;
};

inline TextWriter& operator<<(TextWriter& out, Label label) {
    return out << Hex{label.where.bus(), 2} << ':' << Hex{label.where.device(), 2} << '.'
               << Hex{label.where.function(), 1};
}

}  // namespace capos::kernel::device
