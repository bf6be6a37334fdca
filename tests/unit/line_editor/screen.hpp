// A terminal for tests: understands exactly what the line editor prints, and fails on anything else.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace capos::line_editor {

class Screen {
public:
    explicit Screen(std::size_t columns) : columns_(columns) {}

    void print(std::string_view text) {
        for (std::size_t i = 0; i < text.size(); ++i) {
            const char character = text[i];
            if (character == '\r') {
                column_ = 0;
            } else if (character == '\n') {
                above_ = row_;
                row_.clear();
            } else if (character == '\x1b') {
                i = sequence(text, i + 1);
            } else if (character >= 0x20 && character < 0x7f) {
                if (row_.size() <= column_)
                    row_.resize(column_ + 1, ' ');
                row_[column_++] = character;
                broken_ = broken_ || column_ > columns_;
            } else {
                broken_ = true;
            }
        }
    }

    // The row with the cursor, without trailing spaces.
    std::string row() const {
        const std::size_t end = row_.find_last_not_of(' ');
        return end == std::string::npos ? "" : row_.substr(0, end + 1);
    }
    const std::string& above() const { return above_; }
    std::size_t column() const { return column_; }
    bool cleared() const { return cleared_; }
    // Something was printed that a terminal of this width would not show as meant.
    bool broken() const { return broken_; }

private:
    std::size_t sequence(std::string_view text, std::size_t at) {
        if (at >= text.size() || text[at] != '[') {
            broken_ = true;
            return at;
        }
        std::size_t number = 0;
        for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
            number = number * 10 + static_cast<std::size_t>(text[at] - '0');
        switch (at < text.size() ? text[at] : '\0') {
        case 'K': row_.resize(std::min(row_.size(), column_)); break;
        case 'C': column_ += number == 0 ? 1 : number; broken_ = broken_ || column_ >= columns_; break;
        case 'H': column_ = 0; break;
        case 'J': row_.clear(); cleared_ = true; break;
        default: broken_ = true;
        }
        return at;
    }

    std::size_t columns_;
    std::string row_;
    std::string above_;
    std::size_t column_ = 0;
    bool cleared_ = false;
    bool broken_ = false;
};

}  // namespace capos::line_editor
