// rt::Event: a signal between coroutines of one thread.
#pragma once

#include "runtime/executor.hpp"

namespace capos::rt {

// Auto-reset. signal() lets one waiter go on, or is remembered (once) for the next one to come; broadcast() lets every
// present waiter go on and remembers nothing. The event must outlive its waiters.
class Event {
public:
    Event() = default;
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    void signal() {
        if (Wait* wait = static_cast<Wait*>(waiting_.pop_front()))
            wait->wake(true);
        else
            signalled_ = true;
    }
    void broadcast() {
        while (Wait* wait = static_cast<Wait*>(waiting_.pop_front())) wait->wake(true);
    }
    void clear() { signalled_ = false; }
    bool signalled() const { return signalled_; }

    class Wait final : TimedWaiter, Waiter {
    public:
        Wait(Event& event, std::uint64_t deadline_ns) : event_(event), deadline_ns_(deadline_ns) {}
        bool await_ready() {
            if (!event_.signalled_) return false;
            event_.signalled_ = false;
            return came_ = true;
        }
        void await_suspend(std::coroutine_handle<> waiter) {
            coroutine = waiter;
            event_.waiting_.push_back(*this);
            if (deadline_ns_ != abi::kNoDeadline) executor().timers().insert(*this, deadline_ns_);
        }
        // Whether the signal came (false: the deadline passed first).
        bool await_resume() { return came_; }

    private:
        friend class Event;
        void wake(bool came) {
            executor().timers().remove(*this);
            came_ = came;
            executor().make_ready(*this);
        }
        void deadline_reached() override { wake(false); }
        Event& event_;
        std::uint64_t deadline_ns_;
        bool came_ = false;
    };

    [[nodiscard]] Wait wait_until(std::uint64_t deadline_ns) { return Wait(*this, deadline_ns); }
    [[nodiscard]] Wait wait() { return Wait(*this, abi::kNoDeadline); }
    Wait operator co_await() { return wait(); }

private:
    List<Waiter> waiting_;
    bool signalled_ = false;
};

}  // namespace capos::rt
