// Fixed ACPI power hardware.
#pragma once

#include "kernel/boot/acpi.hpp"

namespace capos::kernel::arch {

// Notes how to switch off and reset, enters ACPI mode and arms the power button.
void start_power(const boot::AcpiFacts& facts);
// On the SCI: clears what raised it; true when that was the power button.
bool acknowledge_power_event();

}  // namespace capos::kernel::arch
