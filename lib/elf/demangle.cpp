#include "lib/elf/demangle.hpp"

#include <cstddef>

namespace capos::elf {

namespace {

constexpr std::string_view kAnonymous = "_GLOBAL__N_1";

// <source-name> ::= <length> <identifier>. Empty when `text` does not begin with one.
std::string_view take_identifier(std::string_view& text) {
    std::size_t length = 0;
    std::size_t digits = 0;
    while (digits < text.size() && digits < 4 && text[digits] >= '0' && text[digits] <= '9')
        length = length * 10 + static_cast<std::size_t>(text[digits++] - '0');
    if (length == 0 || length > text.size() - digits) return {};
    const std::string_view identifier = text.substr(digits, length);
    text.remove_prefix(digits + length);
    return identifier;
}

// Skips <template-args> ::= I ... E, identifiers and all. False when they do not end.
bool skip_template_arguments(std::string_view& text) {
    std::size_t depth = 0;
    while (!text.empty()) {
        if (text[0] >= '1' && text[0] <= '9') {
            if (take_identifier(text).empty()) return false;
            continue;
        }
        if (text[0] == 'I' || text[0] == 'N' || text[0] == 'J' || text[0] == 'X' || text[0] == 'L')
            ++depth;
        else if (text[0] == 'E' && --depth == 0) {
            text.remove_prefix(1);
            return true;
        }
        text.remove_prefix(1);
    }
    return false;
}

// The parts of a nested name up to its E. False: something in it is not understood.
bool write_nested(TextWriter& out, std::string_view& text) {
    while (!text.empty() && (text[0] == 'K' || text[0] == 'V' || text[0] == 'R' || text[0] == 'O')) text.remove_prefix(1);
    bool first = true;
    std::string_view last;
    while (!text.empty() && text[0] != 'E') {
        if (text[0] == 'I') {
            if (!skip_template_arguments(text)) return false;
            out << "<>";
            continue;
        }
        std::string_view part;
        if (text[0] >= '1' && text[0] <= '9') {
            part = take_identifier(text);
            if (part.empty()) return false;
            last = part;
        } else if (text.substr(0, 2) == "St") {
            text.remove_prefix(2);
            part = "std";
        } else if (text[0] == 'C' || text[0] == 'D') {
            if (text.size() < 2 || last.empty()) return false;
            out << (text[0] == 'C' ? "::" : "::~") << last;
            text.remove_prefix(2);
            continue;
        } else {
            return false;
        }
        if (!first) out << "::";
        first = false;
        out << (part == kAnonymous ? std::string_view("(anonymous)") : part);
    }
    return !text.empty();
}

}  // namespace

void demangle(TextWriter& out, std::string_view symbol) {
    std::string_view text = symbol;
    FixedText<256> readable;
    bool understood = false;
    if (text.substr(0, 2) == "_Z") {
        text.remove_prefix(2);
        if (!text.empty() && text[0] == 'L') text.remove_prefix(1);
        if (!text.empty() && text[0] == 'N') {
            text.remove_prefix(1);
            understood = write_nested(readable, text);
        } else if (const std::string_view name = take_identifier(text); !name.empty()) {
            readable << name;
            understood = true;
        }
    }
    if (!understood || readable.truncated()) {
        out << symbol;
        return;
    }
    out << readable.view();
    // The parts that a coroutine is split into.
    for (const std::string_view part : {".resume", ".destroy", ".cleanup"})
        if (symbol.ends_with(part)) out << part;
}

}  // namespace capos::elf
