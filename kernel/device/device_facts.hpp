// What the listings say of each PCI function; kernel/device fills it in.
#pragma once

#include <cstdint>
#include <string_view>

namespace capos::kernel {

struct DeviceFacts {
    std::uint16_t bdf;               // bus << 8 | device << 3 | function
    std::uint16_t vendor;
    std::uint16_t device;
    std::uint32_t class_code;        // class << 16 | subclass << 8 | interface
    std::string_view transport;      // "legacy", "modern", "none"
    std::uint16_t msix_vectors;
    std::string_view regime;         // "brokered", "unclaimed", "dead"
    std::string_view holder;         // process that claimed it, or empty
    std::uint64_t interrupts;
    std::uint64_t doorbells;
    std::uint64_t completions;
    std::uint64_t misbehaviours;
    std::uint32_t slots_in_flight;
    std::uint32_t claims;
};

// Every function found at the scan, in order of bus, device, function.
void for_each_device(void (*visit)(const DeviceFacts& facts, void* context), void* context);

class Object;
// Scans the bus; once, at start.
void start_devices();
// The object behind the PciBus capability.
Object& pci_bus();

}  // namespace capos::kernel
