#include "lib/json/writer.hpp"

#include <cstring>

#include "lib/json/utf8.hpp"

namespace capos::json {

void Writer::fail(Error error) {
    if (state_.error_ == Error::None)
        state_.error_ = error;
}

void Writer::put(std::string_view text) {
    if (state_.error_ != Error::None)
        return;
    if (text.size() > storage_.size() - state_.used_)
        return fail(Error::Overflow);
    std::memcpy(storage_.data() + state_.used_, text.data(), text.size());
    state_.used_ += text.size();
}

// Checks that a value may stand here and writes the comma before it.
bool Writer::before_value() {
    const bool outermost = state_.depth_ == 0;
    if (in_object() ? !state_.keyed_ : outermost && occupied()) {
        fail(Error::Malformed);
        return false;
    }
    if (!in_object() && occupied())
        put(",");
    state_.keyed_ = false;
    state_.occupied_ |= 1u << state_.depth_;
    return true;
}

Writer& Writer::begin(char bracket, bool object) {
    if (!before_value())
        return *this;
    if (state_.depth_ == kMaxDepth) {
        fail(Error::TooDeep);
        return *this;
    }
    put(std::string_view(&bracket, 1));
    ++state_.depth_;
    const std::uint32_t level = 1u << state_.depth_;
    state_.objects_ = object ? state_.objects_ | level : state_.objects_ & ~level;
    state_.occupied_ &= ~level;
    return *this;
}

Writer& Writer::end(char bracket, bool object) {
    if (state_.depth_ == 0 || in_object() != object || state_.keyed_) {
        fail(Error::Malformed);
        return *this;
    }
    put(std::string_view(&bracket, 1));
    --state_.depth_;
    return *this;
}

Writer& Writer::key(std::string_view name) {
    if (!in_object() || state_.keyed_) {
        fail(Error::Malformed);
        return *this;
    }
    if (occupied())
        put(",");
    put_string(name);
    put(":");
    state_.keyed_ = true;
    return *this;
}

Writer& Writer::value(std::string_view text) {
    if (before_value())
        put_string(text);
    return *this;
}

Writer& Writer::literal(std::string_view text) {
    if (before_value())
        put(text);
    return *this;
}

void Writer::put_string(std::string_view text) {
    put("\"");
    while (!text.empty()) {
        // The longest piece that may stand as it is (RFC 8259, section 7).
        std::size_t plain = 0;
        std::size_t length = 0;
        while (plain < text.size()) {
            const auto character = static_cast<unsigned char>(text[plain]);
            if (character < 0x20 || character == '"' || character == '\\')
                break;
            length = utf8_length(text.substr(plain));
            if (length == 0)
                break;
            plain += length;
        }
        put(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty())
            break;
        const auto character = static_cast<unsigned char>(text.front());
        if (character == '"')
            put("\\\"");
        else if (character == '\\')
            put("\\\\");
        else if (character == '\n')
            put("\\n");
        else if (character >= 0x80)
            put("\xef\xbf\xbd");
        else
            put((FixedText<8>() << "\\u" << Hex{character, 4}).view());
        text.remove_prefix(1);
    }
    put("\"");
}

Result<std::string_view> Writer::finish() const {
    if (state_.error_ != Error::None)
        return state_.error_;
    if (state_.depth_ != 0 || !occupied())
        return Error::Malformed;
    return std::string_view(storage_.data(), state_.used_);
}

}  // namespace capos::json
