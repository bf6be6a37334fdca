// Finding where UTF-8 breaks.
#pragma once

#include <cstddef>
#include <string_view>

namespace capos::json {

// How many bytes the well-formed UTF-8 character (Unicode 15, table 3-7) at the start of `text` takes; 0 when there is
// none: an overlong form, a surrogate, a value above U+10FFFF, a stray or missing continuation byte, or the end.
constexpr std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t index) {
        return index < text.size() ? static_cast<unsigned char>(text[index]) : 0u;
    };
    const auto continues = [&](std::size_t index) { return (byte(index) & 0xc0) == 0x80; };
    const unsigned first = byte(0);
    if (text.empty())
        return 0;
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    if (first < 0xe0)
        return continues(1) ? 2 : 0;
    if (first < 0xf0) {
        const unsigned lowest = first == 0xe0 ? 0xa0 : 0x80;
        const unsigned highest = first == 0xed ? 0x9f : 0xbf;
        return byte(1) >= lowest && byte(1) <= highest && continues(2) ? 3 : 0;
    }
    const unsigned lowest = first == 0xf0 ? 0x90 : 0x80;
    const unsigned highest = first == 0xf4 ? 0x8f : 0xbf;
    return byte(1) >= lowest && byte(1) <= highest && continues(2) && continues(3) ? 4 : 0;
}

}  // namespace capos::json
