// One line of input, edited on a terminal: bytes go in, what the terminal must show comes out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "lib/base/text.hpp"
#include "lib/line_editor/completer.hpp"
#include "lib/line_editor/history.hpp"
#include "lib/line_editor/key_decoder.hpp"

namespace capos::line_editor {

// The most that one byte of input may print. feed() stops taking bytes when its output has less room than this.
inline constexpr std::size_t kMaxEcho = 2048;

enum class Event : std::uint8_t {
    None,         // all bytes taken or the output is full; go on
    Line,         // line() is complete
    Interrupt,    // ctrl-c: the line was thrown away
    EndOfInput,   // ctrl-d on an empty line
};

struct Fed {
    Event event;
    std::size_t consumed;   // bytes taken
};

// Emacs keys and arrows, history, completion. The line stays on one row of the terminal and scrolls sideways. Only
// printable ASCII is taken into the line. Output uses CR, LF and the sequences K, C, H and J.
class Editor {
public:
    // `prompt` must outlive the editor and be shorter than `columns`; `completer` may be null.
    Editor(std::string_view prompt, Completer* completer, std::size_t columns = 80)
        : prompt_(prompt), completer_(completer), columns_(columns) {}

    // Begins a new, empty line and shows the prompt.
    void start(TextWriter& out);

    // Takes bytes up to the one that causes an event. After an event other than None call start() before feeding more.
    Fed feed(std::span<const std::byte> bytes, TextWriter& out);

    // Shows prompt and line again, after something else was printed.
    void redraw(TextWriter& out) const;

    // The line as it stands. Valid until the next start() or feed().
    std::string_view line() const { return {text_, length_}; }

    History& history() { return history_; }

private:
    Event handle(Key key, char character, TextWriter& out);
    Event finish(Event event, std::string_view shown, TextWriter& out);
    bool edit(Key key);
    void insert(std::string_view text);
    void erase(std::size_t from, std::size_t to);
    void browse(std::size_t entry);
    void replace(std::string_view text);
    void complete(TextWriter& out);
    void list(std::span<const std::string_view> words, TextWriter& out) const;
    std::size_t word_left() const;
    std::size_t word_right() const;
    std::size_t visible() const { return columns_ - prompt_.size() - 1; }

    std::string_view prompt_;
    Completer* completer_;
    std::size_t columns_;
    KeyDecoder decoder_;
    History history_;
    char text_[kMaxLine] = {};
    std::size_t length_ = 0;
    std::size_t cursor_ = 0;
    std::size_t entry_ = 0;              // 0: the line being typed; n: the line entered n lines ago
    char typed_[kMaxLine] = {};          // the line being typed while history is browsed
    std::size_t typed_length_ = 0;
};

}  // namespace capos::line_editor
