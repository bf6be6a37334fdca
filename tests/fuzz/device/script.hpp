// A fuzzer's input as a sequence of numbers; past its end every number is 0.
#pragma once

#include <cstddef>
#include <cstdint>

namespace capos::fuzz {

inline void require(bool condition) {
    if (!condition)
        __builtin_trap();
}

class Script {
public:
    Script(const std::uint8_t* data, std::size_t bytes) : data_(data), left_(bytes) {}
    bool ended() const { return left_ == 0; }
    std::uint32_t number(std::size_t bytes) {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < bytes; ++i) {
            value = value << 8 | (left_ != 0 ? *data_ : 0);
            if (left_ != 0) {
                ++data_;
                --left_;
            }
        }
        return value;
    }
    std::uint32_t below(std::uint32_t limit) { return number(2) % limit; }

private:
    const std::uint8_t* data_;
    std::size_t left_;
};

}  // namespace capos::fuzz
