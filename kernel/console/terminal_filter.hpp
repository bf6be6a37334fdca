// What terminal text becomes before it reaches the serial port: only printable text, CR, LF, BS, TAB and a short list
// of CSI sequences pass, and nothing that begins a line can look like a line of the kernel's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace capos::kernel {

class TerminalFilter {
public:
    // Filters one byte; calls put(char) for each that goes out. Text that so far matches a reserved prefix at the
    // start of a line is held back until it differs (then it goes out) or matches whole (then a space goes first).
    template <class Put>
    void byte(char c, Put&& put) {
        switch (state_) {
        case State::Text: return text(c, put);
        case State::Escape:
            if (c == '[') {
                state_ = State::Sequence;
                length_ = 0;
                return;
            }
            state_ = State::Text;
            emit('?', put);
            return text(c, put);
        case State::Sequence: return sequence(c, put);
        }
    }

    // Column the next character goes to, as far as the text itself tells.
    std::uint32_t column() const { return column_; }
    // A line of somebody else's was written: the cursor is at the start of a line.
    void moved_to_line_start() { column_ = 0; }

private:
    enum class State : std::uint8_t { Text, Escape, Sequence };
    static constexpr std::string_view kReserved[] = {"[", "cloudboot-evidence:", "capos kernel"};

    template <class Put>
    void text(char c, Put&& put) {
        if (c == '\x1b') {
            state_ = State::Escape;
            return;
        }
        if (c == '\r' || c == '\n') {
            release(put);
            put(c);
            column_ = 0;
            return;
        }
        if (c == '\b') {
            release(put);
            put(c);
            if (column_ != 0) --column_;
            return;
        }
        if (c != '\t' && (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f)) c = '?';
        emit(c, put);
    }

    // A printable character: straight out, unless it stands at the start of a line or continues what is held.
    template <class Put>
    void emit(char c, Put&& put) {
        if (column_ != 0 && held_ == 0) {
            put(c);
            ++column_;
            return;
        }
        hold_[held_++] = c;
        const std::string_view so_far(hold_, held_);
        bool could_be = false;
        for (std::string_view reserved : kReserved) {
            if (so_far == reserved) {
                put(' ');
                ++column_;
                return release(put);
            }
            could_be = could_be || reserved.starts_with(so_far);
        }
        if (!could_be) release(put);
    }

    template <class Put>
    void release(Put&& put) {
        for (std::uint32_t i = 0; i < held_; ++i) put(hold_[i]);
        column_ += held_;
        held_ = 0;
    }

    // Digits and ';' up to a final letter; K J C D A B H m pass.
    template <class Put>
    void sequence(char c, Put&& put) {
        const bool parameter = (c >= '0' && c <= '9') || c == ';';
        if (parameter && length_ < sizeof(parameters_)) {
            parameters_[length_++] = c;
            return;
        }
        state_ = State::Text;
        if (parameter || std::string_view("KJCDABHm").find(c) == std::string_view::npos) return emit('?', put);
        release(put);
        put('\x1b');
        put('[');
        std::uint32_t count = 0;
        for (std::uint32_t i = 0; i < length_; ++i) {
            put(parameters_[i]);
            if (parameters_[i] >= '0' && parameters_[i] <= '9' && count < 10000)
                count = count * 10 + static_cast<std::uint32_t>(parameters_[i] - '0');
        }
        put(c);
        if (count == 0) count = 1;
        if (c == 'C') column_ += count;
        if (c == 'D') column_ -= count < column_ ? count : column_;
        if (c == 'H' || c == 'A' || c == 'B') column_ = 0;    // may be anywhere: be careful again
    }

    State state_ = State::Text;
    std::uint32_t column_ = 0;
    std::uint32_t held_ = 0;
    std::uint32_t length_ = 0;
    char hold_[24];
    char parameters_[8];
};

}  // namespace capos::kernel
