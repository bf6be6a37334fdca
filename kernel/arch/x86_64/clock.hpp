// Measuring the time-stamp counter and the local timer, and the timer's deadline.
#pragma once

#include "kernel/boot/acpi.hpp"

namespace capos::kernel::arch {

// Takes the first sample. Between the two the rest of the start-up runs; a window that short boots have not filled
// by then is waited for.
void clock_begin(const boot::AcpiFacts& facts);
void clock_finish();

// On a timer interrupt: whether the armed deadline has come; when it was too far for one count, counts on.
bool timer_is_due();

}  // namespace capos::kernel::arch
