// PCI configuration space behind an interface, so that a scripted model can stand in for the machine.
#pragma once

#include <compare>
#include <cstdint>

namespace capos::pci {

// Where a function sits: bus 0..255, device 0..31, function 0..7.
class Bdf {
public:
    constexpr Bdf() = default;
    constexpr explicit Bdf(std::uint16_t value) : value_(value) {}
    // Bits outside the ranges above are cut off.
    constexpr Bdf(std::uint8_t bus, std::uint8_t device, std::uint8_t function)
        : value_(static_cast<std::uint16_t>(bus << 8 | (device & 31) << 3 | (function & 7))) {}

    constexpr std::uint8_t bus() const { return static_cast<std::uint8_t>(value_ >> 8); }
    constexpr std::uint8_t device() const { return (value_ >> 3) & 31; }
    constexpr std::uint8_t function() const { return value_ & 7; }
    constexpr std::uint16_t value() const { return value_; }
    constexpr auto operator<=>(const Bdf&) const = default;

private:
    std::uint16_t value_ = 0;
};

// The 256 bytes of configuration space that mechanism 1 reaches. Offsets are aligned to the access width. A function
// that is not there reads as all ones and ignores writes.
class ConfigSpace {
public:
    virtual std::uint8_t read8(Bdf where, std::uint8_t offset) = 0;
    virtual std::uint16_t read16(Bdf where, std::uint8_t offset) = 0;
    virtual std::uint32_t read32(Bdf where, std::uint8_t offset) = 0;
    virtual void write8(Bdf where, std::uint8_t offset, std::uint8_t value) = 0;
    virtual void write16(Bdf where, std::uint8_t offset, std::uint16_t value) = 0;
    virtual void write32(Bdf where, std::uint8_t offset, std::uint32_t value) = 0;

protected:
    ~ConfigSpace() = default;
};

// Registers of the common header (PCI Local Bus 3.0, 6.1) and of type 0 and type 1 headers.
inline constexpr std::uint8_t kVendorId = 0x00;
inline constexpr std::uint8_t kDeviceId = 0x02;
inline constexpr std::uint8_t kCommand = 0x04;
inline constexpr std::uint8_t kStatus = 0x06;
inline constexpr std::uint8_t kRevision = 0x08;        // with the class code in the upper 24 bits
inline constexpr std::uint8_t kHeaderType = 0x0e;
inline constexpr std::uint8_t kFirstBar = 0x10;
inline constexpr std::uint8_t kSecondaryBus = 0x19;    // type 1
inline constexpr std::uint8_t kSubordinateBus = 0x1a;  // type 1
inline constexpr std::uint8_t kSubsystemVendor = 0x2c; // type 0
inline constexpr std::uint8_t kSubsystem = 0x2e;       // type 0
inline constexpr std::uint8_t kCapabilityPointer = 0x34;
inline constexpr std::uint8_t kInterruptLine = 0x3c;
inline constexpr std::uint8_t kInterruptPin = 0x3d;    // 0: none, 1..4: INTA..INTD

inline constexpr std::uint16_t kCommandIo = 1 << 0;
inline constexpr std::uint16_t kCommandMemory = 1 << 1;
inline constexpr std::uint16_t kCommandBusMaster = 1 << 2;
inline constexpr std::uint16_t kCommandInterruptDisable = 1 << 10;

inline constexpr std::uint16_t kStatusInterrupt = 1 << 3;      // the function asserts its INTx line
inline constexpr std::uint16_t kStatusCapabilities = 1 << 4;

// Sets and clears bits of the command register without touching the status bits above it.
inline void update_command(ConfigSpace& space, Bdf where, std::uint16_t set, std::uint16_t clear) {
    const std::uint16_t before = space.read16(where, kCommand);
    const auto after = static_cast<std::uint16_t>((before | set) & ~clear);
    if (after != before)
        space.write16(where, kCommand, after);
}

}  // namespace capos::pci
