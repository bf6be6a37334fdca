// The HTTP status codes that capOS answers with (RFC 9110, section 15).
#pragma once

#include <cstdint>
#include <string_view>

namespace capos::http {

enum class Status : std::uint16_t {
    Ok = 200,
    BadRequest = 400,
    NotFound = 404,
    MethodNotAllowed = 405,
    RequestTimeout = 408,
    ContentTooLarge = 413,
    UriTooLong = 414,
    ExpectationFailed = 417,
    HeaderFieldsTooLarge = 431,
    NotImplemented = 501,
    ServiceUnavailable = 503,
    VersionNotSupported = 505,
};

// The reason phrase of the status line.
constexpr std::string_view reason_phrase(Status status) {
    switch (status) {
    case Status::Ok: return "OK";
    case Status::BadRequest: return "Bad Request";
    case Status::NotFound: return "Not Found";
    case Status::MethodNotAllowed: return "Method Not Allowed";
    case Status::RequestTimeout: return "Request Timeout";
    case Status::ContentTooLarge: return "Content Too Large";
    case Status::UriTooLong: return "URI Too Long";
    case Status::ExpectationFailed: return "Expectation Failed";
    case Status::HeaderFieldsTooLarge: return "Request Header Fields Too Large";
    case Status::NotImplemented: return "Not Implemented";
    case Status::ServiceUnavailable: return "Service Unavailable";
    case Status::VersionNotSupported: return "HTTP Version Not Supported";
    }
    return "Unknown";
}

}  // namespace capos::http
