// The single tables of ACPI, once found and summed. Used by acpi.cpp and the tests.
#pragma once

#include "kernel/boot/acpi.hpp"

namespace capos::kernel::boot {

// MADT, header included (ACPI 6.5, 5.2.12).
void read_interrupt_table(Bytes table, AcpiFacts& facts);
// FADT, header included (ACPI 6.5, 5.2.9). Answers the DSDT's address.
std::uint64_t read_fixed_table(Bytes table, AcpiFacts& facts);

}  // namespace capos::kernel::boot
