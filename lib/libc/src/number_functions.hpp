// Text to integer, as C11, 7.22.1 has it, without errno: a value out of range saturates.
#pragma once

namespace capos::libc {

struct ParsedNumber {
    unsigned long long magnitude;   // saturated at the largest value
    bool negative;
    const char* end;                // the first character that is not part of the number; `text` when there is none
};

inline int digit_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'Z')
        return c - 'A' + 10;
    return 99;
}

// `base` is 2..36, or 0 for decimal, 0x hexadecimal or 0 octal as the text says.
inline ParsedNumber parse_number(const char* text, int base) {
    const char* at = text;
    while (*at == ' ' || (*at >= '\t' && *at <= '\r'))
        ++at;
    const bool negative = *at == '-';
    if (*at == '-' || *at == '+')
        ++at;
    if ((base == 0 || base == 16) && at[0] == '0' && (at[1] == 'x' || at[1] == 'X') && digit_value(at[2]) < 16) {
        at += 2;
        base = 16;
    } else if (base == 0) {
        base = *at == '0' ? 8 : 10;
    }
    unsigned long long magnitude = 0;
    const char* const first = at;
    for (; digit_value(*at) < base; ++at) {
        unsigned long long scaled;
        if (__builtin_mul_overflow(magnitude, static_cast<unsigned>(base), &scaled) ||
            __builtin_add_overflow(scaled, static_cast<unsigned>(digit_value(*at)), &magnitude))
            magnitude = ~0ull;
    }
    return {magnitude, negative, at == first ? text : at};
}

inline long long signed_value(const ParsedNumber& number) {
    constexpr unsigned long long kLargest = ~0ull >> 1;
    if (number.negative)
        return number.magnitude > kLargest ? -static_cast<long long>(kLargest) - 1
                                           : -static_cast<long long>(number.magnitude);
    return static_cast<long long>(number.magnitude > kLargest ? kLargest : number.magnitude);
}

}  // namespace capos::libc
