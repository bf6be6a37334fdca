// Tables for an 80-column terminal: fixed columns, one row a line, nothing allocated.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "lib/base/text.hpp"

namespace capos::text {

enum class Align { Left, Right };

// One column. A cell longer than `width` is cut and ends in '~'. Columns are two spaces apart.
struct Column {
    std::string_view title;
    std::size_t width;
    Align align = Align::Left;
};

// The characters that a row of these columns takes at most.
constexpr std::size_t table_width(std::span<const Column> columns) {
    std::size_t width = columns.empty() ? 0 : 2 * (columns.size() - 1);
    for (const Column& column : columns)
        width += column.width;
    return width;
}

// Writes cells from left to right, each row ended by the last column's cell. Trailing spaces are never written.
class Table {
public:
    Table(TextWriter& out, std::span<const Column> columns) : out_(out), columns_(columns) {}

    // The row of titles.
    Table& header();
    // The next cell.
    Table& cell(std::string_view text);
    // The next cell, from anything a TextWriter prints in at most 96 characters.
    template <class Value>
        requires(!std::is_convertible_v<Value, std::string_view>)
    Table& cell(const Value& value) {
        FixedText<96> text;
        static_cast<TextWriter&>(text) << value;
        return cell(text.view());
    }

private:
    TextWriter& out_;
    std::span<const Column> columns_;
    std::size_t next_ = 0;      // column of the next cell
    std::size_t owed_ = 0;      // spaces to write before the next text of this row
};

}  // namespace capos::text
