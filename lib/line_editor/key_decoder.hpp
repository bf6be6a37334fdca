// Terminal input as keys: control characters and the escape sequences that terminals send (ECMA-48, and what xterm and
// the VT220 send for editing keys).
#pragma once

#include <cstdint>

namespace capos::line_editor {

enum class Key : std::uint8_t {
    None,          // in the middle of a sequence, or one that means nothing here
    Character,     // printable ASCII
    Enter, Tab, Interrupt, EndOfInput,
    Left, Right, WordLeft, WordRight, Home, End, Up, Down,
    DeleteBefore, DeleteUnder, DeleteWord, DeleteToStart, DeleteToEnd,
    ClearScreen,
};

// Takes one byte at a time and says which key is complete with it. A CR LF pair is one Enter. Any byte in any state is
// taken; a sequence that is too long or unknown is swallowed.
class KeyDecoder {
public:
    Key decode(std::uint8_t byte);

private:
    enum class State : std::uint8_t { Ground, Escape, Control, Single };

    Key decode_ground(std::uint8_t byte);
    Key decode_control(std::uint8_t byte);

    State state_ = State::Ground;
    bool after_return_ = false;
    std::uint8_t parameter_ = 0;   // first number of a control sequence, at most 99
    std::uint8_t modifier_ = 0;    // second number
    bool second_ = false;
};

}  // namespace capos::line_editor
