// Text into a fixed buffer, without allocation and without locale. What does not fit is dropped and remembered.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace capos {

// A number to be written in hexadecimal, at least `digits` wide, without "0x".
struct Hex { std::uint64_t value; unsigned digits = 1; };
// A number right-aligned in `width` columns.
struct Padded { std::uint64_t value; unsigned width; char fill = ' '; };

class TextWriter {
public:
    explicit TextWriter(std::span<char> storage) : storage_(storage) {}

    TextWriter& operator<<(std::string_view text) {
        const std::size_t room = storage_.size() - used_;
        const std::size_t count = text.size() <= room ? text.size() : room;
        if (count != 0) std::memcpy(storage_.data() + used_, text.data(), count);
        used_ += count;
        truncated_ = truncated_ || count != text.size();
        return *this;
    }
    TextWriter& operator<<(const char* text) { return *this << std::string_view(text); }
    TextWriter& operator<<(char character) { return *this << std::string_view(&character, 1); }
    template <std::unsigned_integral T>
    TextWriter& operator<<(T value) { return *this << Padded{value, 0}; }
    template <std::signed_integral T>
    TextWriter& operator<<(T value) {
        if (value < 0) *this << '-';
        const auto bits = static_cast<std::uint64_t>(value);
        return *this << Padded{value < 0 ? 0 - bits : bits, 0};
    }
    TextWriter& operator<<(Hex number) {
        char digits[16];
        unsigned count = 0;
        do {
            digits[15 - count++] = "0123456789abcdef"[number.value & 15];
            number.value >>= 4;
        } while (count < 16 && (number.value != 0 || count < number.digits));
        return *this << std::string_view(digits + 16 - count, count);
    }
    TextWriter& operator<<(Padded number) {
        char digits[20];
        unsigned count = 0;
        do {
            digits[19 - count++] = static_cast<char>('0' + number.value % 10);
            number.value /= 10;
        } while (number.value != 0);
        for (unsigned i = count; i < number.width; ++i) *this << number.fill;
        return *this << std::string_view(digits + 20 - count, count);
    }

    std::string_view view() const { return {storage_.data(), used_}; }
    std::size_t size() const { return used_; }
    bool truncated() const { return truncated_; }
    std::size_t room() const { return storage_.size() - used_; }
    void clear() { used_ = 0; truncated_ = false; }

private:
    std::span<char> storage_;
    std::size_t used_ = 0;
    bool truncated_ = false;
};

// A TextWriter with its own storage of N characters.
template <std::size_t N>
class FixedText : public TextWriter {
public:
    FixedText() : TextWriter(std::span<char>(buffer_, N)) {}
    FixedText(const FixedText&) = delete;
    FixedText& operator=(const FixedText&) = delete;

private:
    char buffer_[N];
};

}  // namespace capos
