#include "services/virtio-net/device.hpp"

#include "runtime/log.hpp"

namespace capos::virtio_net {

namespace {

constexpr std::uint16_t kNoVector = 0xffff;

}  // namespace

rt::Task<Result<void>> Device::begin(const client::PciFunction& function, bool interrupts) {
    CO_TRY(co_await function.reset());
    auto registers = CO_TRY(co_await function.registers());
    registers_ = CO_TRY(registers.take<schema::DeviceRegisters>(registers->registers()));
    auto queues = CO_TRY(co_await function.queues());
    broker_ = CO_TRY(queues.take<schema::QueueBroker>(queues->broker()));

    auto negotiated = CO_TRY(co_await broker_.negotiate(kFeatureMac | kFeatureStatus | kFeatureAnyLayout));
    if (negotiated->outcome() != schema::QueueBroker::NegotiateResults::Outcome::accepted) {
        refused_offer_ = negotiated->offered();
        co_return Error::Failed;
    }
    const std::uint64_t accepted = negotiated->accepted();
    legacy_ = negotiated->legacy();
    has_mac_ = (accepted & kFeatureMac) != 0;
    has_status_ = (accepted & kFeatureStatus) != 0;
    any_layout_ = (accepted & kFeatureAnyLayout) != 0;
    rt::log_info("{} device, offered {:x}, accepted {:x}", legacy_ ? "legacy" : "modern", negotiated->offered(), accepted);
    CO_TRY(co_await read_mac(function));
    if (interrupts)
        CO_TRY(co_await route_interrupts(function));
    co_return {};
}

rt::Task<Result<void>> Device::read_mac(const client::PciFunction& function) {
    if (!has_mac_) {
        // Locally administered, the same at every start on this slot.
        auto identity = CO_TRY(co_await function.identity());
        const std::uint16_t bdf = identity->info().bdf();
        mac_ = {std::byte{0x02}, std::byte{0xca}, std::byte{0x05}, std::byte{0}, std::byte(bdf >> 8), std::byte(bdf & 0xff)};
        co_return {};
    }
    for (std::uint32_t i = 0; i < mac_.size(); ++i) {
        auto byte = CO_TRY(co_await registers_.read(kConfigurationMac + i, 1));
        mac_[i] = static_cast<std::byte>(byte->value());
    }
    co_return {};
}

// Two are used when the function has them: 0 for the configuration, 1 for both queues.
rt::Task<Result<void>> Device::route_interrupts(const client::PciFunction& function) {
    for (std::uint16_t index = 0; index < kMostInterrupts; ++index) {
        auto reply = co_await function.interrupt(index);
        if (!reply && reply.error() == Error::InvalidArgument)
            break;
        if (!reply && (reply.error() == Error::Disconnected || reply.error() == Error::QuotaExceeded))
            co_return reply.error();
        if (!reply) {
            rt::log_warning("interrupt {} refused: {}", index, reply.error());
            break;
        }
        interrupts_[index] = CO_TRY(reply->take<schema::Interrupt>((*reply)->interrupt()));
        message_signalled_ = (*reply)->kind() == schema::PciFunction::InterruptResults::Kind::msix;
        count_ = static_cast<std::uint16_t>(index + 1);
    }
    if (count_ == 0)
        rt::log_warning("no interrupt: the device is polled");
    co_return {};
}

const client::Interrupt* Device::traffic_interrupt() const { return count_ == 0 ? nullptr : &interrupts_[count_ - 1]; }

rt::Task<Result<void>> Device::activate(const client::PciFunction& function, const client::AddressSpace& address_space,
                                        const client::MemoryObject& pool, std::uint32_t slot_bytes) {
    auto bound = CO_TRY(co_await function.dma(pool, slot_bytes));
    pool_ = CO_TRY(bound.take<schema::DmaPool>(bound->pool()));
    layout_ = FrameLayout(legacy_, any_layout_, slot_bytes);
    const std::uint16_t vector = count_ == 0 ? kNoVector : static_cast<std::uint16_t>(count_ - 1);
    CO_TRY(co_await receive_.open(broker_, address_space, pool_, kReceiveQueue, vector, Queue::Direction::Receive, layout_));
    CO_TRY(co_await transmit_.open(broker_, address_space, pool_, kTransmitQueue, vector, Queue::Direction::Transmit,
                                   layout_));
    auto activated = CO_TRY(co_await broker_.activate());
    configuration_routed_ = activated->configuration_interrupt();
    rt::log_info("running, receive {} and transmit {} frames, {}", receive_.chains(), transmit_.chains(),
                 count_ == 0 ? "no interrupt" : message_signalled_ ? "MSI-X" : "INTx");
    co_return {};
}

LinkNews Device::link_news() const {
    if (!has_status_)
        return LinkNews::Never;
    if (count_ == 0 || (message_signalled_ && !configuration_routed_))
        return LinkNews::Asked;
    if (!message_signalled_)
        return LinkNews::Acknowledged;
    return count_ == 1 ? LinkNews::Shared : LinkNews::Own;
}

rt::Task<void> Device::close(const client::AddressSpace& address_space) {
    co_await receive_.close(address_space);
    co_await transmit_.close(address_space);
}

rt::Task<Result<bool>> Device::link_up() {
    if (!has_status_)
        co_return true;
    auto status = CO_TRY(co_await registers_.read(kConfigurationStatus, 2));
    co_return (status->value() & kStatusLinkUp) != 0;
}

}  // namespace capos::virtio_net
