#include "kernel/boot/boot_steps.hpp"

#include "kernel/arch/arch.hpp"

namespace capos::kernel {

namespace {

BootStep steps[kMaxBootSteps];
unsigned count;
unsigned converted;     // steps whose `at_ns` is nanoseconds; those after hold the raw counter, from before the clock

}  // namespace

void boot_step(const char* name) {
    if (count < kMaxBootSteps) steps[count++] = {name, arch::timestamp()};
}

std::span<const BootStep> boot_steps_recorded() {
    for (; converted < count; ++converted) steps[converted].at_ns = arch::timestamp_to_ns(steps[converted].at_ns);
    return {steps, count};
}

}  // namespace capos::kernel
