#include "lib/line_editor/editor.hpp"

#include <algorithm>
#include <cstring>

namespace capos::line_editor {

void Editor::start(TextWriter& out) {
    length_ = cursor_ = entry_ = typed_length_ = 0;
    out << prompt_;
}

Fed Editor::feed(std::span<const std::byte> bytes, TextWriter& out) {
    std::size_t consumed = 0;
    while (consumed < bytes.size() && out.room() >= kMaxEcho) {
        const auto byte = static_cast<std::uint8_t>(bytes[consumed++]);
        const Event event = handle(decoder_.decode(byte), static_cast<char>(byte), out);
        if (event != Event::None)
            return {event, consumed};
    }
    return {Event::None, consumed};
}

Event Editor::handle(Key key, char character, TextWriter& out) {
    switch (key) {
    case Key::None:
        return Event::None;
    case Key::Enter:
        history_.add(line());
        return finish(Event::Line, "\r\n", out);
    case Key::Interrupt:
        length_ = cursor_ = 0;
        return finish(Event::Interrupt, "^C\r\n", out);
    case Key::EndOfInput:
        if (length_ == 0)
            return finish(Event::EndOfInput, "\r\n", out);
        erase(cursor_, cursor_ + 1);
        break;
    case Key::Tab:
        complete(out);
        break;
    case Key::ClearScreen:
        out << "\x1b[H\x1b[2J";
        break;
    case Key::Character: {
        const bool at_end = cursor_ == length_ && length_ < kMaxLine && length_ + 1 < visible();
        insert(std::string_view(&character, 1));
        if (at_end) {   // the common case needs no redrawing
            out << character;
            return Event::None;
        }
        break;
    }
    default:
        if (!edit(key))
            return Event::None;
    }
    redraw(out);
    return Event::None;
}

// Ends the line with the cursor after its last character.
Event Editor::finish(Event event, std::string_view shown, TextWriter& out) {
    if (cursor_ != length_) {
        cursor_ = length_;
        redraw(out);
    }
    out << shown;
    return event;
}

// Keys that change the line or the cursor and nothing else. False: nothing changed.
bool Editor::edit(Key key) {
    switch (key) {
    case Key::Left: cursor_ -= cursor_ != 0; break;
    case Key::Right: cursor_ += cursor_ < length_; break;
    case Key::WordLeft: cursor_ = word_left(); break;
    case Key::WordRight: cursor_ = word_right(); break;
    case Key::Home: cursor_ = 0; break;
    case Key::End: cursor_ = length_; break;
    case Key::Up: browse(entry_ + 1); break;
    case Key::Down:
        if (entry_ == 0)
            return false;
        browse(entry_ - 1);
        break;
    case Key::DeleteBefore:
        if (cursor_ == 0)
            return false;
        erase(cursor_ - 1, cursor_);
        break;
    case Key::DeleteUnder: erase(cursor_, cursor_ + 1); break;
    case Key::DeleteWord: erase(word_left(), cursor_); break;
    case Key::DeleteToStart: erase(0, cursor_); break;
    case Key::DeleteToEnd: erase(cursor_, length_); break;
    default: return false;
    }
    return true;
}

void Editor::insert(std::string_view text) {
    text = text.substr(0, kMaxLine - length_);
    std::memmove(text_ + cursor_ + text.size(), text_ + cursor_, length_ - cursor_);
    std::memcpy(text_ + cursor_, text.data(), text.size());
    length_ += text.size();
    cursor_ += text.size();
}

// Takes out [from, to), cut to the line; the cursor stays on its character.
void Editor::erase(std::size_t from, std::size_t to) {
    to = std::min(to, length_);
    from = std::min(from, to);
    std::memmove(text_ + from, text_ + to, length_ - to);
    length_ -= to - from;
    if (cursor_ > from)
        cursor_ = std::max(from, cursor_ - std::min(cursor_, to - from));
}

void Editor::browse(std::size_t entry) {
    if (entry > history_.size())
        return;
    if (entry_ == 0) {
        std::memcpy(typed_, text_, length_);
        typed_length_ = length_;
    }
    entry_ = entry;
    replace(entry == 0 ? std::string_view(typed_, typed_length_) : history_.at(entry - 1));
}

void Editor::replace(std::string_view text) {
    length_ = cursor_ = 0;
    insert(text);
}

void Editor::complete(TextWriter& out) {
    if (completer_ == nullptr)
        return;
    const std::string_view before(text_, cursor_);
    const std::size_t space = before.rfind(' ');
    const std::size_t start = space == std::string_view::npos ? 0 : space + 1;
    const std::string_view word = before.substr(start);
    Suggestions suggestions(word);
    completer_->complete(before.substr(0, start), suggestions);
    const auto words = suggestions.words();
    if (words.empty())
        return;
    const std::string_view common = suggestions.common();
    const std::string_view rest = common.substr(word.size());
    if (words.size() == 1) {
        insert(rest);
        insert(" ");
    } else if (!rest.empty()) {
        insert(rest);
    } else {
        list(words, out);
    }
}

// Candidates side by side, as many in a row as fit.
void Editor::list(std::span<const std::string_view> words, TextWriter& out) const {
    out << "\r\n";
    std::size_t column = 0;
    for (const std::string_view word : words) {
        const std::string_view shown = word.substr(0, columns_ - 1);
        if (out.room() < kMaxEcho / 2 + shown.size())
            break;
        if (column != 0 && column + 2 + shown.size() >= columns_) {
            out << "\r\n";
            column = 0;
        } else if (column != 0) {
            out << "  ";
            column += 2;
        }
        out << shown;
        column += shown.size();
    }
    out << "\r\n";
}

std::size_t Editor::word_left() const {
    std::size_t at = cursor_;
    while (at != 0 && text_[at - 1] == ' ')
        --at;
    while (at != 0 && text_[at - 1] != ' ')
        --at;
    return at;
}

std::size_t Editor::word_right() const {
    std::size_t at = cursor_;
    while (at < length_ && text_[at] == ' ')
        ++at;
    while (at < length_ && text_[at] != ' ')
        ++at;
    return at;
}

void Editor::redraw(TextWriter& out) const {
    // The window of the line that holds the cursor.
    const std::size_t width = visible();
    const std::size_t first = cursor_ < width ? 0 : cursor_ - width + 1;
    const std::string_view shown = line().substr(first, width);
    out << '\r' << prompt_ << shown << "\x1b[K\r";
    if (const std::size_t column = prompt_.size() + cursor_ - first; column != 0)
        out << "\x1b[" << column << 'C';
}

}  // namespace capos::line_editor
