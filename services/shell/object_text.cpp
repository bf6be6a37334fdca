#include "services/shell/object_text.hpp"

#include <cstdint>
#include <optional>

#include "lib/text/number.hpp"

namespace capos::shell {

namespace {

constexpr std::string_view kReference = "reference to ";

// "17" or "0x11".
std::optional<std::uint64_t> parse_number(std::string_view digits) {
    if (!digits.starts_with("0x"))
        return text::parse_decimal(digits, ~std::uint64_t{0});
    digits.remove_prefix(2);
    if (digits.empty() || digits.size() > 16)
        return std::nullopt;
    std::uint64_t value = 0;
    for (const char digit : digits) {
        if (digit >= '0' && digit <= '9')
            value = value << 4 | static_cast<std::uint64_t>(digit - '0');
        else if (digit >= 'a' && digit <= 'f')
            value = value << 4 | static_cast<std::uint64_t>(digit - 'a' + 10);
        else
            return std::nullopt;
    }
    return value;
}

void describe_listening(TextWriter& out, std::uint64_t scope) {
    const auto low = static_cast<std::uint16_t>(scope);
    const auto high = static_cast<std::uint16_t>(scope >> 16);
    const std::uint64_t connections = scope >> 32;
    if (low == high)
        out << ", port " << low;
    else
        out << ", ports " << low << " to " << high;
    if (connections != 0)
        out << ", " << connections << " connections";
}

}  // namespace

void describe_object(TextWriter& out, std::string_view interface, std::string_view label) {
    if (!label.starts_with(kReference)) {
        out << label;
        return;
    }
    label.remove_prefix(kReference.size());
    const std::size_t mark = label.rfind(" #");
    if (interface != "TcpListenAuthority" || mark == std::string_view::npos) {
        out << label;
        return;
    }
    const std::string_view after = label.substr(mark + 2);        // the number, and " (dead)" perhaps
    const std::string_view digits = after.substr(0, after.find(' '));
    const auto scope = parse_number(digits);
    if (!scope) {
        out << label;
        return;
    }
    out << label.substr(0, mark);
    describe_listening(out, *scope);
    out << after.substr(digits.size());
}

}  // namespace capos::shell
