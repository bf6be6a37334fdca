// One at a time, in order of arrival: what keeps several reads (or writes) of one socket in their order.
#pragma once

#include <cstdint>

#include "runtime/event.hpp"
#include "runtime/task.hpp"

namespace capos::netstack {

class Turnstile {
public:
    bool idle() const { return !taken_; }

    // Waits for its turn; leave() ends it.
    struct Turn {
        Turnstile& turnstile;
        rt::Event::Wait wait;
        bool await_ready() {
            if (turnstile.taken_)
                return false;
            return turnstile.taken_ = true;
        }
        void await_suspend(std::coroutine_handle<> waiter) {
            ++turnstile.waiting_;
            wait.await_suspend(waiter);
        }
        void await_resume() {}
    };
    [[nodiscard]] Turn enter() { return {*this, next_.wait()}; }

    void leave() {
        if (waiting_ == 0) {
            taken_ = false;
        } else {
            --waiting_;
            next_.signal();   // the turn is handed on: nobody who comes meanwhile can take it
        }
    }

private:
    rt::Event next_;
    std::uint32_t waiting_ = 0;
    bool taken_ = false;
};

}  // namespace capos::netstack
