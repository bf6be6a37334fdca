// 128-bit division under the names that the compiler calls.
#include "lib/libc/src/division_functions.hpp"

using capos::libc::divide;
using capos::libc::Wide128;

namespace {

Wide128 magnitude(__int128 value) {
    return value < 0 ? -static_cast<Wide128>(value) : static_cast<Wide128>(value);
}

}  // namespace

extern "C" {

Wide128 __udivti3(Wide128 dividend, Wide128 divisor) { return divide(dividend, divisor).quotient; }
Wide128 __umodti3(Wide128 dividend, Wide128 divisor) { return divide(dividend, divisor).remainder; }

__int128 __divti3(__int128 dividend, __int128 divisor) {
    const Wide128 quotient = divide(magnitude(dividend), magnitude(divisor)).quotient;
    return static_cast<__int128>((dividend < 0) != (divisor < 0) ? -quotient : quotient);
}

__int128 __modti3(__int128 dividend, __int128 divisor) {
    const Wide128 remainder = divide(magnitude(dividend), magnitude(divisor)).remainder;
    return static_cast<__int128>(dividend < 0 ? -remainder : remainder);
}

}  // extern "C"
