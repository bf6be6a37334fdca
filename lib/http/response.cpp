#include "lib/http/response.hpp"

namespace capos::http {

void write_head(TextWriter& out, const Response& response) {
    out << "HTTP/1.1 " << static_cast<std::uint16_t>(response.status) << ' ' << reason_phrase(response.status)
        << "\r\nContent-Length: " << response.content_length
        << "\r\nConnection: " << (response.keep_alive ? "keep-alive" : "close");
    if (!response.content_type.empty())
        out << "\r\nContent-Type: " << response.content_type;
    if (response.status == Status::MethodNotAllowed)
        out << "\r\nAllow: GET, HEAD";
    if (response.status == Status::ServiceUnavailable)
        out << "\r\nRetry-After: 1";
    out << "\r\nCache-Control: " << response.cache_control
        << "\r\nContent-Security-Policy: " << response.security_policy
        << "\r\nX-Content-Type-Options: nosniff"
           "\r\nX-Frame-Options: DENY"
           "\r\nReferrer-Policy: no-referrer"
           "\r\n\r\n";
}

void write_refusal(TextWriter& out, Status status, std::string_view why, bool keep_alive, bool with_body) {
    FixedText<256> body;
    body << static_cast<std::uint16_t>(status) << ' ' << reason_phrase(status) << ": " << why.substr(0, 200) << '\n';
    Response response;
    response.status = status;
    response.content_type = "text/plain; charset=utf-8";
    response.content_length = body.size();
    response.keep_alive = keep_alive;
    write_head(out, response);
    if (with_body)
        out << body.view();
}

}  // namespace capos::http
