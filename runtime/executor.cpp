#include "runtime/executor.hpp"

#include "runtime/log.hpp"
#include "runtime/ring_client.hpp"

namespace capos::rt {

namespace {

constexpr unsigned kReadyPerRound = 64;      // coroutines resumed between two looks at the completion queue
constexpr unsigned kRoundsWithoutEntry = 8;  // busy rounds before submissions are handed to the kernel regardless

}  // namespace

constinit Executor detail::the_executor;

void Executor::run(Task<void> task) {
    task.start();
    while (!task.done()) turn();
}

void Executor::turn() {
    RingClient& ring = ring_client();
    ring.reap();
    run_due_timers();
    if (run_ready()) {
        if (++rounds_in_a_row_ < kRoundsWithoutEntry) return;
        rounds_in_a_row_ = 0;
        ring.enter(0, 0);
        return;
    }
    rounds_in_a_row_ = 0;
    if (!yielded_.empty()) {
        ring.enter(1, 0);   // a deadline that has passed: other threads have their turn unless something is there
        while (Waiter* waiter = yielded_.pop_front()) ready_.push_back(*waiter);
        return;
    }
    const std::uint64_t deadline = timers_.empty() ? abi::kNoDeadline : timers_.first()->deadline();
    // What completes at once and interests nobody does not end the sleep.
    if (ring.enter(1 + ring.prompt(), deadline) == 0 && deadline != abi::kNoDeadline && deadline > passed_ns_) passed_ns_ = deadline;
}

bool Executor::run_due_timers() {
    if (timers_.empty()) return false;
    const std::uint64_t now = timer_now();
    bool any = false;
    while (DeadlineHook* first = timers_.first()) {
        if (first->deadline() > now) break;
        timers_.remove(*first);
        static_cast<TimedWaiter*>(first)->deadline_reached();
        any = true;
    }
    return any;
}

bool Executor::run_ready() {
    unsigned resumed = 0;
    while (resumed < kReadyPerRound) {
        Waiter* waiter = ready_.pop_front();
        if (waiter == nullptr) break;
        ++resumed;
        waiter->coroutine.resume();
    }
    return resumed != 0;
}

Result<void> try_spawn(Task<void> task) {
    if (!task.valid()) return Error::OutOfMemory;
    std::move(task).start_detached();
    return {};
}

void spawn(Task<void> task) {
    if (auto started = try_spawn(std::move(task)); !started) log_error("no memory to start a coroutine");
}

}  // namespace capos::rt
