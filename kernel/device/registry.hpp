// Every PCI function that the scan at boot found.
#pragma once

#include <cstdint>

#include "kernel/device/function.hpp"

namespace capos::kernel::device {

inline constexpr std::uint32_t kMaxFunctions = 64;

// Scans the buses, once, before anything else here is used. Every function is quiet afterwards, bridges and those beyond
// kMaxFunctions too. Says one line for each that is kept.
void scan_functions();

std::uint32_t function_count();
// index < function_count().
DeviceFunction& function_at(std::uint32_t index);
// Lets every bridge on the way from `where` to the processor pass what the function there sends.
void open_bridges(pci::Bdf where);
// nullptr: nothing was found there.
DeviceFunction* find_function(pci::Bdf where);

// Calls visit(const DeviceFunction&) for each, in the order of the scan.
template <class Visit>
void for_each_function(Visit&& visit) {
    for (std::uint32_t index = 0; index < function_count(); ++index)
        visit(static_cast<const DeviceFunction&>(function_at(index)));
}

// "legacy", "modern", "none"; "brokered", "unclaimed", "dead".
const char* transport_name(const DeviceFunction& function);
const char* regime_name(const DeviceFunction& function);

}  // namespace capos::kernel::device
