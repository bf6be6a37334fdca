// A machine's configuration space as a script: functions with 256 bytes each, BARs that answer to sizing.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>

#include "lib/pci/config_space.hpp"

namespace capos::pci::test {

class ScriptedFunction {
public:
    std::array<std::uint8_t, 256> bytes{};
    std::array<std::uint32_t, 6> bar_mask{};      // bits that software can set; the rest read as they stand
    std::uint16_t command_stuck = 0;              // bits of the command register that do not clear

    ScriptedFunction& ids(std::uint16_t vendor, std::uint16_t device, std::uint32_t class_code = 0) {
        put16(kVendorId, vendor);
        put16(kDeviceId, device);
        put32(kRevision, class_code << 8);
        return *this;
    }
    ScriptedFunction& header(std::uint8_t type) {
        bytes[kHeaderType] = type;
        return *this;
    }
    ScriptedFunction& subsystem(std::uint16_t vendor, std::uint16_t device) {
        put16(kSubsystemVendor, vendor);
        put16(kSubsystem, device);
        return *this;
    }
    ScriptedFunction& memory_bar(unsigned index, std::uint32_t base, std::uint32_t size) {
        put32(at(index), base);
        bar_mask[index] = ~(size - 1);
        return *this;
    }
    ScriptedFunction& memory_bar64(unsigned index, std::uint64_t base, std::uint64_t size) {
        put32(at(index), static_cast<std::uint32_t>(base) | 4);
        put32(at(index + 1), static_cast<std::uint32_t>(base >> 32));
        const std::uint64_t mask = ~(size - 1);
        bar_mask[index] = static_cast<std::uint32_t>(mask);
        bar_mask[index + 1] = static_cast<std::uint32_t>(mask >> 32);
        return *this;
    }
    // Upper half hard-wired to 0, as many devices do.
    ScriptedFunction& port_bar(unsigned index, std::uint16_t base, std::uint16_t size) {
        put32(at(index), base | 1u);
        bar_mask[index] = 0xffffu & ~(size - 1u);
        return *this;
    }
    // Appends a capability at `offset` and links it behind the last one.
    ScriptedFunction& capability(std::uint8_t offset, std::uint8_t id) {
        put16(kStatus, kStatusCapabilities);
        bytes[last_capability_ == 0 ? kCapabilityPointer : last_capability_ + 1u] = offset;
        bytes[offset] = id;
        bytes[offset + 1u] = 0;
        last_capability_ = offset;
        return *this;
    }
    ScriptedFunction& msix(std::uint8_t offset, std::uint16_t vectors, std::uint32_t table, std::uint32_t pending) {
        capability(offset, 0x11);
        put16(offset + 2u, static_cast<std::uint16_t>(vectors - 1));
        put32(offset + 4u, table);
        put32(offset + 8u, pending);
        return *this;
    }
    ScriptedFunction& virtio_structure(std::uint8_t offset, std::uint8_t type, std::uint8_t bar, std::uint32_t start,
                                       std::uint32_t length, std::uint32_t multiplier = 0) {
        capability(offset, 0x09);
        bytes[offset + 2u] = type == 2 ? 20 : 16;
        bytes[offset + 3u] = type;
        bytes[offset + 4u] = bar;
        put32(offset + 8u, start);
        put32(offset + 12u, length);
        if (type == 2)
            put32(offset + 16u, multiplier);
        return *this;
    }

    void put16(unsigned offset, std::uint16_t value) { std::memcpy(&bytes.at(offset), &value, 2); }
    void put32(unsigned offset, std::uint32_t value) { std::memcpy(&bytes.at(offset), &value, 4); }
    std::uint32_t get(unsigned offset, unsigned width) const {
        std::uint32_t value = 0;
        std::memcpy(&value, &bytes.at(offset), width);
        return value;
    }
    static unsigned at(unsigned bar) { return kFirstBar + 4 * bar; }

private:
    std::uint8_t last_capability_ = 0;
};

class ScriptedConfig final : public ConfigSpace {
public:
    std::map<std::uint16_t, ScriptedFunction> functions;
    std::uint64_t reads = 0;
    std::uint64_t misaligned = 0;      // accesses that hardware would not have taken
    // Told of each write to a function that is there, after it was done.
    std::function<void(Bdf, unsigned offset, std::uint32_t value)> written;

    ScriptedFunction& add(std::uint8_t bus, std::uint8_t device, std::uint8_t function) {
        return functions[Bdf(bus, device, function).value()];
    }

    std::uint8_t read8(Bdf where, std::uint8_t offset) override { return static_cast<std::uint8_t>(read(where, offset, 1)); }
    std::uint16_t read16(Bdf where, std::uint8_t offset) override { return static_cast<std::uint16_t>(read(where, offset, 2)); }
    std::uint32_t read32(Bdf where, std::uint8_t offset) override { return read(where, offset, 4); }
    void write8(Bdf where, std::uint8_t offset, std::uint8_t value) override { write(where, offset, 1, value); }
    void write16(Bdf where, std::uint8_t offset, std::uint16_t value) override { write(where, offset, 2, value); }
    void write32(Bdf where, std::uint8_t offset, std::uint32_t value) override { write(where, offset, 4, value); }

private:
    std::uint32_t read(Bdf where, unsigned offset, unsigned width) {
        ++reads;
        misaligned += offset % width != 0;
        const auto found = functions.find(where.value());
        if (found == functions.end())
            return width == 4 ? 0xffffffffu : (1u << (8 * width)) - 1;
        return found->second.get(offset & ~(width - 1), width);
    }
    void write(Bdf where, unsigned offset, unsigned width, std::uint32_t value) {
        misaligned += offset % width != 0;
        const auto found = functions.find(where.value());
        if (found == functions.end())
            return;
        ScriptedFunction& function = found->second;
        const bool bar = width == 4 && offset >= kFirstBar && offset < kFirstBar + 24 && function.bytes[kHeaderType] % 128 == 0;
        if (bar) {
            const std::uint32_t mask = function.bar_mask[(offset - kFirstBar) / 4];
            value = (function.get(offset, 4) & ~mask) | (value & mask);
        }
        if (offset == kCommand)
            value |= function.get(kCommand, 2) & function.command_stuck;
        std::memcpy(&function.bytes.at(offset & ~(width - 1)), &value, width);
        if (written)
            written(where, offset, value);
    }
};

}  // namespace capos::pci::test
