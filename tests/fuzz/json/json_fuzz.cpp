// Whatever is asked of the writer, what finish() returns is one JSON value (RFC 8259) and valid UTF-8.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/json/utf8.hpp"
#include "lib/json/writer.hpp"

namespace {

using capos::json::Writer;

// A strict parser that only says yes or no.
class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {}
    bool whole() { return value(0) && at_ == text_.size(); }

private:
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    bool take(char c) { return peek() == c && ++at_; }
    bool word(std::string_view w) {
        if (text_.substr(at_, w.size()) != w)
            return false;
        at_ += w.size();
        return true;
    }
    bool number() {
        (void)take('-');
        const std::size_t start = at_;
        while (peek() >= '0' && peek() <= '9')
            ++at_;
        return at_ - start == 1 || (at_ != start && text_[start] != '0');
    }
    bool string() {
        if (!take('"'))
            return false;
        while (at_ < text_.size() && peek() != '"') {
            if (static_cast<unsigned char>(peek()) < 0x20)
                return false;
            if (take('\\')) {
                if (take('"') || take('\\') || take('n'))
                    continue;
                if (!take('u'))
                    return false;
                for (int i = 0; i < 4; ++i, ++at_)
                    if (std::string_view("0123456789abcdef").find(peek()) == std::string_view::npos)
                        return false;
                continue;
            }
            const std::size_t length = capos::json::utf8_length(text_.substr(at_));
            if (length == 0)
                return false;
            at_ += length;
        }
        return take('"');
    }
    bool value(unsigned depth) {
        if (depth > capos::json::kMaxDepth)
            return false;
        if (take('[')) {
            if (take(']'))
                return true;
            do {
                if (!value(depth + 1))
                    return false;
            } while (take(','));
            return take(']');
        }
        if (take('{')) {
            if (take('}'))
                return true;
            do {
                if (!string() || !take(':') || !value(depth + 1))
                    return false;
            } while (take(','));
            return take('}');
        }
        if (peek() == '"')
            return string();
        return word("true") || word("false") || word("null") || number();
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

// The first byte is the storage's size; then one byte a call, texts with their length.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    std::array<char, 4096> storage;
    Writer writer(std::span(storage).first((data[0] & 15) * 256 + data[0]));
    Writer::Mark mark = writer.mark();
    std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto text = [&] {
        const std::size_t length = input.empty() ? 0 : std::min<std::size_t>(static_cast<unsigned char>(input[0]) % 32, input.size() - 1);
        const std::string_view piece = input.substr(input.empty() ? 0 : 1, length);
        input.remove_prefix(input.empty() ? 0 : 1 + length);
        return piece;
    };
    while (!input.empty()) {
        const auto call = static_cast<unsigned char>(input[0]);
        input.remove_prefix(1);
        switch (call % 12) {
        case 0: writer.begin_object(); break;
        case 1: writer.end_object(); break;
        case 2: writer.begin_array(); break;
        case 3: writer.end_array(); break;
        case 4: writer.key(text()); break;
        case 5: writer.value(text()); break;
        case 6: writer.value(call > 100); break;
        case 7: writer.value(-static_cast<std::int64_t>(call) * 1'000'000'007); break;
        case 8: writer.null(); break;
        case 9: writer.text_member(text(), capos::Hex{call, 4}); break;
        case 10: mark = writer.mark(); break;
        case 11: writer.rewind(mark); break;
        }
    }
    const auto result = writer.finish();
    if (result && !Parser(*result).whole())
        std::abort();
    return 0;
}
