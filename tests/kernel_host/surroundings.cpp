// The parts of the kernel beside its core: boot facts, devices, version.
#include "tests/kernel_host/surroundings.hpp"

#include "kernel/device/device_facts.hpp"
#include "kernel/version.hpp"

namespace capos::kernel {

const std::string_view kVersion = "test";

namespace {

BootInfo info{.protocol = BootProtocol::Pvh, .usable = {}, .usable_count = 0, .bundle = {}, .rsdp = {},
              .command_line = "test=1", .entry_tsc = 7};

}  // namespace

const BootInfo& boot_info() { return info; }

std::string_view command_line_value(std::string_view) { return {}; }

// A test may bring devices.
[[gnu::weak]] void for_each_device(void (*visit)(const DeviceFacts& facts, void* context), void* context) {
    const DeviceFacts facts{.bdf = 3 << 3, .vendor = 0x1af4, .device = 0x1000, .class_code = 0x20000,
                            .transport = "legacy", .msix_vectors = 3, .regime = "unclaimed", .holder = {},
                            .interrupts = 0, .doorbells = 5, .completions = 0, .misbehaviours = 0,
                            .slots_in_flight = 0, .claims = 0};
    visit(facts, context);
}

}  // namespace capos::kernel

namespace capos::test {

kernel::MemoryRange& boot_bundle_range() { return kernel::info.bundle; }

}  // namespace capos::test
