#include "kernel/sched/scheduler.hpp"

#include "kernel/process/process.hpp"

namespace capos::kernel {

KernelCounters counters;
std::uint64_t work_done = 0;

namespace {

// Per CPU; one CPU runs today (kernel/README.md, "Several processors").
struct CpuState {
    List<Thread, RunQueueTag> ready[kPriorities];
    std::uint32_t ready_mask = 0;         // bit p: ready[p] is not empty
    Thread* current = nullptr;            // the one that runs; null when the CPU is idle
    Thread* loaded = nullptr;             // whose extended state the CPU holds
    Thread* direct = nullptr;             // ready, to run next on the caller's slice
    std::uint64_t slice_end = 0;
    std::uint64_t switched_at = 0;
    std::uint64_t reap_next = 0;          // not before, while a thread wants to run
    std::uint64_t armed = ~std::uint64_t{0};
    DeadlineQueue deadlines;
};

alignas(64) constinit CpuState this_cpu;
CpuState& cpu() { return this_cpu; }

// Between two interrupts: 64 objects, or a thousand pages.
constexpr Work kReapWork(64 * kObjectWork);
constexpr std::uint64_t kReapPauseNs = 100'000;      // about as long as that takes

// What threads let go of, or asked for in steps, is nobody's turn: while one wants to run, it has about half of the time.
bool reap(CpuState& state) {
    const bool wanted = state.ready_mask != 0 ||
                        (state.current != nullptr && state.current->state() == Thread::State::Running);
    if (wanted && state.reap_next > arch::now_ns()) return false;
    if (Reaper::run(kReapWork)) {
        state.reap_next = 0;
        return true;
    }
    state.reap_next = arch::now_ns() + kReapPauseNs;
    return false;
}

}  // namespace

void set_deadline(Deadline& deadline, std::uint64_t at_ns) { cpu().deadlines.insert(deadline, at_ns); }
void cancel_deadline(Deadline& deadline) { cpu().deadlines.remove(deadline); }

void count_refusal(Process& process) {
    ++process.refusals;
    ++counters.refusals;
}

Thread* Scheduler::current() { return cpu().current; }

void Scheduler::make_ready(Thread& thread, bool direct) {
    CpuState& state = cpu();
    thread.state_ = Thread::State::Ready;
    state.ready[thread.priority_].push_back(thread);
    state.ready_mask |= 1u << thread.priority_;
    if (direct) state.direct = &thread;
}

// What the running thread has used since it was switched to.
void Scheduler::charge_time(Thread& thread, std::uint64_t now) {
    thread.cpu_ns_ += now - cpu().switched_at;
    thread.process().cpu_ns += now - cpu().switched_at;
}

void Scheduler::remove(Thread& thread) {
    CpuState& state = cpu();
    if (thread.ListHook<RunQueueTag>::linked()) {
        thread.ListHook<RunQueueTag>::unlink();
        if (state.ready[thread.priority_].empty()) state.ready_mask &= ~(1u << thread.priority_);
    }
    if (state.direct == &thread) state.direct = nullptr;
    if (state.current == &thread) {
        charge_time(thread, arch::now_ns());
        state.current = nullptr;
    }
    if (state.loaded == &thread) state.loaded = nullptr;
}

void Scheduler::priority_changed(Thread& thread, std::uint8_t priority) {
    if (!thread.ListHook<RunQueueTag>::linked()) {
        thread.priority_ = priority;
        return;
    }
    thread.ListHook<RunQueueTag>::unlink();
    if (cpu().ready[thread.priority_].empty()) cpu().ready_mask &= ~(1u << thread.priority_);
    thread.priority_ = priority;
    make_ready(thread, false);
}

void Scheduler::expire_deadlines() {
    DeadlineQueue& deadlines = cpu().deadlines;
    const std::uint64_t now = arch::now_ns();
    while (DeadlineHook* first = deadlines.first()) {
        if (first->deadline() > now) return;
        deadlines.remove(*first);
        auto& deadline = *static_cast<Deadline*>(first);
        deadline.expired(deadline);
    }
}

void Scheduler::timer_fired() {
    cpu().armed = ~std::uint64_t{0};
    expire_deadlines();
}

void Scheduler::leave() {
    CpuState& state = cpu();
    const bool reaped = Reaper::idle() || reap(state);
    Thread* thread = state.current;
    const bool runnable = thread != nullptr && thread->state_ == Thread::State::Running;

    // Nobody else wants to run at this priority or above: go on without looking at the clock.
    if (runnable && state.ready_mask >> thread->priority_ == 0 && reaped &&
        (state.deadlines.empty() || state.deadlines.first()->deadline() >= state.armed)) {
        // Another process's end may have put the kernel's own tables in.
        if (thread->process().page_tables().activate()) ++counters.address_space_switches;
        arch::resume(thread->context_);
    }

    const std::uint64_t now = arch::now_ns();
    Thread* next = thread;
    const int highest = state.ready_mask == 0 ? -1 : 31 - __builtin_clz(state.ready_mask);
    const bool must_yield = !runnable || highest > thread->priority_ ||
                            (highest == thread->priority_ && now >= state.slice_end);
    if (must_yield && highest >= 0) {
        if (runnable) make_ready(*thread, false);
        next = state.direct;
        if (next == nullptr || next->priority_ < highest || now >= state.slice_end) {
            next = state.ready[31 - __builtin_clz(state.ready_mask)].front();
            state.slice_end = now + kSliceNs;
        }
        next->ListHook<RunQueueTag>::unlink();
        if (state.ready[next->priority_].empty()) state.ready_mask &= ~(1u << next->priority_);
    } else if (!runnable) {
        next = nullptr;
    }
    state.direct = nullptr;

    // The slice matters only to those who may run instead: of this priority (a higher one runs at once).
    std::uint64_t wanted = ~std::uint64_t{0};
    if (next != nullptr && state.ready_mask >> next->priority_ != 0) wanted = state.slice_end;
    if (!state.deadlines.empty() && state.deadlines.first()->deadline() < wanted)
        wanted = state.deadlines.first()->deadline();
    // Go on destroying after interrupts have been taken.
    if (!reaped && (next == nullptr || state.reap_next < wanted)) wanted = next == nullptr ? now : state.reap_next;
    if (wanted < state.armed) {
        state.armed = wanted;
        arch::arm_timer(wanted);
    }

    if (thread != nullptr && thread != next) charge_time(*thread, now);
    if (next == nullptr) {
        state.current = nullptr;
        state.switched_at = now;
        arch::idle();
    }
    if (next != thread) {
        ++counters.context_switches;
        state.switched_at = now;
        state.current = next;
    }
    next->state_ = Thread::State::Running;
    if (state.loaded != next) {
        if (state.loaded != nullptr) arch::save_extended_state(state.loaded->context_);
        state.loaded = next;
    }
    if (next->process().page_tables().activate()) ++counters.address_space_switches;
    arch::resume(next->context_);
}

}  // namespace capos::kernel
