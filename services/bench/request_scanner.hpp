// The least that answers a benchmark's GET: where a head ends, and whether the client asked to close.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

namespace capos::bench {

// Collects bytes until a head is complete. Requests with bodies and folded fields are not what a benchmark sends;
// services/web is the server that minds them.
class RequestScanner {
public:
    static constexpr std::size_t kMaxHead = 1500;
    enum class Outcome { Incomplete, Keep, Close, TooLong };

    // Takes bytes up to the end of one head; `bytes` becomes the rest.
    Outcome take(std::span<const std::byte>& bytes) {
        while (!bytes.empty()) {
            // A head ends within what came last or across the border to what came before.
            const std::size_t before = length_;
            const std::size_t count = std::min(bytes.size(), kMaxHead - length_);
            std::memcpy(head_.data() + length_, bytes.data(), count);
            length_ += count;
            const std::size_t end = text().find("\r\n\r\n", before < 3 ? 0 : before - 3);
            if (end == std::string_view::npos) {
                bytes = bytes.subspan(count);
                if (length_ == kMaxHead)
                    return Outcome::TooLong;
                continue;
            }
            bytes = bytes.subspan(end + 4 - before);
            const bool close = asks_to_close(text().substr(0, end));
            length_ = 0;
            return close ? Outcome::Close : Outcome::Keep;
        }
        return Outcome::Incomplete;
    }

private:
    std::string_view text() const { return {head_.data(), length_}; }

    static bool asks_to_close(std::string_view head) {
        static constexpr std::string_view kField = "\r\nconnection: close";
        for (std::size_t at = head.find('\r'); at < head.size(); at = head.find('\r', at + 1)) {
            const std::string_view line = head.substr(at, kField.size());
            if (std::ranges::equal(line, kField, {}, [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c + 0; }))
                return true;
        }
        return false;
    }

    std::array<char, kMaxHead> head_;
    std::size_t length_ = 0;
};

}  // namespace capos::bench
