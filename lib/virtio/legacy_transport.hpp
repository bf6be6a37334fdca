// The legacy transport: registers in I/O ports, queues by page frame number.
#pragma once

#include "lib/virtio/register_window.hpp"
#include "lib/virtio/transport.hpp"

namespace capos::virtio {

class LegacyTransport final : public Transport {
public:
    // Smallest BAR 0 that holds the registers with MSI-X enabled.
    static constexpr std::uint32_t kMinimumBytes = legacy::kDeviceWithMsix;

    LegacyTransport() = default;
    // `bytes` is the length of the window, at least kMinimumBytes.
    LegacyTransport(RegisterWindow& window, std::uint32_t bytes) : window_(&window), bytes_(bytes) {}

    // The device-specific configuration moves when MSI-X is switched on in configuration space.
    void set_msix_enabled(bool enabled) { msix_ = enabled; }

    bool is_legacy() const override { return true; }
    std::uint8_t status() override;
    void set_status(std::uint8_t status) override;
    std::uint64_t device_features() override;
    Result<void> accept_features(std::uint64_t features) override;
    std::uint16_t queue_size(std::uint16_t queue) override;
    Result<void> set_queue(std::uint16_t queue, const SplitLayout& layout, std::uint64_t area) override;
    Result<void> set_queue_vector(std::uint16_t queue, std::uint16_t vector) override;
    Result<void> set_configuration_vector(std::uint16_t vector) override;
    void enable_queue(std::uint16_t queue) override;
    void notify(std::uint16_t queue) override;
    std::uint8_t interrupt_status() override;
    std::uint32_t device_bytes() override;
    std::uint32_t read_device(std::uint32_t offset, std::uint8_t width) override;

private:
    std::uint32_t device_offset() const { return msix_ ? legacy::kDeviceWithMsix : legacy::kDeviceWithoutMsix; }

    RegisterWindow* window_ = nullptr;
    std::uint32_t bytes_ = 0;
    bool msix_ = false;
};

}  // namespace capos::virtio
