#include "lib/http/connection.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "lib/http/target.hpp"

namespace capos::http {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool is_same(std::string_view text, std::string_view lower_case) {
    return std::ranges::equal(text, lower_case, {}, lower);
}

std::string_view without_trailing_space(std::string_view text) {
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

}  // namespace

// The parser's callbacks. One that returns something else than 0 stops the parser.
struct Connection::Callbacks {
    static Connection& of(http_parser* parser) { return *static_cast<Connection*>(parser->data); }

    static int url(http_parser* parser, const char* at, std::size_t length) {
        return of(parser).target_bytes({at, length});
    }
    static int field(http_parser* parser, const char* at, std::size_t length) {
        return of(parser).name_bytes({at, length});
    }
    static int value(http_parser* parser, const char* at, std::size_t length) {
        return of(parser).value_bytes({at, length});
    }
    static int head(http_parser* parser) { return of(parser).end_head(); }
    static int message(http_parser* parser) {
        Connection& connection = of(parser);
        connection.request_.keep_alive = http_should_keep_alive(parser) != 0;
        connection.state_ = State::Ready;
        http_parser_pause(parser, 1);
        return 0;
    }

    static constexpr http_parser_settings settings() {
        http_parser_settings settings{};
        settings.on_url = url;
        settings.on_header_field = field;
        settings.on_header_value = value;
        settings.on_headers_complete = head;
        settings.on_message_complete = message;
        return settings;
    }
};

Connection::Connection(const Limits& limits) : limits_(limits) {
    limits_.target_bytes = std::min<std::uint32_t>(limits_.target_bytes, kMaxTarget);
    reset();
}

void Connection::reset() {
    http_parser_init(&parser_, HTTP_REQUEST);
    parser_.data = this;
    state_ = State::Reading;
    phase_ = Phase::Target;
    request_ = {};
    head_bytes_ = body_bytes_ = fields_ = hosts_ = encodings_ = 0;
    target_length_ = name_length_ = value_length_ = host_length_ = 0;
    method_read_ = expects_continue_ = in_value_ = value_ended_ = chunked_ = false;
    field_ = Field::Other;
}

void Connection::next() {
    if (state_ == State::Ready)
        reset();
}

bool Connection::asks_for_head() const { return method_read_ && parser_.method == HTTP_HEAD; }

bool Connection::take_continue() {
    return state_ == State::Reading && phase_ == Phase::Body && std::exchange(expects_continue_, false);
}

std::size_t Connection::feed(std::span<const std::byte> bytes) {
    std::size_t taken = 0;
    while (state_ == State::Reading && taken < bytes.size()) {
        const bool in_head = phase_ != Phase::Body;
        // The parser stops before the head's last line feed and takes it as the body's first byte.
        const std::uint32_t room =
            in_head ? limits_.head_bytes - head_bytes_ : limits_.body_bytes + 1 - body_bytes_;
        if (room == 0) {
            if (phase_ == Phase::Body)
                fail(Status::ContentTooLarge, "the body is larger than this server takes");
            else
                fail(Status::HeaderFieldsTooLarge, "request line and fields are larger than this server takes");
            break;
        }
        if (in_head && head_bytes_ == 0)
            first_byte_ = static_cast<std::uint8_t>(bytes[taken]);
        const std::size_t count = parse(bytes.subspan(taken, std::min<std::size_t>(room, bytes.size() - taken)));
        (in_head ? head_bytes_ : body_bytes_) += static_cast<std::uint32_t>(count);
        taken += count;
    }
    return taken;
}

// Gives a piece to the parser, which stops early after a head, after a message and at an error.
std::size_t Connection::parse(std::span<const std::byte> bytes) {
    static constexpr http_parser_settings kSettings = Callbacks::settings();
    const char* text = reinterpret_cast<const char*>(bytes.data());
    value_end_ = nullptr;
    const std::size_t count = http_parser_execute(&parser_, &kSettings, text, bytes.size());
    switch (HTTP_PARSER_ERRNO(&parser_)) {
    case HPE_OK:
        break;
    case HPE_PAUSED:
        http_parser_pause(&parser_, 0);
        break;
    default:
        fail_parsing();
        return count;
    }
    value_ended_ = value_end_ != text + bytes.size();
    return count;
}

int Connection::fail(Status status, std::string_view why) {
    state_ = State::Failed;
    status_ = status;
    failure_ = why;
    return -1;
}

// Names the parser's own errors; a callback that refused has said more already.
int Connection::fail_parsing() {
    if (state_ == State::Failed)
        return -1;
    switch (HTTP_PARSER_ERRNO(&parser_)) {
    case HPE_INVALID_METHOD:
        if ((first_byte_ | 0x20) >= 'a' && (first_byte_ | 0x20) <= 'z')
            return fail(Status::NotImplemented, "the method is not known here");
        return fail(Status::BadRequest, "this is not HTTP");
    case HPE_INVALID_VERSION:
        return fail(Status::BadRequest, "the HTTP version is malformed");
    case HPE_INVALID_CONTENT_LENGTH:
        return fail(Status::BadRequest, "Content-Length is malformed");
    case HPE_UNEXPECTED_CONTENT_LENGTH:
        return fail(Status::BadRequest, "Content-Length stands twice or beside Transfer-Encoding");
    case HPE_INVALID_TRANSFER_ENCODING:
        return fail(Status::BadRequest, "Transfer-Encoding is malformed");
    case HPE_INVALID_CHUNK_SIZE:
        return fail(Status::BadRequest, "a chunk size is malformed");
    case HPE_INVALID_HEADER_TOKEN:
        return fail(Status::BadRequest, "a field is malformed");
    default:
        return fail(Status::BadRequest, "the request is malformed");
    }
}

int Connection::target_bytes(std::string_view piece) {
    method_read_ = true;
    if (piece.size() > limits_.target_bytes - target_length_)
        return fail(Status::UriTooLong, "the request target is longer than this server takes");
    std::memcpy(target_ + target_length_, piece.data(), piece.size());
    target_length_ += piece.size();
    return 0;
}

int Connection::name_bytes(std::string_view piece) {
    if (phase_ == Phase::Body)   // a trailer field: thrown away with the body
        return 0;
    phase_ = Phase::Fields;
    if (in_value_ && end_field() != 0)
        return -1;
    if (name_length_ == 0 && ++fields_ > limits_.fields)
        return fail(Status::HeaderFieldsTooLarge, "there are more fields than this server takes");
    for (const char character : piece) {
        if (name_length_ < sizeof(name_))
            name_[name_length_] = lower(character);
        ++name_length_;
    }
    return 0;
}

Connection::Field Connection::field_named(std::string_view name) {
    if (name == "host")
        return Field::Host;
    if (name == "transfer-encoding")
        return Field::TransferEncoding;
    if (name == "expect")
        return Field::Expect;
    return Field::Other;
}

int Connection::value_bytes(std::string_view piece) {
    if (phase_ == Phase::Body)
        return 0;
    if (in_value_ && value_ended_)
        return fail(Status::BadRequest, "a field is folded over several lines");
    if (!in_value_) {
        in_value_ = true;
        field_ = name_length_ <= sizeof(name_) ? field_named({name_, name_length_}) : Field::Other;
        value_length_ = 0;
    }
    value_end_ = piece.data() + piece.size();
    value_ended_ = true;   // unless parse() finds that the stretch of input ends here too
    if (field_ == Field::Other)
        return 0;
    if (piece.size() > kMaxValue - value_length_)
        return fail(Status::BadRequest, "Host, Expect or Transfer-Encoding is too long");
    std::memcpy(value_ + value_length_, piece.data(), piece.size());
    value_length_ += piece.size();
    return 0;
}

// A whole field has come.
int Connection::end_field() {
    const std::string_view value = without_trailing_space({value_, value_length_});
    const Field field = field_;
    in_value_ = value_ended_ = false;
    name_length_ = 0;
    field_ = Field::Other;
    switch (field) {
    case Field::Other:
        return 0;
    case Field::Host:
        if (++hosts_ > 1)
            return fail(Status::BadRequest, "there is more than one Host field");
        std::memcpy(host_, value.data(), value.size());
        host_length_ = value.size();
        return 0;
    case Field::TransferEncoding:
        if (++encodings_ > 1)
            return fail(Status::BadRequest, "there is more than one Transfer-Encoding field");
        chunked_ = is_same(value, "chunked");
        return 0;
    case Field::Expect:
        if (!is_same(value, "100-continue"))
            return fail(Status::ExpectationFailed, "only 100-continue can be expected here");
        expects_continue_ = true;
        return 0;
    }
    return 0;
}

// The head is complete: everything about the request is known but the end of its body.
int Connection::end_head() {
    if (in_value_ && end_field() != 0)
        return -1;
    if (parser_.http_major != 1)
        return fail(Status::VersionNotSupported, "this server speaks HTTP/1.1");
    if (parser_.method != HTTP_GET && parser_.method != HTTP_HEAD)
        return fail(Status::MethodNotAllowed, "only GET and HEAD are served");
    request_.method = parser_.method == HTTP_HEAD ? Method::Head : Method::Get;
    request_.minor = static_cast<std::uint8_t>(parser_.http_minor);
    if (check_host() != 0 || check_body() != 0)
        return -1;
    const auto target = parse_target({target_, target_length_});
    if (!target)
        return fail(Status::BadRequest, "the request target is malformed");
    request_.path = target->path;
    request_.query = target->query;
    request_.host = {host_, host_length_};
    parser_.upgrade = 0;   // an offer to speak something else is not taken up (RFC 9110, section 7.8)
    phase_ = Phase::Body;
    http_parser_pause(&parser_, 1);
    return 0;
}

int Connection::check_host() {
    if (hosts_ == 0 && request_.minor != 0)
        return fail(Status::BadRequest, "the request has no Host field");
    if (hosts_ != 0 && !valid_host({host_, host_length_}))
        return fail(Status::BadRequest, "the Host field is malformed");
    return 0;
}

int Connection::check_body() {
    const bool has_length = (parser_.flags & F_CONTENTLENGTH) != 0;
    if (encodings_ != 0) {
        if (request_.minor == 0 || has_length)
            return fail(Status::BadRequest, "Transfer-Encoding cannot stand in this request");
        if (!chunked_)
            return fail(Status::NotImplemented, "only the chunked transfer coding is known here");
    }
    if (has_length && parser_.content_length > limits_.body_bytes)
        return fail(Status::ContentTooLarge, "the body is larger than this server takes");
    const bool has_body = chunked_ || (has_length && parser_.content_length != 0);
    expects_continue_ = expects_continue_ && has_body && request_.minor != 0;
    return 0;
}

}  // namespace capos::http
