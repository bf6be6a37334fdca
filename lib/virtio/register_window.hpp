// A range of device registers, in memory or ports, behind an interface so that a model can stand in for a device.
#pragma once

#include <cstdint>

namespace capos::virtio {

// Offsets are relative to the window, aligned to the width, and inside it: the caller has checked them. Each call is
// exactly one access of that width.
class RegisterWindow {
public:
    virtual std::uint8_t read8(std::uint32_t offset) = 0;
    virtual std::uint16_t read16(std::uint32_t offset) = 0;
    virtual std::uint32_t read32(std::uint32_t offset) = 0;
    virtual void write8(std::uint32_t offset, std::uint8_t value) = 0;
    virtual void write16(std::uint32_t offset, std::uint16_t value) = 0;
    virtual void write32(std::uint32_t offset, std::uint32_t value) = 0;

protected:
    ~RegisterWindow() = default;
};

}  // namespace capos::virtio
