#include "lib/text/table.hpp"

namespace capos::text {

Table& Table::header() {
    for (const Column& column : columns_)
        cell(column.title);
    return *this;
}

Table& Table::cell(std::string_view text) {
    const Column& column = columns_[next_];
    const bool cut = text.size() > column.width;
    const std::size_t shown = cut ? column.width : text.size();
    const std::size_t fill = column.width - shown;
    if (column.align == Align::Right)
        owed_ += fill;
    if (shown != 0) {
        for (; owed_ != 0; --owed_)
            out_ << ' ';
        out_ << text.substr(0, cut ? shown - 1 : shown);
        if (cut)
            out_ << '~';
    }
    if (column.align == Align::Left)
        owed_ += fill;
    owed_ += 2;
    if (++next_ == columns_.size()) {
        out_ << '\n';
        next_ = 0;
        owed_ = 0;
    }
    return *this;
}

}  // namespace capos::text
