// Where the CPU enters the kernel: system calls, faults of processes, and the interrupts that are not a device's. Each
// ends in Scheduler::leave().
#include "kernel/console/console.hpp"
#include "kernel/object/root_objects.hpp"
#include "kernel/process/process.hpp"
#include "kernel/sched/scheduler.hpp"

namespace capos::kernel {

void on_syscall(arch::ThreadContext& context, std::uint64_t number, std::uint64_t a, std::uint64_t b) {
    Thread& thread = *Scheduler::current();
    if (number == static_cast<std::uint64_t>(abi::SystemCall::CapEnter)) [[likely]] {
        auto drained = thread.ring().drain();
        if (thread.state() == Thread::State::Running) [[likely]] {
            const std::uint64_t most = thread.ring().queues().shape().cq_entries;
            if (a > most) a = most;                // more can never be unread
            auto unread = thread.ring().queues().unread();
            if (!drained || !unread) {
                count_refusal(thread.process());
                arch::context_set_result(context, abi::kEnterBadRing);
            } else if (*unread >= a) {
                arch::context_set_result(context, *unread);
            } else if (!*drained || b <= arch::now_ns()) {
                arch::context_set_result(context, *unread);
                Scheduler::yield(thread);          // a deadline that has passed: others have their turn first
            } else {
                thread.wait(static_cast<std::uint32_t>(a), b);
            }
        }
    } else if (number == static_cast<std::uint64_t>(abi::SystemCall::Exit)) {
        thread.process().thread_ended(thread, static_cast<std::int64_t>(a));
    } else {
        count_refusal(thread.process());
        arch::context_set_result(context, abi::kEnterBadRing);
    }
    Scheduler::leave();
}

void on_user_fault(arch::ThreadContext& context, const FaultInfo& fault) {
    ++counters.faults;
    Process& process = Scheduler::current()->process();
    ExitInfo info{.cause = schema::Process::WaitResults::Cause::fault, .fault = fault, .instruction = context.rip,
                  .stack_pointer = context.rsp};
    // Frame pointers: [rbp] is the caller's rbp, [rbp + 8] where it returns to. Each step must go up the stack.
    std::uint64_t frame = context.rbp;
    while (info.backtrace_depth < kBacktraceDepth && frame % 8 == 0) {
        std::uint64_t pair[2];
        if (!arch::peek_user(frame, pair, sizeof(pair)) || pair[1] == 0) break;
        info.backtrace[info.backtrace_depth++] = pair[1];
        if (pair[0] <= frame) break;
        frame = pair[0];
    }
    FixedText<200> text;
    text << "process " << process.name() << " (pid " << process.pid() << ") fault " << fault.vector << " code "
         << Hex{fault.error_code} << " at " << Hex{context.rip, 16} << " address " << Hex{fault.address, 16};
    console::line("kernel", text.view());
    process.end(info);
    Scheduler::leave();
}

void on_timer() {
    ++counters.interrupts;
    Scheduler::timer_fired();
    Scheduler::leave();
}

void on_clock_changed() { root_objects().timer.clock_changed(); }

namespace {

constexpr unsigned kUartRounds = 8;
constexpr unsigned kUartBytes = 64;

}  // namespace

void on_uart() {
    ++counters.interrupts;
    TerminalObject& terminal = root_objects().terminal;
    // The interrupt is an edge: what comes up while something else is still pending raises none. So until nothing is.
    unsigned rounds = kUartRounds;
    do {
        char byte;
        for (unsigned most = kUartBytes; most != 0 && arch::uart_try_get(byte); --most) terminal.received(byte);
        console::pump();
    } while (--rounds != 0 && arch::uart_pending());
    if (rounds == 0) arch::uart_raise_again();
    terminal.answer_reader();
    Scheduler::leave();
}

void on_power_button() {
    ++counters.interrupts;
    if (!root_objects().power.button_pressed()) {
        console::line("kernel", "power button pressed and nobody waits for it: power off");
        console::flush();
        arch::power_off();
    }
    Scheduler::leave();
}

}  // namespace capos::kernel
