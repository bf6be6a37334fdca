#include "services/shell/input.hpp"

#include <algorithm>
#include <cstring>

namespace capos::shell {

namespace {
constexpr std::byte kControlC{3};
}

rt::Task<void> Input::pump() {
    for (;;) {
        while (count_ == kRoom)
            co_await consumed_.wait();
        const auto room = static_cast<std::uint32_t>(kRoom - count_);
        const auto reply = co_await terminal_.read(room, {.reply_bytes = room + 64});
        if (!reply)
            break;
        const std::span<const std::byte> bytes = (*reply)->bytes();
        const std::size_t count = std::min(bytes.size(), kRoom - count_);
        std::memcpy(bytes_.data() + count_, bytes.data(), count);
        count_ += count;
        if (std::ranges::contains(bytes, kControlC)) {
            interrupted_ = true;
            interrupt_.signal();
        }
        typed_.signal();
    }
    ended_ = true;
    typed_.signal();
}

rt::Task<std::span<const std::byte>> Input::wait() {
    while (count_ == 0 && !ended_)
        co_await typed_.wait();
    co_return std::span<const std::byte>(bytes_.data(), count_);
}

void Input::consume(std::size_t count) {
    count = std::min(count, count_);
    std::memmove(bytes_.data(), bytes_.data() + count, count_ - count);
    count_ -= count;
    consumed_.signal();
}

void Input::forget_interrupt() {
    interrupted_ = false;
    interrupt_.clear();
}

rt::Task<bool> Input::interrupted_before(std::uint64_t deadline_ns) {
    if (!interrupted_)
        (void)co_await interrupt_.wait_until(deadline_ns);
    co_return interrupted_;
}

}  // namespace capos::shell
