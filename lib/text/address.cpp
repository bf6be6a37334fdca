#include "lib/text/address.hpp"

#include "lib/text/number.hpp"

namespace capos::text {

TextWriter& operator<<(TextWriter& out, Ipv4 address) {
    const std::uint32_t value = address.address;
    return out << (value >> 24) << '.' << (value >> 16 & 255) << '.' << (value >> 8 & 255) << '.' << (value & 255);
}

TextWriter& operator<<(TextWriter& out, Ipv4Network network) {
    return out << Ipv4{network.address} << '/' << network.prefix;
}

TextWriter& operator<<(TextWriter& out, Mac mac) {
    for (std::size_t i = 0; i < mac.bytes.size(); ++i) {
        if (i != 0)
            out << ':';
        out << Hex{static_cast<std::uint8_t>(mac.bytes[i]), 2};
    }
    return out;
}

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
    std::uint32_t address = 0;
    for (int part = 0; part < 4; ++part) {
        const std::size_t end = part < 3 ? text.find('.') : text.size();
        if (end == std::string_view::npos)
            return std::nullopt;
        const auto number = parse_decimal(text.substr(0, end), 255);
        if (!number || (end > 1 && text[0] == '0'))
            return std::nullopt;
        address = address << 8 | static_cast<std::uint32_t>(*number);
        text.remove_prefix(part < 3 ? end + 1 : end);
    }
    return address;
}

}  // namespace capos::text
