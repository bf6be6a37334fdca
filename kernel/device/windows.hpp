// Register windows of a real device: a range of ports or of device memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/arch/arch.hpp"
#include "lib/virtio/register_window.hpp"

namespace capos::kernel::device {

class PortWindow final : public virtio::RegisterWindow {
public:
    constexpr PortWindow() = default;
    explicit PortWindow(std::uint16_t base) : base_(base) {}

    std::uint8_t read8(std::uint32_t offset) override { return arch::in8(port(offset)); }
    std::uint16_t read16(std::uint32_t offset) override { return arch::in16(port(offset)); }
    std::uint32_t read32(std::uint32_t offset) override { return arch::in32(port(offset)); }
    void write8(std::uint32_t offset, std::uint8_t value) override { arch::out8(port(offset), value); }
    void write16(std::uint32_t offset, std::uint16_t value) override { arch::out16(port(offset), value); }
    void write32(std::uint32_t offset, std::uint32_t value) override { arch::out32(port(offset), value); }

private:
    std::uint16_t port(std::uint32_t offset) const { return static_cast<std::uint16_t>(base_ + offset); }
    std::uint16_t base_ = 0;
};

class MemoryWindow final : public virtio::RegisterWindow {
public:
    constexpr MemoryWindow() = default;
    explicit MemoryWindow(volatile std::byte* base) : base_(base) {}

    std::uint8_t read8(std::uint32_t offset) override { return *at<std::uint8_t>(offset); }
    std::uint16_t read16(std::uint32_t offset) override { return *at<std::uint16_t>(offset); }
    std::uint32_t read32(std::uint32_t offset) override { return *at<std::uint32_t>(offset); }
    void write8(std::uint32_t offset, std::uint8_t value) override { *at<std::uint8_t>(offset) = value; }
    void write16(std::uint32_t offset, std::uint16_t value) override { *at<std::uint16_t>(offset) = value; }
    void write32(std::uint32_t offset, std::uint32_t value) override { *at<std::uint32_t>(offset) = value; }

private:
    template <class T>
    volatile T* at(std::uint32_t offset) const {
        return reinterpret_cast<volatile T*>(base_ + offset);
    }
    volatile std::byte* base_ = nullptr;
};

}  // namespace capos::kernel::device
