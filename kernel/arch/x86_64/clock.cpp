// Time is the time-stamp counter; what it counts in a second is measured against a timer of known frequency: for a quarter
// of a millisecond at start, which every boot pays, and once more over the time until kRefineAfter, which costs nothing.
#include "kernel/arch/x86_64/clock.hpp"

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/features.hpp"
#include "kernel/arch/x86_64/interrupts.hpp"
#include "kernel/boot/boot_info.hpp"

namespace capos::kernel::arch {

namespace {

constexpr std::uint64_t kNanoseconds = 1'000'000'000;
constexpr std::uint64_t kPmTimerHz = 3'579'545;             // ACPI 6.5, 4.8.3.3
constexpr std::uint64_t kPitHz = 1'193'182;
constexpr std::uint64_t kWindowPmTicks = kPmTimerHz / 4000; // 250 us
constexpr std::uint64_t kRefineAfter = kNanoseconds / 2;
constexpr std::uint64_t kTooLate = 600 * kNanoseconds;      // by then the short measurement cannot tell its overflows
constexpr std::uint64_t kWindowPitTicks = kPitHz / 500;
constexpr std::uint64_t kSlowestHz = 100'000'000;
constexpr std::uint64_t kFastestHz = 20'000'000'000;
constexpr std::uint32_t kShift = 32;
// Hypervisors' local timers count nanoseconds; the short measurement is snapped to that when it comes this close.
constexpr std::uint64_t kVirtualLocalHz = kNanoseconds / kTimerDivisor;
constexpr std::uint64_t kSnapDivisor = 50;

Clock the_clock = {0, kShift, 0, 0, 0, "none"};
std::uint64_t local_multiplier;     // local timer ticks = ns * this >> 32

std::uint16_t pm_port;
std::uint32_t pm_mask;

struct Sample {
    std::uint64_t tsc;
    std::uint32_t reference;
    std::uint32_t local;            // counts down
};
Sample first;
bool refinable;                     // measured by the PM timer, and not yet over the long time

// Reads the reference between two readings of the counter, a few times, and keeps the closest pair.
template <class Read>
Sample take_sample(Read read) {
    Sample best = {};
    std::uint64_t closest = ~std::uint64_t{0};
    for (int i = 0; i < 5; ++i) {
        const std::uint64_t before = read_tsc();
        const std::uint32_t value = read();
        const std::uint64_t after = read_tsc();
        if (after - before >= closest) continue;
        closest = after - before;
        best.tsc = before + (after - before) / 2;
        best.reference = value;
        best.local = local_timer_count();
    }
    return best;
}

std::uint32_t read_pm_timer() { return in32(pm_port) & pm_mask; }
std::uint32_t pm_elapsed(std::uint32_t since) { return (read_pm_timer() - since) & pm_mask; }

void set_rates(std::uint64_t tsc_hz, std::uint64_t tsc_ticks, std::uint64_t local_ticks, const char* source) {
    the_clock.tsc_hz = tsc_hz;
    the_clock.multiplier = (kNanoseconds << kShift) / tsc_hz;
    the_clock.source = source;
    std::uint64_t local_hz = local_ticks * tsc_hz / tsc_ticks;
    const std::uint64_t off = local_hz > kVirtualLocalHz ? local_hz - kVirtualLocalHz : kVirtualLocalHz - local_hz;
    if (cpu_features.hypervisor && off < kVirtualLocalHz / kSnapDivisor) local_hz = kVirtualLocalHz;
    local_multiplier = (local_hz << 32) / kNanoseconds;
    if (local_multiplier == 0) panic("the local APIC timer does not count");
}

bool plausible(std::uint64_t hz) { return hz >= kSlowestHz && hz <= kFastestHz; }

bool measure_by_pm_timer() {
    if (pm_port == 0) return false;
    // A timer that stands still must not hold the start up: the counter moves on by far more than the window.
    const std::uint64_t give_up = first.tsc + kFastestHz / 10;
    while (pm_elapsed(first.reference) < kWindowPmTicks)
        if (read_tsc() > give_up) return false;
    const Sample last = take_sample(read_pm_timer);
    const std::uint64_t ticks = last.tsc - first.tsc;
    const std::uint64_t hz = ticks * kPmTimerHz / ((last.reference - first.reference) & pm_mask);
    if (!plausible(hz)) return false;
    set_rates(hz, ticks, first.local - last.local, "ACPI PM timer");
    refinable = true;
    return true;
}

// The measurement again, over everything since the start. The PM timer has gone round some times by then; how often, the
// first result tells.
void refine() {
    refinable = false;
    const Sample last = take_sample(read_pm_timer);
    const std::uint64_t ticks = last.tsc - first.tsc;
    const std::uint64_t period = std::uint64_t{pm_mask} + 1;
    const std::uint64_t expected = static_cast<std::uint64_t>(static_cast<unsigned __int128>(ticks) * the_clock.multiplier >> kShift) *
                                   (kPmTimerHz / 1000) / (kNanoseconds / 1000);
    const std::uint64_t within = (last.reference - first.reference) & pm_mask;
    if (within > expected + period / 2) return;
    const std::uint64_t elapsed = within + (expected + period / 2 - within) / period * period;
    const std::uint64_t hz = ticks * kPmTimerHz / elapsed;
    const std::uint64_t difference = hz > the_clock.tsc_hz ? hz - the_clock.tsc_hz : the_clock.tsc_hz - hz;
    if (difference > the_clock.tsc_hz / 100) return;
    // From here on, and so that no moment is skipped or repeated.
    the_clock.offset_ns = timestamp_to_ns(last.tsc);
    the_clock.tsc_base = last.tsc;
    the_clock.tsc_hz = hz;
    the_clock.multiplier = (kNanoseconds << kShift) / hz;
    on_clock_changed();
}

// Counter 2 of the interval timer, whose output can be read at port 0x61 (Intel 8254 data sheet, mode 0). Counts the
// counter's ticks in one window; 0 when the output never rises.
std::uint64_t ticks_in_interval_window() {
    out8(0x61, static_cast<std::uint8_t>((in8(0x61) & ~0x02u) | 0x01));
    out8(0x43, 0xb0);
    out8(0x42, kWindowPitTicks & 0xff);
    const std::uint64_t begin = read_tsc();
    out8(0x42, kWindowPitTicks >> 8);       // starts it
    const std::uint64_t give_up = begin + kFastestHz / 10;
    while ((in8(0x61) & 0x20) == 0)
        if (read_tsc() > give_up) return 0;
    return read_tsc() - begin;
}

bool measure_by_interval_timer() {
    // A hypervisor that takes the CPU away meanwhile makes a window longer, never shorter: the shortest of a few is right.
    const Sample begin = take_sample([] { return std::uint32_t{0}; });
    std::uint64_t shortest = ~std::uint64_t{0};
    for (int i = 0; i < 3; ++i) {
        const std::uint64_t ticks = ticks_in_interval_window();
        if (ticks == 0) return false;
        if (ticks < shortest) shortest = ticks;
    }
    const Sample end = take_sample([] { return std::uint32_t{0}; });
    const std::uint64_t hz = shortest * kPitHz / kWindowPitTicks;
    if (!plausible(hz)) return false;
    set_rates(hz, end.tsc - begin.tsc, begin.local - end.local, "PIT");
    return true;
}

// What the hypervisor says (leaf 4000_0010h: kHz of the counter), as several do.
bool told_by_hypervisor() {
    if (!cpu_features.hypervisor || cpuid(0x40000000).eax < 0x40000010) return false;
    const std::uint64_t hz = std::uint64_t{cpuid(0x40000010).eax} * 1000;
    if (!plausible(hz)) return false;
    const std::uint64_t window = hz / 10'000;       // 100 us for the local timer
    std::uint64_t ticks;
    while ((ticks = read_tsc() - first.tsc) < window) relax();
    set_rates(hz, ticks, first.local - local_timer_count(), "hypervisor");
    return true;
}

void count_towards(std::uint64_t deadline, std::uint64_t now) {
    const std::uint64_t ns = deadline > now ? deadline - now : 0;
    const auto ticks = static_cast<unsigned __int128>(ns) * local_multiplier >> 32;
    // Rounded up, so that it never fires early; in parts when it does not fit one count.
    local_timer_start(ticks >= 0xffff'fffe ? 0xffff'ffff : static_cast<std::uint32_t>(ticks) + 1);
}

}  // namespace

void clock_begin(const boot::AcpiFacts& facts) {
    pm_port = facts.timer_port;
    pm_mask = facts.timer_32_bit ? 0xffff'ffff : 0x00ff'ffff;
    local_timer_interrupts(false);
    local_timer_start(0xffff'ffff);
    first = take_sample([] { return pm_port != 0 ? read_pm_timer() : 0; });
}

void clock_finish() {
    the_clock.tsc_base = boot_info().entry_tsc;
    if (!told_by_hypervisor() && !measure_by_pm_timer() && !measure_by_interval_timer())
        panic("there is no timer to measure the clock against");
    local_timer_start(0);
    local_timer_interrupts(true);
}

const Clock& clock() { return the_clock; }

std::uint64_t timestamp_to_ns(std::uint64_t timestamp) {
    if (timestamp < the_clock.tsc_base)
        return the_clock.offset_ns -
               static_cast<std::uint64_t>(static_cast<unsigned __int128>(the_clock.tsc_base - timestamp) * the_clock.multiplier >> kShift);
    return the_clock.offset_ns +
           static_cast<std::uint64_t>(static_cast<unsigned __int128>(timestamp - the_clock.tsc_base) * the_clock.multiplier >> kShift);
}

std::uint64_t now_ns() {
    return the_clock.offset_ns +
           static_cast<std::uint64_t>(static_cast<unsigned __int128>(read_tsc() - the_clock.tsc_base) * the_clock.multiplier >> kShift);
}

void arm_timer(std::uint64_t deadline_ns) {
    Cpu& cpu = this_cpu();
    if (cpu.armed_deadline == deadline_ns) return;
    cpu.armed_deadline = deadline_ns;
    if (deadline_ns == ~std::uint64_t{0})
        local_timer_start(0);
    else
        count_towards(deadline_ns, now_ns());
}

bool timer_is_due() {
    Cpu& cpu = this_cpu();
    if (cpu.armed_deadline == ~std::uint64_t{0}) return false;
    std::uint64_t now = now_ns();
    if (refinable && now > kRefineAfter) {
        if (now < kTooLate) refine();
        refinable = false;
        now = now_ns();
    }
    if (now < cpu.armed_deadline) {
        count_towards(cpu.armed_deadline, now);
        return false;
    }
    cpu.armed_deadline = ~std::uint64_t{0};
    return true;
}

}  // namespace capos::kernel::arch
