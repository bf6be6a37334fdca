// From the first C++ instruction to kernel_main(): boot information, memory, CPU, interrupts, clock.
#include <cstring>

#include "kernel/arch/start.hpp"
#include "kernel/boot/acpi.hpp"
#include "kernel/boot/boot_source.hpp"
#include "kernel/boot/boot_steps.hpp"
#include "kernel/mem/frames.hpp"

// kernel.ld and boot.S
extern "C" const std::byte kernel_image_start[], kernel_image_end[];
extern "C" const std::uint64_t boot_tsc;

namespace capos::kernel {

namespace {

constexpr std::uint32_t kMultiboot2Magic = 0x36d76289;
// boot.S maps this much of physical memory; boot structures above it are not looked at.
constexpr std::uint64_t kMappedAtBoot = std::uint64_t{4} << 30;

class MappedMemory final : public boot::PhysicalMemory {
public:
    boot::Bytes view(std::uint64_t address, std::size_t bytes) const override {
        if (bytes == 0 || address >= kMappedAtBoot || bytes > kMappedAtBoot - address) return {};
        return {static_cast<const std::byte*>(direct(PhysAddr{address})), bytes};
    }
};

constinit BootInfo info = {};
constinit boot::BootSource source;
constinit boot::AcpiFacts acpi;

MemoryRange image_range() {
    const auto start = reinterpret_cast<std::uint64_t>(kernel_image_start) - kKernelBase;
    const auto end = reinterpret_cast<std::uint64_t>(kernel_image_end) - kKernelBase;
    return {start, end - start};
}

void read_boot_information(std::uint32_t magic, std::uint32_t address) {
    const MappedMemory memory;
    // PVH is known by the magic in its structure: EAX holds anything then.
    Result<void> read = boot::read_pvh(memory, address, source);
    if (!read && magic == kMultiboot2Magic) {
        source = {};
        read = boot::read_multiboot2(memory, address, source);
    }
    if (!read) panic("the boot loader's information does not hold together, or has no memory map");
    std::memcpy(info.command_line, source.command_line, sizeof info.command_line);   // panic= counts from here on
    const Result<void> made = boot::make_boot_info(source, image_range(), info);
    if (!made)
        panic(made.error() == Error::NotFound ? "the boot loader reports no usable memory"
                                              : "the boot bundle is not on a page boundary, or overlaps the kernel");
    if (source.rsdp == 0) source.rsdp = boot::find_root_pointer(memory);
    info.rsdp = PhysAddr{source.rsdp};
    // Without ACPI there are still the CPU, its local APIC and the interval timer.
    if (source.rsdp != 0) (void)boot::read_acpi(memory, source.rsdp, acpi);
}

}  // namespace

const BootInfo& boot_info() { return info; }
std::string_view command_line_value(std::string_view key) { return boot::find_option(info.command_line, key); }

extern "C" [[noreturn]] void kernel_start(std::uint32_t magic, std::uint32_t address) {
    arch::start_cpu();
    info.entry_tsc = boot_tsc;
    read_boot_information(magic, address);
    boot_step("boot information read");
    frames_start({info.usable, info.usable_count});
    arch::start_machine(source.ram.ranges(), acpi);
    boot_step("machine started");
    kernel_main();
}

}  // namespace capos::kernel
