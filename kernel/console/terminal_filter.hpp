// What terminal text becomes before it reaches the serial port: only printable text, CR, LF, BS, TAB and a short list
// of CSI sequences pass, and nothing that begins a line can look like a line of the kernel's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace capos::kernel {

// What lines of the kernel's and evidence lines begin with (docs: serial output).
inline constexpr std::string_view kReservedPrefixes[] = {"[", "cloudboot-evidence:", "capos kernel"};

inline bool starts_reserved(std::string_view text) {
    for (std::string_view prefix : kReservedPrefixes)
        if (text.starts_with(prefix)) return true;
    return false;
}

// Starts with a reserved prefix, or does once more text follows.
inline bool may_become_reserved(std::string_view text) {
    for (std::string_view prefix : kReservedPrefixes)
        if (prefix.starts_with(text)) return true;
    return starts_reserved(text);
}

class TerminalFilter {
public:
    // Filters one byte. What goes out is told to the sink: sink.character(c) for printable text, CR, LF, BS and TAB,
    // sink.sequence(text, parameter, final) for a control sequence, whole, with its first parameter.
    // Text that so far matches a reserved prefix at the start of a line is held back until it differs (then it goes
    // out) or matches whole (then a space goes first).
    template <class Sink>
    void byte(char c, Sink& sink) {
        switch (state_) {
        case State::Text: return text(c, sink);
        case State::Escape:
            if (c == '[') {
                state_ = State::Sequence;
                length_ = 2;
                return;
            }
            state_ = State::Text;
            emit('?', sink);
            return text(c, sink);
        case State::Sequence: return sequence(c, sink);
        }
    }

    // A line of somebody else's was written: the cursor is at the start of a line.
    void moved_to_line_start() { column_ = 0; }

private:
    enum class State : std::uint8_t { Text, Escape, Sequence };
    static constexpr std::uint32_t kNarrowest = 80;   // columns that a terminal has at least

    template <class Sink>
    void text(char c, Sink& sink) {
        if (c == '\x1b') {
            state_ = State::Escape;
            return;
        }
        if (c == '\r' || c == '\n') {
            release(sink);
            sink.character(c);
            column_ = 0;
            return;
        }
        if (c == '\b') {
            release_apart(sink);
            sink.character(c);
            move_left(1);
            return;
        }
        if (c != '\t' && (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f)) c = '?';
        emit(c, sink);
    }

    // A printable character: straight out, unless it stands at the start of a line or continues what is held.
    template <class Sink>
    void emit(char c, Sink& sink) {
        if (column_ != 0 && held_ == 0) {
            sink.character(c);
            ++column_;
            return;
        }
        hold_[held_++] = c;
        const std::string_view so_far(hold_, held_);
        if (starts_reserved(so_far)) return release_apart(sink);
        if (!may_become_reserved(so_far)) release(sink);
    }

    template <class Sink>
    void release(Sink& sink) {
        for (std::uint32_t i = 0; i < held_; ++i) sink.character(hold_[i]);
        column_ += held_;
        held_ = 0;
    }

    // Releases with a space before it: what is held may yet be made a prefix, by whatever comes with the cursor moved.
    template <class Sink>
    void release_apart(Sink& sink) {
        if (held_ == 0) return;
        sink.character(' ');
        ++column_;
        release(sink);
    }

    // Digits and ';' up to a final letter; K J C D A B H m pass.
    template <class Sink>
    void sequence(char c, Sink& sink) {
        const bool parameter = (c >= '0' && c <= '9') || c == ';';
        if (parameter && length_ + 1 < sizeof(sequence_)) {
            sequence_[length_++] = c;
            return;
        }
        state_ = State::Text;
        if (parameter || std::string_view("KJCDABHm").find(c) == std::string_view::npos) return emit('?', sink);
        release_apart(sink);
        sequence_[length_++] = c;
        const std::string_view whole(sequence_, length_);
        std::uint32_t first = 0;
        for (char digit : whole.substr(2)) {
            if (digit < '0' || digit > '9') break;
            first = first * 10 + static_cast<std::uint32_t>(digit - '0');
        }
        sink.sequence(whole, first, c);
        // column_ is never more than the true column: 'C' stops at an edge that is not known here.
        if (c == 'D') move_left(first == 0 ? 1 : first);
        if (c == 'H' || c == 'A' || c == 'B') column_ = 0;
    }

    void move_left(std::uint32_t count) {
        if (column_ >= kNarrowest) column_ = 0;       // the text may have gone on in the next row
        column_ -= count < column_ ? count : column_;
    }

    State state_ = State::Text;
    std::uint32_t column_ = 0;      // the least column that the next character may go to
    std::uint32_t held_ = 0;
    std::uint32_t length_ = 0;
    char hold_[24];
    char sequence_[12] = {'\x1b', '['};
};

}  // namespace capos::kernel
