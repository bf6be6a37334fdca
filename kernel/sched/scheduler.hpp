// Who runs next. One kernel stack, no blocking: every entry into the kernel ends in leave().
#pragma once

#include <cstdint>

#include "kernel/sched/thread.hpp"

namespace capos::kernel {

class Process;

// Machine-wide counters, for SystemInfo.
struct KernelCounters {
    std::uint64_t interrupts = 0;
    std::uint64_t unowned_interrupts = 0;   // on a line that no sharer held, or on a vector that is nobody's
    std::uint64_t context_switches = 0;
    std::uint64_t address_space_switches = 0;
    std::uint64_t submissions = 0;
    std::uint64_t refusals = 0;
    std::uint64_t faults = 0;
};
extern KernelCounters counters;

// A call or submission of `process` was refused with a typed error.
[[gnu::cold]] void count_refusal(Process& process);

class Scheduler {
public:
    // Time a thread runs before others of its priority have their turn.
    static constexpr std::uint64_t kSliceNs = 5'000'000;

    static Thread* current();
    // Puts a thread among those that want to run. `direct`: it was called by the running thread and is to run next,
    // on what is left of the slice, if that one waits.
    static void make_ready(Thread& thread, bool direct);
    static void remove(Thread& thread);
    // The running thread goes behind the others of its priority.
    static void yield(Thread& thread) { make_ready(thread, false); }
    static void priority_changed(Thread& thread, std::uint8_t priority);

    // The running thread has waited, stopped, or been interrupted. Destroys what is unreferenced, sets the timer, and
    // goes on with whoever is next.
    [[noreturn]] static void leave();
    // The timer's interrupt: deadlines that have come.
    static void timer_fired();

private:
    static void charge_time(Thread& thread, std::uint64_t now);
    static void expire_deadlines();
};

}  // namespace capos::kernel
