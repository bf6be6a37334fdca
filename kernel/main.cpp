// The kernel's own start, after kernel/boot and kernel/arch have set the machine up, and the entries from user mode.
#include <new>

#include "kernel/boot/boot_info.hpp"
#include "kernel/boot/boot_steps.hpp"
#include "kernel/console/console.hpp"
#include "kernel/device/device_facts.hpp"
#include "kernel/mem/accounts.hpp"
#include "kernel/object/boot_bundle.hpp"
#include "kernel/object/root_objects.hpp"
#include "kernel/process/init.hpp"
#include "kernel/process/process.hpp"
#include "kernel/sched/scheduler.hpp"
#include "kernel/version.hpp"

namespace capos::kernel {

namespace {

alignas(RootObjects) std::byte root_storage[sizeof(RootObjects)];

void say_what_protects() {
    FixedText<200> missing;
    for (const arch::Feature& feature : arch::mitigations())
        if (!feature.active) missing << ' ' << feature.name;
    if (missing.size() != 0) {
        FixedText<240> text;
        text << "protections not active:" << missing.view();
        console::line("kernel", text.view());
    }
}

}  // namespace

RootObjects& root_objects() {
    static auto* objects = new (root_storage) RootObjects;
    return *objects;
}

void kernel_main() {
    FixedText<200> text;
    text << "capOS " << kVersion << " on " << arch::cpu_model() << ", " << arch::cpus_present() << " CPU(s), clock from "
         << arch::clock().source;
    console::line("kernel", text.view());
    say_what_protects();
    RootObjects& objects = root_objects();
    objects.entropy.seed();
    if (!objects.entropy.hardware_source())
        console::line("kernel", "warning: no RDSEED or RDRAND; randomness rests on timing jitter alone");
    if (!objects.timer.create()) panic("no memory for the time page");
    boot_bundle().inspect();
    boot_step("bundle checked");
    start_devices();
    boot_step("devices scanned");
    start_init();
    boot_step("init started");
    Scheduler::leave();
}

// --- entries -------------------------------------------------------------------------------------------------------

void on_syscall(arch::ThreadContext& context, std::uint64_t number, std::uint64_t a, std::uint64_t b) {
    Thread& thread = *Scheduler::current();
    if (number == static_cast<std::uint64_t>(abi::SystemCall::CapEnter)) [[likely]] {
        auto drained = thread.ring().drain();
        if (thread.state() == Thread::State::Running) [[likely]] {
            auto unread = thread.ring().queues().unread();
            if (!drained || !unread) {
                count_refusal(thread.process());
                arch::context_set_result(context, abi::kEnterBadRing);
            } else if (*unread >= a) {
                arch::context_set_result(context, *unread);
            } else if (b <= arch::now_ns()) {
                arch::context_set_result(context, *unread);
                Scheduler::yield(thread);          // a deadline that has passed: others have their turn first
            } else {
                thread.wait(static_cast<std::uint32_t>(a < abi::kMaxRingEntries ? a : abi::kMaxRingEntries), b);
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

void on_uart() {
    ++counters.interrupts;
    TerminalObject& terminal = root_objects().terminal;
    char byte;
    while (arch::uart_try_get(byte)) terminal.received(byte);
    terminal.answer_reader();
    console::pump();
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
