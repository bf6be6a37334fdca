// The kernel's own start, after kernel/boot and kernel/arch have set the machine up.
#include "kernel/boot/boot_info.hpp"
#include "kernel/boot/boot_source.hpp"
#include "kernel/boot/boot_steps.hpp"
#include "kernel/console/console.hpp"
#include "kernel/device/device_facts.hpp"
#include "kernel/mem/accounts.hpp"
#include "kernel/object/boot_bundle.hpp"
#include "kernel/object/root_objects.hpp"
#include "kernel/process/init.hpp"
#include "kernel/sched/scheduler.hpp"
#include "kernel/version.hpp"

namespace capos::kernel {

namespace {

void say_what_protects() {
    FixedText<200> missing;
    for (const arch::Feature& feature : arch::mitigations())
        if (!feature.active && feature.needed) missing << ' ' << feature.name;
    if (missing.size() != 0) {
        FixedText<240> text;
        text << "protections not active:" << missing.view();
        console::line("kernel", text.view());
    }
}

void say_what_was_left_out() {
    const BootInfo& boot = boot_info();
    FixedText<200> text;
    if (boot.note[0] != 0) {
        text << "warning: " << boot.note;
        console::line("kernel", text.view());
    }
    if (const std::string_view word = boot::first_unknown_option(boot.command_line); !word.empty()) {
        text.clear();
        text << "warning: the command line's \"" << word.substr(0, 60) << "\" does nothing; known are " << boot::kKnownOptions;
        console::line("kernel", text.view());
    }
    if (boot.ranges_left_out == 0) return;
    text.clear();
    text << "warning: memory comes in too many ranges: the smallest " << boot.ranges_left_out << " are not used";
    console::line("kernel", text.view());
}

}  // namespace

void kernel_main() {
    FixedText<200> text;
    text << "capOS " << kVersion << " on " << arch::cpu_model() << ", " << arch::cpus_present() << " CPU(s), clock from "
         << arch::clock().source;
    console::line("kernel", text.view());
    say_what_was_left_out();
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

}  // namespace capos::kernel
