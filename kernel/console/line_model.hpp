// What the terminal's last line shows, so that it can be written again below a line of the kernel's.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace capos::kernel {

// Fed with the terminal text that went out (filtered: printable characters, CR, LF, BS, TAB and the CSI sequences of
// terminal_filter.hpp). Colours are not kept; after a movement to another row the line counts as empty.
class LineModel {
public:
    static constexpr std::uint32_t kCells = 160;     // more is not kept

    void character(char c) {
        fresh_ = false;
        switch (c) {
        case '\n': return start_fresh();
        case '\r': column_ = 0; return;
        case '\b': column_ -= column_ != 0; return;
        case '\t':
            do write(' ');
            while (column_ % 8 != 0);
            return;
        default: write(c);
        }
    }

    // A control sequence with its first parameter, 0 when absent.
    void sequence(std::uint32_t parameter, char final) {
        fresh_ = false;
        const std::uint32_t count = parameter == 0 ? 1 : parameter;
        switch (final) {
        case 'C': column_ = column_ + count < kCells ? column_ + count : kCells; return;
        case 'D': column_ -= count < column_ ? count : column_; return;
        case 'K':
        case 'J':
            if (parameter == 0) {
                if (length_ > column_) length_ = column_;
            } else {
                length_ = 0;
            }
            return;
        case 'A':
        case 'B':
        case 'H': length_ = column_ = 0; return;
        default: return;
        }
    }

    std::string_view text() const { return {cells_, length_}; }
    std::uint32_t column() const { return column_; }
    bool empty() const { return length_ == 0 && column_ == 0; }
    // Nothing has gone out since the last LF.
    bool fresh() const { return fresh_; }
    void start_fresh() {
        length_ = column_ = 0;
        fresh_ = true;
    }

private:
    void write(char c) {
        if (column_ == kCells) return;
        while (length_ < column_) cells_[length_++] = ' ';
        cells_[column_++] = c;
        if (length_ < column_) length_ = column_;
    }

    char cells_[kCells];
    std::uint32_t length_ = 0;
    std::uint32_t column_ = 0;
    bool fresh_ = true;
};

}  // namespace capos::kernel
