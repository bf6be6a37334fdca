// What the kernel asks of a virtio device whatever registers it has.
#pragma once

#include <cstdint>

#include "lib/base/result.hpp"
#include "lib/virtio/specification.hpp"
#include "lib/virtio/split_layout.hpp"

namespace capos::virtio {

// Values that come back are the device's and hostile; each is read once per call. Nothing here waits.
class Transport {
public:
    virtual bool is_legacy() const = 0;

    virtual std::uint8_t status() = 0;
    virtual void set_status(std::uint8_t status) = 0;
    // Writes status 0. Confirmed once status() reads 0 (2.1.2, 4.1.4.3.2).
    void begin_reset() { set_status(0); }
    void add_status(std::uint8_t bits) { set_status(static_cast<std::uint8_t>(status() | bits)); }

    virtual std::uint64_t device_features() = 0;
    // Writes the accepted features; on the modern transport also FEATURES_OK. Failed: the device refused them.
    virtual Result<void> accept_features(std::uint64_t features) = 0;

    // The device's size of a queue, 0 when there is none. Legacy queues have exactly this size.
    virtual std::uint16_t queue_size(std::uint16_t queue) = 0;
    // Gives the device the queue's memory: `area` is the device address of a layout, below 2^44 for legacy
    // (OutOfBounds). Modern: Failed when the doorbell lies outside the notify structure.
    virtual Result<void> set_queue(std::uint16_t queue, const SplitLayout& layout, std::uint64_t area) = 0;
    // MSI-X table index for the queue, or kNoVector. Failed: the device has no room for it. Only with MSI-X enabled.
    virtual Result<void> set_queue_vector(std::uint16_t queue, std::uint16_t vector) = 0;
    virtual Result<void> set_configuration_vector(std::uint16_t vector) = 0;
    // Lets the device use the queue; after set_queue().
    virtual void enable_queue(std::uint16_t queue) = 0;
    // Rings the doorbell of a queue that was set.
    virtual void notify(std::uint16_t queue) = 0;

    // Reads and thereby clears the interrupt status.
    virtual std::uint8_t interrupt_status() = 0;

    // Device-specific configuration: length in bytes, and one access of width 1, 2 or 4 that the caller has checked
    // to be aligned and inside.
    virtual std::uint32_t device_bytes() = 0;
    virtual std::uint32_t read_device(std::uint32_t offset, std::uint8_t width) = 0;

protected:
    ~Transport() = default;
};

}  // namespace capos::virtio
