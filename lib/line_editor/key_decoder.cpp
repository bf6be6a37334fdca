#include "lib/line_editor/key_decoder.hpp"

namespace capos::line_editor {

namespace {

constexpr std::uint8_t control(char letter) { return static_cast<std::uint8_t>(letter & 0x1f); }

// The keys that end in a letter, after ESC [ and after ESC O.
Key lettered(std::uint8_t letter, bool with_modifier) {
    switch (letter) {
    case 'A': return Key::Up;
    case 'B': return Key::Down;
    case 'C': return with_modifier ? Key::WordRight : Key::Right;
    case 'D': return with_modifier ? Key::WordLeft : Key::Left;
    case 'H': return Key::Home;
    case 'F': return Key::End;
    default: return Key::None;
    }
}

// The keys that are a number: ESC [ number ~.
Key numbered(std::uint8_t number) {
    switch (number) {
    case 1:
    case 7: return Key::Home;
    case 4:
    case 8: return Key::End;
    case 3: return Key::DeleteUnder;
    default: return Key::None;
    }
}

}  // namespace

Key KeyDecoder::decode(std::uint8_t byte) {
    const bool second_half = after_return_ && byte == '\n';
    after_return_ = byte == '\r';
    if (second_half)
        return Key::None;
    switch (state_) {
    case State::Ground:
        return decode_ground(byte);
    case State::Escape:
        state_ = State::Ground;
        parameter_ = modifier_ = 0;
        second_ = false;
        switch (byte) {
        case '[': state_ = State::Control; return Key::None;
        case 'O': state_ = State::Single; return Key::None;
        case 'b': return Key::WordLeft;
        case 'f': return Key::WordRight;
        case 0x7f: return Key::DeleteWord;
        default: return byte < 0x20 ? decode_ground(byte) : Key::None;
        }
    case State::Single:
        state_ = State::Ground;
        return lettered(byte, false);
    case State::Control:
        return decode_control(byte);
    }
    return Key::None;
}

Key KeyDecoder::decode_control(std::uint8_t byte) {
    if (byte >= '0' && byte <= '9') {
        std::uint8_t& number = second_ ? modifier_ : parameter_;
        number = number > 9 ? 99 : static_cast<std::uint8_t>(number * 10 + (byte - '0'));
        return Key::None;
    }
    if (byte == ';') {
        second_ = true;
        return Key::None;
    }
    if (byte >= 0x20 && byte < 0x40)   // intermediate and private characters: the sequence goes on
        return Key::None;
    state_ = State::Ground;
    if (byte == '~')
        return numbered(parameter_);
    if (byte < 0x20)                   // a control character ends the sequence and counts itself
        return decode_ground(byte);
    return lettered(byte, modifier_ >= 2);
}

Key KeyDecoder::decode_ground(std::uint8_t byte) {
    switch (byte) {
    case '\r':
    case '\n': return Key::Enter;
    case '\t': return Key::Tab;
    case 0x1b: state_ = State::Escape; return Key::None;
    case 0x08:
    case 0x7f: return Key::DeleteBefore;
    case control('A'): return Key::Home;
    case control('B'): return Key::Left;
    case control('C'): return Key::Interrupt;
    case control('D'): return Key::EndOfInput;
    case control('E'): return Key::End;
    case control('F'): return Key::Right;
    case control('K'): return Key::DeleteToEnd;
    case control('L'): return Key::ClearScreen;
    case control('N'): return Key::Down;
    case control('P'): return Key::Up;
    case control('U'): return Key::DeleteToStart;
    case control('W'): return Key::DeleteWord;
    default: return byte >= 0x20 && byte < 0x7f ? Key::Character : Key::None;
    }
}

}  // namespace capos::line_editor
