// The executor: which coroutine of this thread runs next, and when the thread sleeps.
//
// One thread, one executor, no locks. A wait ends in two steps: its Waiter is put on the ready list, later the list is
// run; a coroutine destroyed in between takes its Waiter off the list. Timers ride on the deadline of cap_enter, so
// sleeping costs no call; with nothing ready and no timer the thread waits in the kernel and uses no time at all.
#pragma once

#include <coroutine>
#include <cstdint>

#include "abi/ring.hpp"
#include "lib/base/deadline_queue.hpp"
#include "lib/base/list.hpp"
#include "runtime/task.hpp"
#include "runtime/time.hpp"

namespace capos::rt {

// One suspended coroutine on at most one list.
struct Waiter : ListHook<> {
    Waiter() = default;
    ~Waiter() { unlink(); }
    std::coroutine_handle<> coroutine;
};

class Executor {
public:
    void make_ready(Waiter& waiter) {
        waiter.unlink();
        ready_.push_back(waiter);
    }
    // For rt::yield(): runs again after one look at the kernel.
    void make_yielded(Waiter& waiter) {
        waiter.unlink();
        yielded_.push_back(waiter);
    }
    DeadlineQueue& timers() { return timers_; }
    // The time that timers go by: the clock, or in a program without one what the kernel's waits have shown to have
    // passed.
    std::uint64_t timer_now() const { return has_clock() ? now_ns() : passed_ns_; }

    // Runs `task` to its end and everything else meanwhile.
    void run(Task<void> task);
    // One round: completions, due timers, ready coroutines; enters the kernel, and sleeps there when nothing can run.
    void turn();

private:
    bool run_due_timers();
    bool run_ready();

    List<Waiter> ready_;
    List<Waiter> yielded_;
    DeadlineQueue timers_;
    std::uint64_t passed_ns_ = 0;        // known to have passed, for programs without a clock
    std::uint32_t rounds_in_a_row_ = 0;  // without entering the kernel
};

namespace detail {
extern constinit Executor the_executor;
}
inline Executor& executor() { return detail::the_executor; }

// Starts `task` now, on its own. When its frame could not be allocated that is logged and counted; the variant with a
// Result says so (OutOfMemory).
void spawn(Task<void> task);
Result<void> try_spawn(Task<void> task);

// A wait for a point in time; a base of everything that has a deadline.
struct TimedWaiter : DeadlineHook {
    virtual void deadline_reached() = 0;

protected:
    ~TimedWaiter() { executor().timers().remove(*this); }
};

// co_await rt::sleep_until(deadline): nanoseconds since boot, absolute.
class SleepUntil final : TimedWaiter, Waiter {
public:
    explicit SleepUntil(std::uint64_t deadline_ns) : deadline_ns_(deadline_ns) {}
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
        coroutine = waiter;
        executor().timers().insert(*this, deadline_ns_);
    }
    void await_resume() {}

private:
    void deadline_reached() override { executor().make_ready(*this); }
    std::uint64_t deadline_ns_;
};
inline SleepUntil sleep_until(std::uint64_t deadline_ns) { return SleepUntil(deadline_ns); }
inline SleepUntil sleep_for(std::uint64_t duration_ns) { return SleepUntil(executor().timer_now() + duration_ns); }

// co_await rt::yield(): every other ready coroutine runs and the kernel is asked for completions before this one goes
// on. Other threads of the machine get their turn.
class Yield final : Waiter {
public:
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
        coroutine = waiter;
        executor().make_yielded(*this);
    }
    void await_resume() {}
};
inline Yield yield() { return Yield(); }

}  // namespace capos::rt
