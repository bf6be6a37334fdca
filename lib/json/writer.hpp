// JSON (RFC 8259) written as it is known, into storage of the caller's. No allocation, nothing to build first.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "lib/base/result.hpp"
#include "lib/base/text.hpp"

namespace capos::json {

// Containers may nest this deep.
inline constexpr unsigned kMaxDepth = 16;

// Writes one JSON value. Commas, colons and escapes are its work; text that is not UTF-8 comes out with U+FFFD where it
// breaks. Too little storage, too deep nesting, or calls in an order that makes no JSON are remembered, and finish()
// says so; nothing is ever written outside the storage.
class Writer {
public:
    explicit Writer(std::span<char> storage) : storage_(storage) {}

    Writer& begin_object() { return begin('{', true); }
    Writer& end_object() { return end('}', true); }
    Writer& begin_array() { return begin('[', false); }
    Writer& end_array() { return end(']', false); }

    // The name of the next member of an object.
    Writer& key(std::string_view name);

    Writer& value(std::string_view text);
    Writer& value(const char* text) { return value(std::string_view(text)); }
    Writer& value(bool truth) { return literal(truth ? "true" : "false"); }
    template <std::integral Number>
        requires(!std::same_as<Number, bool>)
    Writer& value(Number number) {
        FixedText<24> digits;
        if constexpr (std::signed_integral<Number>)
            digits << static_cast<std::int64_t>(number);
        else
            digits << static_cast<std::uint64_t>(number);
        return literal(digits.view());
    }
    Writer& null() { return literal("null"); }

    // A string that a TextWriter prints in at most 128 characters.
    template <class Printed>
    Writer& text(const Printed& printed) {
        FixedText<128> buffer;
        static_cast<TextWriter&>(buffer) << printed;
        return value(buffer.view());
    }

    // A member of an object.
    template <class Value>
    Writer& member(std::string_view name, const Value& member_value) {
        return key(name).value(member_value);
    }
    template <class Printed>
    Writer& text_member(std::string_view name, const Printed& printed) {
        return key(name).text(printed);
    }

    // What was written, a whole JSON value. Overflow: the storage was too small. TooDeep: nested deeper than kMaxDepth.
    // Malformed: the calls made no single JSON value.
    Result<std::string_view> finish() const;

    // The state at one moment, to return to when what follows turns out not to fit.
    class Mark {
        friend class Writer;
        std::size_t used_ = 0;
        unsigned depth_ = 0;
        std::uint32_t objects_ = 0;
        std::uint32_t occupied_ = 0;
        bool keyed_ = false;
        Error error_ = Error::None;
    };
    Mark mark() const { return state_; }
    // Forgets everything since the mark, errors too.
    void rewind(const Mark& mark) { state_ = mark; }
    // What went wrong so far; None when nothing has.
    Error error() const { return state_.error_; }
    std::size_t size() const { return state_.used_; }

private:
    Writer& begin(char bracket, bool object);
    Writer& end(char bracket, bool object);
    Writer& literal(std::string_view text);
    bool before_value();
    void put(std::string_view text);
    void put_string(std::string_view text);
    void fail(Error error);

    // objects_ and occupied_ hold one bit a level: it is an object; it has a member or an element already.
    bool in_object() const { return (state_.objects_ >> state_.depth_ & 1) != 0; }
    bool occupied() const { return (state_.occupied_ >> state_.depth_ & 1) != 0; }

    std::span<char> storage_;
    Mark state_;
};

}  // namespace capos::json
