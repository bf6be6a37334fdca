// From a CPU vector to the interrupt object that it belongs to.
#pragma once

#include <cstdint>

#include "kernel/device/object/interrupt.hpp"
#include "lib/base/result.hpp"

namespace capos::kernel::device {

// A vector of its own for a message-signalled interrupt. Exhausted: none is left.
Result<std::uint8_t> attach_vector(InterruptObject& interrupt);
void detach_vector(std::uint8_t vector);

// A share of a level-triggered line. Exhausted: too many lines or sharers; else what the interrupt controller says.
Result<void> attach_line(std::uint8_t line, InterruptObject& interrupt);
void detach_line(std::uint8_t line, InterruptObject& interrupt);

// The hook for every device vector: delivers, ends the interrupt, returns.
void deliver(std::uint8_t vector);

}  // namespace capos::kernel::device
