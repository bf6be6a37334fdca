// Numbers from text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace capos::text {

// The number that `text` is: decimal digits only, at least one, at most `limit`.
constexpr std::optional<std::uint64_t> parse_decimal(std::string_view text, std::uint64_t limit) {
    if (text.empty())
        return std::nullopt;
    std::uint64_t value = 0;
    for (const char character : text) {
        if (character < '0' || character > '9')
            return std::nullopt;
        const auto digit = static_cast<std::uint64_t>(character - '0');
        if (value > (limit - digit) / 10 || digit > limit)
            return std::nullopt;
        value = value * 10 + digit;
    }
    return value;
}

}  // namespace capos::text
