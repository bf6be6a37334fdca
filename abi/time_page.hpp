// The read-only page from which a holder of Timer reads the time without a call.
#pragma once

#include <cstdint>

namespace capos::abi {

// now_ns = offset_ns + ((tsc - tsc_base) * multiplier) >> shift, computed in 128 bits. `sequence` is odd while the
// kernel writes; read it before and after and repeat when it is odd or differs.
struct TimePage {
    std::uint32_t sequence;
    std::uint32_t shift;
    std::uint64_t multiplier;
    std::uint64_t tsc_base;
    std::uint64_t offset_ns;
};
static_assert(sizeof(TimePage) == 32);

}  // namespace capos::abi
