// The lines entered before, newest first.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace capos::line_editor {

inline constexpr std::size_t kMaxLine = 255;        // characters in a line
inline constexpr std::size_t kHistoryLines = 32;

class History {
public:
    // Remembers a line, except when it is empty or the same as the newest. Forgets the oldest when full.
    void add(std::string_view line) {
        if (line.empty() || line.size() > kMaxLine || (count_ != 0 && line == at(0)))
            return;
        next_ = (next_ + 1) % kHistoryLines;
        Entry& entry = entries_[next_];
        std::memcpy(entry.text, line.data(), line.size());
        entry.length = line.size();
        if (count_ < kHistoryLines)
            ++count_;
    }

    std::size_t size() const { return count_; }

    // The line entered `age` lines ago, 0 for the newest; empty when there is none.
    std::string_view at(std::size_t age) const {
        if (age >= count_)
            return {};
        const Entry& entry = entries_[(next_ + kHistoryLines - age) % kHistoryLines];
        return {entry.text, entry.length};
    }

private:
    struct Entry {
        char text[kMaxLine];
        std::size_t length;
    };
    std::array<Entry, kHistoryLines> entries_{};
    std::size_t next_ = kHistoryLines - 1;   // the newest
    std::size_t count_ = 0;
};

}  // namespace capos::line_editor
