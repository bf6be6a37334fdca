// A request as a server sees it, and how large one may be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace capos::http {

inline constexpr std::size_t kMaxTarget = 1024;   // bytes of a request target
inline constexpr std::size_t kMaxValue = 256;     // bytes of a field value that matters here

enum class Method : std::uint8_t { Get, Head };

struct Request {
    Method method = Method::Get;
    std::string_view path;        // as sent, begins with '/'
    std::string_view query;       // as sent, without '?'
    std::string_view host;        // as sent; empty only in HTTP/1.0
    std::uint8_t minor = 1;       // HTTP/1.minor
    bool keep_alive = true;       // the client would have the connection stay
};

// What one request may take. Beyond it: 431, 414, 431 and 413.
struct Limits {
    std::uint32_t head_bytes = 8192;            // request line and fields, with every line end
    std::uint32_t target_bytes = kMaxTarget;    // at most kMaxTarget
    std::uint32_t fields = 64;
    std::uint32_t body_bytes = 4096;            // as transferred, chunk framing and trailers included; it is thrown away
};

}  // namespace capos::http
