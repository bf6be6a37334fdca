// The receiving half of one HTTP/1.1 connection (RFC 9112): bytes go in, one request at a time comes out.
#pragma once

#include <http_parser.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "lib/http/request.hpp"
#include "lib/http/status.hpp"

namespace capos::http {

// What must be sent when take_continue() says so.
inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// Usage: feed() what was read until state() is Ready; answer request(); next(); feed() the bytes that were not taken,
// and so on. On Failed, answer status() with failure() and close. Nothing is allocated; a request that breaks the
// syntax, a limit or a rule below is never Ready.
//
// Refused: methods other than GET and HEAD (405; 501 when unknown), versions other than 1.x (505), no Host or two or a
// malformed one (400; HTTP/1.0 may omit it), an expectation other than 100-continue (417), Transfer-Encoding together
// with Content-Length, twice, or in HTTP/1.0 (400), other codings than chunked (501), line folding (400), and what is
// larger than the limits. A body is read and thrown away.
class Connection {
public:
    enum class State : std::uint8_t { Reading, Ready, Failed };

    explicit Connection(const Limits& limits = {});
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Takes bytes up to the end of one request; how many. 0 unless the state is Reading.
    std::size_t feed(std::span<const std::byte> bytes);

    State state() const { return state_; }

    // The request, while Ready. Its text lies in this object.
    const Request& request() const { return request_; }

    // The status to refuse with and why, in words for the client, while Failed.
    Status status() const { return status_; }
    std::string_view failure() const { return failure_; }

    // The request is a HEAD, as far as it has come: its answer has no body, also when it is refused.
    bool asks_for_head() const;

    // Ready for the following request. Only while Ready.
    void next();

    // No byte of the next request has come.
    bool idle() const { return state_ == State::Reading && head_bytes_ == 0; }

    // True once for a request whose sender waits for kContinue before it sends the body (RFC 9110, section 10.1.1).
    bool take_continue();

private:
    struct Callbacks;
    enum class Phase : std::uint8_t { Target, Fields, Body };
    enum class Field : std::uint8_t { Other, Host, TransferEncoding, Expect };

    void reset();
    std::size_t parse(std::span<const std::byte> bytes);
    int fail(Status status, std::string_view why);
    int fail_parsing();

    int target_bytes(std::string_view piece);
    int name_bytes(std::string_view piece);
    int value_bytes(std::string_view piece);
    int end_field();
    int end_head();
    int check_host();
    int check_body();

    static Field field_named(std::string_view lower_case_name);

    Limits limits_;
    http_parser parser_;
    State state_ = State::Reading;
    Phase phase_ = Phase::Target;
    Request request_;
    Status status_ = Status::Ok;
    std::string_view failure_;

    std::uint32_t head_bytes_ = 0;
    std::uint32_t body_bytes_ = 0;
    bool method_read_ = false;       // whole: the parser settles for one at its first letters
    bool expects_continue_ = false;
    std::uint8_t first_byte_ = 0;

    // The field being received. A value comes in pieces; a second piece that does not continue the first one without a
    // gap is a folded line.
    std::uint32_t fields_ = 0;
    bool in_value_ = false;
    bool value_ended_ = false;
    const char* value_end_ = nullptr;
    Field field_ = Field::Other;
    std::uint32_t hosts_ = 0;
    std::uint32_t encodings_ = 0;
    bool chunked_ = false;

    std::size_t target_length_ = 0;
    std::size_t name_length_ = 0;
    std::size_t value_length_ = 0;
    std::size_t host_length_ = 0;
    char target_[kMaxTarget];
    char host_[kMaxValue];
    char value_[kMaxValue];
    char name_[24];
};

}  // namespace capos::http
