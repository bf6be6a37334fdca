// The bodies of the string functions, in a namespace so that host tests can run them beside the host's own. Each behaves
// as the C function of its name (C11, 7.24).
#pragma once

#include <cstddef>

namespace capos::libc {

inline const void* memchr(const void* memory, int value, std::size_t bytes) {
    const auto* at = static_cast<const unsigned char*>(memory);
    for (; bytes > 0; ++at, --bytes) {
        if (*at == static_cast<unsigned char>(value))
            return at;
    }
    return nullptr;
}

inline std::size_t strnlen(const char* text, std::size_t limit) {
    std::size_t length = 0;
    while (length < limit && text[length] != '\0')
        ++length;
    return length;
}

inline std::size_t strlen(const char* text) {
    const char* end = text;
    while (*end != '\0')
        ++end;
    return static_cast<std::size_t>(end - text);
}

inline int strncmp(const char* left, const char* right, std::size_t limit) {
    for (; limit > 0; ++left, ++right, --limit) {
        const auto a = static_cast<unsigned char>(*left);
        const auto b = static_cast<unsigned char>(*right);
        if (a != b)
            return a - b;
        if (a == 0)
            break;
    }
    return 0;
}

inline const char* strchr(const char* text, int value) {
    for (;; ++text) {
        if (*text == static_cast<char>(value))
            return text;
        if (*text == '\0')
            return nullptr;
    }
}

inline const char* strrchr(const char* text, int value) {
    const char* found = nullptr;
    for (;; ++text) {
        if (*text == static_cast<char>(value))
            found = text;
        if (*text == '\0')
            return found;
    }
}

// Length of the leading part of `text` whose characters are in `set` (member) or are not (not member).
inline std::size_t span_of(const char* text, const char* set, bool member) {
    std::size_t length = 0;
    while (text[length] != '\0' && (strchr(set, text[length]) != nullptr) == member)
        ++length;
    return length;
}

inline const char* strstr(const char* text, const char* part) {
    const std::size_t length = strlen(part);
    for (;; ++text) {
        if (strncmp(text, part, length) == 0)
            return text;
        if (*text == '\0')
            return nullptr;
    }
}

inline char* strncpy(char* destination, const char* source, std::size_t limit) {
    std::size_t i = 0;
    for (; i < limit && source[i] != '\0'; ++i)
        destination[i] = source[i];
    for (; i < limit; ++i)
        destination[i] = '\0';
    return destination;
}

}  // namespace capos::libc
