// Where start-up time went: a fixed table of named moments.
#pragma once

#include <cstdint>
#include <span>

namespace capos::kernel {

struct BootStep {
    const char* name;       // static text
    std::uint64_t at_ns;    // since the kernel's first instruction
};

inline constexpr unsigned kMaxBootSteps = 64;

// Notes that the step `name` is done now; once the table is full, nothing.
void boot_step(const char* name);
// All steps so far, oldest first.
std::span<const BootStep> boot_steps_recorded();

}  // namespace capos::kernel
