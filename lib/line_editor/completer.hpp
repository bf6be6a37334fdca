// What Tab may complete to.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace capos::line_editor {

inline constexpr std::size_t kMaxSuggestions = 32;

// The candidates that begin with the word under the cursor, in the order given; more than kMaxSuggestions are dropped.
class Suggestions {
public:
    explicit Suggestions(std::string_view word) : word_(word) {}

    // Takes a candidate when it begins with the word. Its text must stay until the key has been handled.
    void offer(std::string_view candidate) {
        if (candidate.starts_with(word_) && count_ < kMaxSuggestions)
            words_[count_++] = candidate;
    }

    std::span<const std::string_view> words() const { return {words_.data(), count_}; }

    // What all candidates begin with; empty when there is none.
    std::string_view common() const {
        std::string_view common = count_ != 0 ? words_[0] : std::string_view();
        for (const std::string_view word : words()) {
            std::size_t same = 0;
            while (same < common.size() && same < word.size() && common[same] == word[same])
                ++same;
            common = common.substr(0, same);
        }
        return common;
    }

private:
    std::string_view word_;
    std::array<std::string_view, kMaxSuggestions> words_;
    std::size_t count_ = 0;
};

class Completer {
public:
    // Offers what may stand where the cursor is. `before` is the line up to the word under the cursor, without it:
    // empty when the first word is being typed.
    virtual void complete(std::string_view before, Suggestions& suggestions) = 0;

protected:
    ~Completer() = default;
};

}  // namespace capos::line_editor
