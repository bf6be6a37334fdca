#include "tests/kernel_host/machine.hpp"

#include <cstdio>

#include "kernel/sched/scheduler.hpp"

namespace capos::test {

void broken(const char* what) {
    std::fprintf(stderr, "kernel test machine: %s\n", what);
    std::abort();
}

Machine& machine() {
    static Machine machine;
    return machine;
}

void Machine::leave(Left how) {
    if (!inside_) broken("the kernel was left while outside it");
    left_ = how;
    std::longjmp(leave_, 1);
}

void Machine::advance(std::uint64_t nanoseconds) {
    now += nanoseconds;
    for (unsigned storm = 0; armed <= now; ++storm) {
        if (storm == 100'000) broken("the timer is armed for the past again and again");
        timer();
    }
}

Left Machine::timer() {
    armed = ~std::uint64_t{0};
    ++timer_interrupts;
    return enter([] { kernel::on_timer(); });
}

Left Machine::settle() {
    Left left = enter([] { kernel::Scheduler::leave(); });
    while (armed <= now || !kernel::Reaper::idle()) {
        if (armed > now) now = armed;
        left = timer();
    }
    return left;
}

}  // namespace capos::test

// --- what the kernel asks of the CPU, but for page tables ----------------------------------------------------------

namespace capos::kernel::arch {

using test::machine;

std::size_t extended_state_bytes() { return 832; }

void context_start(ThreadContext& context, UserAddr entry, UserAddr stack, std::uint64_t rdi, std::uint64_t rsi,
                   void* extended_state) {
    context = {};
    context.rip = entry;
    context.rsp = stack;
    context.rdi = rdi;
    context.rsi = rsi;
    context.extended_state = reinterpret_cast<std::uint64_t>(extended_state);
}

void save_extended_state(ThreadContext& context) {
    // Touches all of it, as the instruction would.
    __builtin_memset(reinterpret_cast<void*>(context.extended_state), 0x5a, extended_state_bytes());
}

void zero_frames(PhysAddr first, std::size_t count) {
    machine().did(count);
    __builtin_memset(direct(first), 0, count * kPageSize);
}

std::uint64_t now_ns() {
    if (machine().on_clock) machine().on_clock();
    return machine().now;
}
void arm_timer(std::uint64_t deadline_ns) { machine().armed = deadline_ns; }

const Clock& clock() {
    static const Clock clock{.multiplier = 1, .shift = 0, .tsc_base = 0, .offset_ns = 0, .tsc_hz = 1'000'000'000,
                             .source = "test"};
    return clock;
}

[[gnu::weak]] std::uint8_t in8(std::uint16_t) { return 0; }   // a test may bring ports
bool rdseed(std::uint64_t& out) {
    static std::uint64_t state = 1;
    out = state = state * 6364136223846793005u + 1442695040888963407u;
    return true;
}
bool rdrand(std::uint64_t& out) { return rdseed(out); }
std::uint64_t timestamp() { return machine().now; }
std::uint64_t timestamp_to_ns(std::uint64_t timestamp) { return timestamp; }

std::span<const Feature> mitigations() {
    static const Feature features[] = {{"NX", true, ""}, {"SMEP", false, "not on this machine"}};
    return features;
}
const char* cpu_model() { return "test machine"; }
std::uint32_t cpus_present() { return 1; }

void idle() {
    machine().resumed = nullptr;
    machine().leave(test::Left::Idle);
}
void power_off() { machine().leave(test::Left::PoweredOff); }
void reset() { machine().leave(test::Left::Reset); }

bool uart_try_put(char byte) {
    if (machine().serial_blocked) return false;
    machine().serial.push_back(byte);
    return true;
}
bool uart_try_get(char& byte) {
    if (machine().keyboard.empty()) return false;
    byte = machine().keyboard.front();
    machine().keyboard.pop_front();
    return true;
}
void uart_interrupts(bool, bool) {}
bool uart_pending() {
    if (machine().typed_meanwhile.empty()) return !machine().keyboard.empty();
    for (char c : machine().typed_meanwhile.front()) machine().keyboard.push_back(c);
    machine().typed_meanwhile.pop_front();
    return true;
}
void uart_raise_again() { ++machine().raised_again; }

}  // namespace capos::kernel::arch

namespace capos::kernel {

void panic(const char* reason) { test::broken(reason); }
void process_ended(Process& process, const ExitInfo&) { test::machine().ended.push_back(process.pid()); }

}  // namespace capos::kernel
