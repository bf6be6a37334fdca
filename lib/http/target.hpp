// Request targets and the authorities in them (RFC 9112, section 3.2; RFC 3986, section 3.2).
#pragma once

#include <optional>
#include <string_view>

namespace capos::http {

// Path and query of a request, as they were sent: nothing is decoded, nothing normalised.
struct Target {
    std::string_view path;    // begins with '/'
    std::string_view query;   // without '?'
};

// The parts of a request target in origin form ("/path?query") or absolute form ("http://host/path?query"). Nothing for
// the other forms, for a fragment, and for an absolute form whose authority is malformed.
std::optional<Target> parse_target(std::string_view target);

// Whether `host` is what a Host field may hold here: a name, an IPv4 address or an IPv6 address in brackets, not empty,
// then optionally ':' and a port of at most 65535.
bool valid_host(std::string_view host);

}  // namespace capos::http
