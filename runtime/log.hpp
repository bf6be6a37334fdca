// Log lines: rt::log_info("listening on port {}", port). `{}` takes the next argument, `{:x}` in hexadecimal.
// Arguments are integers, booleans, characters, text and Error. A line longer than 240 bytes is cut.
//
// A line is queued on the ring and costs no wait. When too many are outstanding it is dropped and counted; the next
// line that goes out says how many.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <type_traits>

#include "abi/error.hpp"
#include "lib/base/text.hpp"

namespace capos::rt {

class FormatArgument {
public:
    FormatArgument(std::string_view text) : kind_(Kind::Text), text_(text) {}
    FormatArgument(const char* text) : FormatArgument(std::string_view(text)) {}
    FormatArgument(bool value) : FormatArgument(value ? "true" : "false") {}
    FormatArgument(char value) : kind_(Kind::Character), bits_(static_cast<unsigned char>(value)) {}
    FormatArgument(Error error) : FormatArgument(error_name(error)) {}
    template <std::unsigned_integral T>
    FormatArgument(T value) : kind_(Kind::Unsigned), bits_(value) {}
    template <std::signed_integral T>
    FormatArgument(T value) : kind_(Kind::Signed), bits_(static_cast<std::uint64_t>(static_cast<std::int64_t>(value))) {}
    template <class T>
        requires std::is_enum_v<T>
    FormatArgument(T value) : FormatArgument(static_cast<std::underlying_type_t<T>>(value)) {}

    void write(TextWriter& out, bool hexadecimal) const;

private:
    enum class Kind : std::uint8_t { Text, Character, Unsigned, Signed };
    Kind kind_;
    std::string_view text_;
    std::uint64_t bits_ = 0;
};

// The text with its arguments put in.
void format_to(TextWriter& out, std::string_view format, std::span<const FormatArgument> arguments);
template <class... Arguments>
void format_to(TextWriter& out, std::string_view format, const Arguments&... arguments) {
    const FormatArgument list[sizeof...(Arguments) + 1] = {FormatArgument(arguments)..., FormatArgument("")};
    format_to(out, format, std::span<const FormatArgument>(list, sizeof...(Arguments)));
}

enum class LogLevel : std::uint16_t { Info = 0, Warning = 1, Error = 2 };

inline constexpr std::size_t kLogLineBytes = 240;

// One line. Without a grant named "log" it has no effect.
void log_line(LogLevel level, std::string_view text);

namespace detail {
void log_formatted(LogLevel level, std::string_view format, std::span<const FormatArgument> arguments);
// From start.cpp: the handle of the grant "log".
void set_log(std::uint64_t handle);
}  // namespace detail

template <class... Arguments>
void log_at(LogLevel level, std::string_view format, const Arguments&... arguments) {
    const FormatArgument list[sizeof...(Arguments) + 1] = {FormatArgument(arguments)..., FormatArgument("")};
    detail::log_formatted(level, format, std::span<const FormatArgument>(list, sizeof...(Arguments)));
}
template <class... Arguments>
void log_info(std::string_view format, const Arguments&... arguments) {
    log_at(LogLevel::Info, format, arguments...);
}
template <class... Arguments>
void log_warning(std::string_view format, const Arguments&... arguments) {
    log_at(LogLevel::Warning, format, arguments...);
}
template <class... Arguments>
void log_error(std::string_view format, const Arguments&... arguments) {
    log_at(LogLevel::Error, format, arguments...);
}

}  // namespace capos::rt
