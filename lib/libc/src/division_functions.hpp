// 128-bit division, which the compiler calls out for.
#pragma once

#include <cstdint>

namespace capos::libc {

using Wide128 = unsigned __int128;

struct Division {
    Wide128 quotient;
    Wide128 remainder;
};

// One 128-by-64 division; `high` is below `divisor`, so the quotient fits (Intel SDM, DIV).
inline std::uint64_t divide_step(std::uint64_t high, std::uint64_t low, std::uint64_t divisor, std::uint64_t& remainder) {
    std::uint64_t quotient;
    asm("divq %4" : "=a"(quotient), "=d"(remainder) : "0"(low), "1"(high), "r"(divisor) : "cc");
    return quotient;
}

// `divisor` is not 0; the caller's division by zero faults here as it would in hardware.
inline Division divide(Wide128 dividend, Wide128 divisor) {
    const auto high = static_cast<std::uint64_t>(dividend >> 64);
    const auto low = static_cast<std::uint64_t>(dividend);
    if (divisor >> 64 == 0) {
        const auto by = static_cast<std::uint64_t>(divisor);
        std::uint64_t rest = 0;
        const std::uint64_t upper = divide_step(0, high, by, rest);
        const std::uint64_t lower = divide_step(rest, low, by, rest);
        return {(static_cast<Wide128>(upper) << 64) | lower, rest};
    }
    if (dividend < divisor)
        return {0, dividend};
    // The divisor has more than 64 bits, so the quotient has fewer: shift and subtract.
    int shift = __builtin_clzll(static_cast<std::uint64_t>(divisor >> 64)) - __builtin_clzll(high);
    Wide128 quotient = 0;
    for (divisor <<= shift; shift >= 0; --shift, divisor >>= 1) {
        quotient <<= 1;
        if (dividend >= divisor) {
            dividend -= divisor;
            quotient |= 1;
        }
    }
    return {quotient, dividend};
}

}  // namespace capos::libc
