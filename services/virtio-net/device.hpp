// The claimed function, from reset to running: features, MAC, interrupts, queues, link.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "lib/base/result.hpp"
#include "runtime/task.hpp"
#include "schema/device.client.hpp"
#include "schema/memory.client.hpp"
#include "services/virtio-net/queue.hpp"

namespace capos::virtio_net {

using MacAddress = std::array<std::byte, 6>;

// How the driver learns that the link has changed.
enum class LinkNews : std::uint8_t {
    Never,          // the device does not know its link
    Asked,          // by asking it now and then
    Own,            // by interrupt 0, which tells of nothing else
    Shared,         // by the interrupt of the queues, which does not say so
    Acknowledged,   // by the answer to acknowledging the line
};

class Device {
public:
    // Resets the function and negotiates. `interrupts`: routes those that the function has. Failed: the device refused
    // the features; else what the calls answered.
    rt::Task<Result<void>> begin(const client::PciFunction& function, bool interrupts);
    // Binds the pool, creates both queues and lets the device run.
    rt::Task<Result<void>> activate(const client::PciFunction& function, const client::AddressSpace& address_space,
                                    const client::MemoryObject& pool, std::uint32_t slot_bytes);
    rt::Task<void> close(const client::AddressSpace& address_space);

    // What the device offered when it refused the features that were accepted, 0 when it did not refuse.
    std::uint64_t refused_offer() const { return refused_offer_; }

    const MacAddress& mac() const { return mac_; }
    bool legacy() const { return legacy_; }
    const FrameLayout& layout() const { return layout_; }
    Queue& receive() { return receive_; }
    Queue& transmit() { return transmit_; }

    // Interrupt of both queues, nullptr when there is none; and of the configuration with LinkNews::Own.
    const client::Interrupt* traffic_interrupt() const;
    const client::Interrupt& configuration_interrupt() const { return interrupts_[0]; }
    LinkNews link_news() const;          // once activated
    bool message_signalled() const { return message_signalled_; }

    // Up without asking when the device cannot say.
    rt::Task<Result<bool>> link_up();

private:
    rt::Task<Result<void>> route_interrupts(const client::PciFunction& function);
    rt::Task<Result<void>> read_mac(const client::PciFunction& function);

    static constexpr std::uint16_t kMostInterrupts = 2;
    client::DeviceRegisters registers_;
    client::QueueBroker broker_;
    client::DmaPool pool_;
    std::array<client::Interrupt, kMostInterrupts> interrupts_;
    std::uint16_t count_ = 0;
    bool message_signalled_ = false;
    bool configuration_routed_ = false;  // the device raises interrupt 0 for its configuration
    std::uint64_t refused_offer_ = 0;
    bool legacy_ = false;
    bool any_layout_ = false;
    bool has_mac_ = false;
    bool has_status_ = false;
    MacAddress mac_{};
    FrameLayout layout_;
    Queue receive_;
    Queue transmit_;
};

}  // namespace capos::virtio_net
