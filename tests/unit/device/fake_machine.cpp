#include "tests/unit/device/fake_machine.hpp"

#include <algorithm>

#include "kernel/arch/arch.hpp"
#include "kernel/arch/x86_64/device_range.hpp"
#include "lib/virtio/specification.hpp"
#include "tests/kernel_host/machine.hpp"

namespace capos::test {

namespace legacy = virtio::legacy;

std::uint32_t LegacyPorts::read(std::uint32_t offset, unsigned width) {
    touched_too_early += machine().now < quiet_until;
    machine().now += 1000;                                   // a port access takes its time
    switch (offset) {
    case legacy::kDeviceFeatures: return device_features;
    case legacy::kQueueSize: return queue_size;
    case legacy::kDeviceStatus:
        if (pending_ == 0)
            return status;
        if (pending_ != ~0u)
            --pending_;
        return 0x80;
    case legacy::kInterruptStatus: return std::exchange(interrupt_status, 0);
    default: break;
    }
    const std::uint32_t device = msix ? legacy::kDeviceWithMsix : legacy::kDeviceWithoutMsix;
    if (offset >= device && offset < device + mac.size() && width == 1)
        return mac[offset - device];
    return plain_[offset];
}

void LegacyPorts::write(std::uint32_t offset, unsigned, std::uint32_t value) {
    touched_too_early += machine().now < quiet_until;
    if (offset != legacy::kDeviceStatus) {
        plain_[offset] = value;
        return;
    }
    status = static_cast<std::uint8_t>(value);
    if (value == 0) {
        ++status_writes_of_zero;
        pending_ = reset_reads;
    }
}

void LegacyPorts::level_reset(std::uint64_t now) {
    status = 0;
    pending_ = 0;
    reset_reads = reset_reads_after;
    quiet_until = now + 100'000'000;
}

void FakeMachine::add_legacy(std::uint16_t bdf) {
    auto& function = config.functions[bdf];
    function.ids(0x1af4, 0x1000, 0x020000).subsystem(0x1af4, bdf == kBalloon ? 5 : 1).port_bar(0, next_port_, 64);
    function.put16(pci::kCommand, 0x0107);
    function.bytes[pci::kInterruptLine] = kSharedLine;
    function.bytes[pci::kInterruptPin] = 1;
    ports[next_port_];
    next_port_ += 64;
}

void FakeMachine::add_modern(std::uint16_t bdf) {
    const std::uint64_t bar = modern_bar(bdf);
    const std::uint32_t msix_bar = 0xfe000000u + (static_cast<std::uint32_t>(bdf) << 12);
    auto& function = config.functions[bdf];
    function.ids(0x1af4, 0x1041, 0x020000).memory_bar64(4, bar, 16384).memory_bar(1, msix_bar, 4096);
    function.virtio_structure(0x40, 1, 4, 0, 0x38).virtio_structure(0x50, 3, 4, 0x1000, 4)
        .virtio_structure(0x60, 4, 4, 0x2000, 64).virtio_structure(0x70, 2, 4, 0x3000, 0x1000, 4)
        .msix(0x98, 4, 0 | 1, 0x800 | 1);
    function.put16(pci::kCommand, 0x0007);
    memory[bar].resize(16384);
    memory[msix_bar].resize(4096);
    // Both halves of the feature word read the same: bit 0 of the upper one is VERSION_1.
    memory_at<std::uint32_t>(bar + virtio::modern::kDeviceFeature) = 1;
    memory_at<std::uint16_t>(bar + virtio::modern::kQueueCount) = 2;
    memory_at<std::uint16_t>(bar + virtio::modern::kQueueSize) = 256;
}

FakeMachine::FakeMachine() {
    for (const std::uint16_t bdf : {kLegacy, kSharerOne, kSharerTwo, kStubborn, kBalloon, kSlow, kLevelExpress,
                                    kLevelFeatures, kLevelInVain, kBehindBridges})
        add_legacy(bdf);
    function(kLegacy).memory_bar(1, kLegacyMsixBar, 64).msix(0x40, 3, 8 | 1, 0 | 1);
    memory[kLegacyMsixBar].resize(64);
    legacy(kLegacy).msix = true;
    legacy(kStubborn).reset_reads = ~0u;
    legacy(kSlow).reset_reads = 1000;
    for (const std::uint16_t bdf : {kModern, kStuckReset, kStuckMaster, kInMemory, kBeyond, kRefused})
        add_modern(bdf);
    function(kInMemory).memory_bar64(4, kMemory.base + kMemory.bytes - 16384, 16384);
    function(kBeyond).memory_bar64(4, std::uint64_t{1} << kPhysicalBits, 16384);
    // A notify structure of a megabyte.
    add_modern(kLarge);
    function(kLarge).memory_bar64(4, modern_bar(kLarge), 1 << 21).put32(0x70 + 8, 0x100000);
    function(kLarge).put32(0x70 + 12, 0x100000);
    memory[modern_bar(kLarge)].resize(1 << 21);

    function(kLevelExpress).memory_bar(1, kLevelMsixBar, 4096).msix(0x40, 2, 0 | 1, 0x800 | 1).capability(0x60, 0x10);
    function(kLevelExpress).put32(0x64, 1u << 28);
    function(kLevelExpress).put16(0x68, 0x2810);
    memory[kLevelMsixBar].resize(4096);
    for (const std::uint16_t bdf : {kLevelFeatures, kLevelInVain}) {
        function(bdf).capability(0x60, 0x13);
        function(bdf).bytes[0x63] = 0x03;
    }
    legacy(kLevelInVain).reset_reads_after = ~0u;

    // As firmware may leave a function that nobody drives: messages of both kinds switched on, one table nowhere.
    config.functions[kOther].ids(0x8086, 0x7010, 0x010180).msix(0x50, 4, 6, 6).capability(0x70, 0x05);
    config.functions[kOther].put16(pci::kCommand, 0x0007);
    config.functions[kOther].put16(0x52, 0x8003);
    config.functions[kOther].put16(0x72, 0x0081);
    const auto bridge = [this](std::uint16_t bdf, std::uint8_t secondary, std::uint8_t subordinate) {
        auto& function = config.functions[bdf].ids(0x8086, 0x244e, 0x060400).header(1);
        function.bytes[pci::kSecondaryBus] = secondary;
        function.bytes[pci::kSubordinateBus] = subordinate;
        function.put16(pci::kCommand, 0x0007);
    };
    bridge(kBridge, 1, 3);
    bridge(kOtherBridge, 3, 3);
    bridge(kInnerBridge, 2, 2);
    for (std::uint16_t index = 0; config.functions.size() < kFunctions; ++index) {
        auto& function = config.functions[static_cast<std::uint16_t>(kFirstOfMany + index)];
        function.ids(0x8086, 0x100e, 0x020000).header(0x80).put16(pci::kCommand, 0x0007);
    }
    config.written = [this](pci::Bdf where, unsigned offset, std::uint32_t value) { config_written(where, offset, value); };
}

// A function-level reset takes the BARs, the command register and MSI-X away at once.
void FakeMachine::config_written(pci::Bdf where, unsigned offset, std::uint32_t value) {
    auto& function = config.functions.at(where.value());
    const bool express = function.bytes[0x60] == 0x10 && offset == 0x68 && (value & 0x8000) != 0;
    const bool features = function.bytes[0x60] == 0x13 && offset == 0x64 && (value & 1) != 0;
    if (on_config_write)
        on_config_write(where, offset, value);
    if (!express && !features)
        return;
    ++level_resets;
    legacy(where.value()).level_reset(machine().now);
    for (unsigned bar = 0; bar < 6; ++bar)
        function.put32(pci::kFirstBar + 4 * bar, bar == 0 ? 1 : 0);
    function.put16(pci::kCommand, 0);
    function.put16(express ? 0x68 : 0x64, 0);
    if (express) {
        function.put16(0x42, 1);
        for (std::uint32_t entry = 0; entry < 2; ++entry)
            for (std::uint32_t word = 0; word < 4; ++word)
                memory_at<std::uint32_t>(kLevelMsixBar + 16 * entry + 4 * word) = word == 3;
    }
}

LegacyPorts& FakeMachine::legacy(std::uint16_t bdf) {
    return ports.at(static_cast<std::uint16_t>(function(bdf).get(0x10, 4) & 0xfffc));
}

std::byte* FakeMachine::bytes_at(std::uint64_t address) {
    auto after = memory.upper_bound(address);
    if (after == memory.begin())
        broken("device memory that is not there");
    --after;
    if (address - after->first >= after->second.size())
        broken("device memory that is not there");
    return after->second.data() + (address - after->first);
}

std::uint32_t FakeMachine::read_port(std::uint16_t port, unsigned width) {
    if (port >= 0xcfc && port < 0xd00) {
        const pci::Bdf where(static_cast<std::uint16_t>(address_ >> 8));
        const auto offset = static_cast<std::uint8_t>((address_ & 0xfc) + port - 0xcfc);
        return width == 1 ? config.read8(where, offset) : width == 2 ? config.read16(where, offset)
                                                                     : config.read32(where, offset);
    }
    for (auto& [first, device] : ports)
        if (port >= first && port < first + 64)
            return device.read(port - first, width);
    return 0;
}

void FakeMachine::write_port(std::uint16_t port, unsigned width, std::uint32_t value) {
    if (port == 0xcf8) {
        address_ = value;
    } else if (port >= 0xcfc && port < 0xd00) {
        const pci::Bdf where(static_cast<std::uint16_t>(address_ >> 8));
        const auto offset = static_cast<std::uint8_t>((address_ & 0xfc) + port - 0xcfc);
        if (width == 1)
            config.write8(where, offset, static_cast<std::uint8_t>(value));
        else if (width == 2)
            config.write16(where, offset, static_cast<std::uint16_t>(value));
        else
            config.write32(where, offset, value);
    } else {
        for (auto& [first, device] : ports)
            if (port >= first && port < first + 64)
                device.write(port - first, width, value);
    }
}

FakeMachine& fake_machine() {
    static FakeMachine machine;
    return machine;
}

}  // namespace capos::test

namespace capos::kernel::arch {

using test::fake_machine;

std::uint8_t in8(std::uint16_t port) { return static_cast<std::uint8_t>(fake_machine().read_port(port, 1)); }
std::uint16_t in16(std::uint16_t port) { return static_cast<std::uint16_t>(fake_machine().read_port(port, 2)); }
std::uint32_t in32(std::uint16_t port) { return fake_machine().read_port(port, 4); }
void out8(std::uint16_t port, std::uint8_t value) { fake_machine().write_port(port, 1, value); }
void out16(std::uint16_t port, std::uint16_t value) { fake_machine().write_port(port, 2, value); }
void out32(std::uint16_t port, std::uint32_t value) { fake_machine().write_port(port, 4, value); }

bool is_device_range(PhysAddr first, std::uint64_t bytes) {
    const test::FakeMachine::Span memory = test::FakeMachine::kMemory;
    const kernel::MemoryRange ranges[] = {{memory.base, memory.bytes}};
    return may_be_device(static_cast<std::uint64_t>(first), bytes, test::FakeMachine::kPhysicalBits, ranges);
}

Result<volatile std::byte*> map_device(PhysAddr address, std::size_t bytes) {
    if (fake_machine().windows_refused != 0) {
        --fake_machine().windows_refused;
        return Error::OutOfMemory;
    }
    fake_machine().longest_window = std::max(fake_machine().longest_window, bytes);
    return fake_machine().bytes_at(static_cast<std::uint64_t>(address));
}

Result<std::uint8_t> allocate_vector() {
    for (std::uint8_t vector = 0x40; vector < 0x60; ++vector)
        if (fake_machine().vectors.insert(vector).second)
            return vector;
    return Error::Exhausted;
}
void free_vector(std::uint8_t vector) { fake_machine().vectors.erase(vector); }
MsiMessage msi_message(std::uint8_t vector) { return {0xfee00000, vector}; }
Result<void> route_line(std::uint8_t line, std::uint8_t vector) {
    fake_machine().lines[line] = vector;
    return {};
}
void mask_line(std::uint8_t line) { fake_machine().open_lines.erase(line); }
void unmask_line(std::uint8_t line) { fake_machine().open_lines.insert(line); }
void end_of_interrupt() { ++fake_machine().ended; }

}  // namespace capos::kernel::arch
