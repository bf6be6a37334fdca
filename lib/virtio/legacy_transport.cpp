#include "lib/virtio/legacy_transport.hpp"

#include "lib/virtio/device_access.hpp"

namespace capos::virtio {

using namespace legacy;

std::uint8_t LegacyTransport::status() { return window_->read8(legacy::kDeviceStatus); }
void LegacyTransport::set_status(std::uint8_t status) { window_->write8(legacy::kDeviceStatus, status); }

std::uint64_t LegacyTransport::device_features() { return window_->read32(kDeviceFeatures); }

Result<void> LegacyTransport::accept_features(std::uint64_t features) {
    window_->write32(kDriverFeatures, static_cast<std::uint32_t>(features));
    return {};
}

std::uint16_t LegacyTransport::queue_size(std::uint16_t queue) {
    window_->write16(legacy::kQueueSelect, queue);
    return window_->read16(legacy::kQueueSize);
}

Result<void> LegacyTransport::set_queue(std::uint16_t queue, const SplitLayout&, std::uint64_t area) {
    const std::uint64_t page = area / kPageBytes;
    if (page == 0 || page > 0xffffffff || area % kPageBytes != 0)
        return Error::OutOfBounds;
    window_->write16(legacy::kQueueSelect, queue);
    window_->write32(kQueuePage, static_cast<std::uint32_t>(page));
    return {};
}

Result<void> LegacyTransport::set_queue_vector(std::uint16_t queue, std::uint16_t vector) {
    window_->write16(legacy::kQueueSelect, queue);
    window_->write16(legacy::kQueueVector, vector);
    if (window_->read16(legacy::kQueueVector) != vector)
        return Error::Failed;
    return {};
}

Result<void> LegacyTransport::set_configuration_vector(std::uint16_t vector) {
    window_->write16(legacy::kConfigurationVector, vector);
    if (window_->read16(legacy::kConfigurationVector) != vector)
        return Error::Failed;
    return {};
}

void LegacyTransport::enable_queue(std::uint16_t) {}       // a page frame number other than 0 enables it

void LegacyTransport::notify(std::uint16_t queue) { window_->write16(kQueueNotify, queue); }

std::uint8_t LegacyTransport::interrupt_status() { return window_->read8(kInterruptStatus); }

std::uint32_t LegacyTransport::device_bytes() { return bytes_ - device_offset(); }

std::uint32_t LegacyTransport::read_device(std::uint32_t offset, std::uint8_t width) {
    return read_width(*window_, device_offset() + offset, width);
}

}  // namespace capos::virtio
