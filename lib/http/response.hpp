// The head of a response, and whole small ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lib/base/text.hpp"
#include "lib/http/status.hpp"

namespace capos::http {

// A response's head never takes more than this.
inline constexpr std::size_t kMaxResponseHead = 1024;

// The policy of everything that is not a page: nothing may run, load or frame it.
inline constexpr std::string_view kStrictPolicy = "default-src 'none'; frame-ancestors 'none'";

struct Response {
    Status status = Status::Ok;
    std::string_view content_type;                       // e.g. "application/json"; charset included where it matters
    std::uint64_t content_length = 0;                    // bytes of body, also in answer to HEAD
    std::string_view cache_control = "no-store";
    std::string_view security_policy = kStrictPolicy;    // Content-Security-Policy
    bool keep_alive = true;
};

// Writes the status line, the fields and the empty line. Allow is added to 405, Retry-After to 503; there is no Date,
// because the machine has no clock of the outside world (RFC 9110, section 6.6.1). The texts must be the program's own:
// they are written as they are.
void write_head(TextWriter& out, const Response& response);

// Writes a whole text/plain response, head and body: "404 Not Found: no such page". No body when `with_body` is false
// (an answer to HEAD), its length all the same. `why` is cut to 200 bytes.
void write_refusal(TextWriter& out, Status status, std::string_view why, bool keep_alive, bool with_body = true);

}  // namespace capos::http
