#include "tools/capnpc/naming.hpp"

#include <cctype>
#include <set>

namespace capnpc {

namespace {

const std::set<std::string_view>& keywords() {
    static const std::set<std::string_view> kKeywords = {
        "alignas", "alignof", "and", "asm", "auto", "bool", "break", "case", "catch", "char", "class", "compl",
        "concept", "const", "continue", "decltype", "default", "delete", "do", "double", "else", "enum", "explicit",
        "export", "extern", "false", "float", "for", "friend", "goto", "if", "inline", "int", "long", "mutable",
        "namespace", "new", "noexcept", "not", "nullptr", "operator", "or", "private", "protected", "public",
        "register", "requires", "return", "short", "signed", "sizeof", "static", "struct", "switch", "template",
        "this", "throw", "true", "try", "typedef", "typeid", "typename", "union", "unsigned", "using", "virtual",
        "void", "volatile", "while", "xor"};
    return kKeywords;
}

bool upper(char letter) { return std::isupper(static_cast<unsigned char>(letter)) != 0; }
char lowered(char letter) { return static_cast<char>(std::tolower(static_cast<unsigned char>(letter))); }

}  // namespace

std::string snake_case(std::string_view name) {
    std::string result = plain_snake_case(name);
    if (keywords().count(result) != 0)
        result += '_';
    return result;
}

std::string plain_snake_case(std::string_view name) {
    std::string result;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const bool after_lower = i > 0 && !upper(name[i - 1]);
        const bool before_lower = i > 0 && i + 1 < name.size() && !upper(name[i + 1]);
        if (upper(name[i]) && (after_lower || before_lower) && result.back() != '_')
            result += '_';
        result += lowered(name[i]);
    }
    return result;
}

std::string pascal_case(std::string_view name) {
    std::string result(name);
    if (!result.empty())
        result[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(result[0])));
    return result;
}

std::string quoted(std::string_view text) {
    static const char kHex[] = "0123456789abcdef";
    std::string result = "\"";
    for (const char letter : text) {
        const auto code = static_cast<unsigned char>(letter);
        if (letter == '"' || letter == '\\') {
            result += '\\';
            result += letter;
        } else if (code < 0x20 || code >= 0x7f) {
            // The empty literal after it keeps a following hex digit out of the escape.
            result += std::string("\\x") + kHex[code >> 4] + kHex[code & 15] + "\"\"";
        } else {
            result += letter;
        }
    }
    return result + '"';
}

std::string comment(std::string_view text, std::string_view indent) {
    std::string result;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        // A backslash at the end would continue the comment into code.
        while (!line.empty() && (line.back() == '\\' || line.back() == ' '))
            line.remove_suffix(1);
        result += std::string(indent) + "//" + (line.empty() ? "" : " ") + std::string(line) + "\n";
    }
    return result;
}

}  // namespace capnpc
