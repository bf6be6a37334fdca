// strtol and its family under their C names.
#include "lib/libc/src/number_functions.hpp"

#include <stdlib.h>

using capos::libc::ParsedNumber;
using capos::libc::parse_number;
using capos::libc::signed_value;

namespace {

ParsedNumber parse(const char* text, char** end, int base) {
    const ParsedNumber number = parse_number(text, base);
    if (end != nullptr)
        *end = const_cast<char*>(number.end);
    return number;
}

unsigned long long unsigned_value(const ParsedNumber& number) {
    return number.negative && number.magnitude != ~0ull ? 0 - number.magnitude : number.magnitude;
}

}  // namespace

extern "C" {

long strtol(const char* __restrict text, char** __restrict end, int base) noexcept {
    return signed_value(parse(text, end, base));
}
long long strtoll(const char* __restrict text, char** __restrict end, int base) noexcept {
    return signed_value(parse(text, end, base));
}
unsigned long strtoul(const char* __restrict text, char** __restrict end, int base) noexcept {
    return unsigned_value(parse(text, end, base));
}
unsigned long long strtoull(const char* __restrict text, char** __restrict end, int base) noexcept {
    return unsigned_value(parse(text, end, base));
}
int atoi(const char* text) noexcept { return static_cast<int>(signed_value(parse_number(text, 10))); }
long atol(const char* text) noexcept { return signed_value(parse_number(text, 10)); }
long long atoll(const char* text) noexcept { return signed_value(parse_number(text, 10)); }

}  // extern "C"
