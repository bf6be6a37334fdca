#include "lib/http/target.hpp"

#include <algorithm>
#include <cstdint>

namespace capos::http {

namespace {

constexpr std::string_view kScheme = "http://";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// reg-name: unreserved, sub-delims and %XX (RFC 3986, section 3.2.2).
bool is_name(std::string_view name) {
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        if (c == '%') {
            if (i + 2 >= name.size() || !is_hex(name[i + 1]) || !is_hex(name[i + 2]))
                return false;
            i += 2;
        } else if (!is_letter(c) && !is_digit(c) && !std::string_view("-._~!$&'()*+,;=").contains(c)) {
            return false;
        }
    }
    return !name.empty();
}

// What may stand between the brackets: enough to be an IPv6 address, with its dotted tail.
bool is_bracketed_address(std::string_view address) {
    return address.size() >= 2 && address.size() <= 45 && address.contains(':') &&
           std::ranges::all_of(address, [](char c) { return is_hex(c) || c == ':' || c == '.'; });
}

bool is_port(std::string_view port) {
    std::uint32_t number = 0;
    for (const char c : port) {
        if (!is_digit(c))
            return false;
        number = number * 10 + static_cast<std::uint32_t>(c - '0');
        if (number > 65535)
            return false;
    }
    return true;
}

}  // namespace

bool valid_host(std::string_view host) {
    if (host.starts_with('[')) {
        const std::size_t end = host.find(']');
        if (end == std::string_view::npos || !is_bracketed_address(host.substr(1, end - 1)))
            return false;
        const std::string_view rest = host.substr(end + 1);
        return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
    }
    const std::size_t colon = host.find(':');
    if (!is_name(host.substr(0, colon)))
        return false;
    return colon == std::string_view::npos || is_port(host.substr(colon + 1));
}

std::optional<Target> parse_target(std::string_view target) {
    if (target.contains('#'))
        return std::nullopt;
    if (!target.starts_with('/')) {
        if (!std::ranges::equal(target.substr(0, kScheme.size()), kScheme, {}, lower))
            return std::nullopt;
        target.remove_prefix(kScheme.size());
        const std::size_t end = std::min(target.find_first_of("/?"), target.size());
        if (!valid_host(target.substr(0, end)))
            return std::nullopt;
        target.remove_prefix(end);
    }
    const std::size_t mark = std::min(target.find('?'), target.size());
    Target parts{target.substr(0, mark), target.substr(std::min(mark + 1, target.size()))};
    if (parts.path.empty())
        parts.path = "/";
    return parts;
}

}  // namespace capos::http
