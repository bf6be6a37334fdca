// What the operator types: read as it comes, so that ctrl-c is seen while a command runs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "runtime/event.hpp"
#include "runtime/task.hpp"
#include "schema/system.client.hpp"

namespace capos::shell {

class Input {
public:
    explicit Input(const client::Terminal& terminal) : terminal_(terminal) {}
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;

    // Reads for as long as the terminal is there. To be spawned once.
    rt::Task<void> pump();

    // Waits until something was typed; what was. Empty: the terminal is gone.
    rt::Task<std::span<const std::byte>> wait();
    // Gives the first bytes back to the reader.
    void consume(std::size_t count);

    // A command begins: a ctrl-c from now on interrupts it.
    void forget_interrupt();
    bool interrupted() const { return interrupted_; }
    // Waits until the instant or a ctrl-c; whether it was a ctrl-c.
    rt::Task<bool> interrupted_before(std::uint64_t deadline_ns);

private:
    static constexpr std::size_t kRoom = 1024;

    const client::Terminal& terminal_;
    std::array<std::byte, kRoom> bytes_;
    std::size_t count_ = 0;
    bool interrupted_ = false;
    bool ended_ = false;
    rt::Event typed_;
    rt::Event consumed_;
    rt::Event interrupt_;
};

}  // namespace capos::shell
