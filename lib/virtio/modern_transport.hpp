// The modern transport: structures in memory BARs, found through vendor capabilities.
#pragma once

#include "lib/virtio/register_window.hpp"
#include "lib/virtio/transport.hpp"

namespace capos::virtio {

class ModernTransport final : public Transport {
public:
    static constexpr std::uint16_t kMaxQueues = 64;      // whose doorbells are remembered; higher ones do not exist

    struct Windows {
        RegisterWindow* common = nullptr;                // at least modern::kCommonBytes
        RegisterWindow* notify = nullptr;
        RegisterWindow* interrupt_status = nullptr;      // at least 1 byte
        RegisterWindow* device = nullptr;                // may be absent
        std::uint32_t notify_bytes = 0;
        std::uint32_t notify_multiplier = 0;
        std::uint32_t device_bytes = 0;
    };

    ModernTransport() = default;
    explicit ModernTransport(const Windows& windows) : windows_(windows) {}

    bool is_legacy() const override { return false; }
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
    void write_address(std::uint32_t offset, std::uint64_t address);

    Windows windows_;
    std::uint32_t doorbells_[kMaxQueues] = {};           // offsets in the notify structure, checked at set_queue()
};

}  // namespace capos::virtio
