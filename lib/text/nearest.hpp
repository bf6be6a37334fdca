// Finding what somebody meant to type.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace capos::text {

// How many single-character insertions, deletions, replacements and swaps of neighbours turn one word into the other.
// Only the first 32 characters of each count.
std::size_t edit_distance(std::string_view left, std::string_view right);

// The candidate nearest to `word`, when it is near: at most 2 edits, 1 in a word of up to 4 characters. Empty
// when none is. Of several equally near, the first.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace capos::text
