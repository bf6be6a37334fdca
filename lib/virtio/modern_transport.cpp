#include "lib/virtio/modern_transport.hpp"

#include "lib/virtio/device_access.hpp"

namespace capos::virtio {

using namespace modern;

std::uint8_t ModernTransport::status() { return windows_.common->read8(modern::kDeviceStatus); }
void ModernTransport::set_status(std::uint8_t status) { windows_.common->write8(modern::kDeviceStatus, status); }

std::uint64_t ModernTransport::device_features() {
    windows_.common->write32(kDeviceFeatureSelect, 0);
    const std::uint64_t low = windows_.common->read32(kDeviceFeature);
    windows_.common->write32(kDeviceFeatureSelect, 1);
    const std::uint64_t high = windows_.common->read32(kDeviceFeature);
    return high << 32 | low;
}

Result<void> ModernTransport::accept_features(std::uint64_t features) {
    windows_.common->write32(kDriverFeatureSelect, 0);
    windows_.common->write32(kDriverFeature, static_cast<std::uint32_t>(features));
    windows_.common->write32(kDriverFeatureSelect, 1);
    windows_.common->write32(kDriverFeature, static_cast<std::uint32_t>(features >> 32));
    add_status(kStatusFeaturesOk);
    if (!(status() & kStatusFeaturesOk))                 // 3.1.1, step 6
        return Error::Failed;
    return {};
}

std::uint16_t ModernTransport::queue_size(std::uint16_t queue) {
    if (queue >= kMaxQueues || queue >= windows_.common->read16(kQueueCount))
        return 0;
    windows_.common->write16(modern::kQueueSelect, queue);
    return windows_.common->read16(modern::kQueueSize);
}

Result<void> ModernTransport::set_queue(std::uint16_t queue, const SplitLayout& layout, std::uint64_t area) {
    if (queue >= kMaxQueues)
        return Error::OutOfBounds;
    windows_.common->write16(modern::kQueueSelect, queue);
    const std::uint64_t doorbell =
        std::uint64_t{windows_.common->read16(kQueueNotifyOffset)} * windows_.notify_multiplier;
    if (doorbell % 2 != 0 || windows_.notify_bytes < 2 || doorbell > windows_.notify_bytes - 2)
        return Error::Failed;
    doorbells_[queue] = static_cast<std::uint32_t>(doorbell);
    windows_.common->write16(modern::kQueueSize, layout.size);
    write_address(kQueueDescriptors, area);
    write_address(kQueueAvailable, area + layout.available);
    write_address(kQueueUsed, area + layout.used);
    return {};
}

void ModernTransport::write_address(std::uint32_t offset, std::uint64_t address) {
    windows_.common->write32(offset, static_cast<std::uint32_t>(address));
    windows_.common->write32(offset + 4, static_cast<std::uint32_t>(address >> 32));
}

Result<void> ModernTransport::set_queue_vector(std::uint16_t queue, std::uint16_t vector) {
    windows_.common->write16(modern::kQueueSelect, queue);
    windows_.common->write16(modern::kQueueVector, vector);
    if (windows_.common->read16(modern::kQueueVector) != vector)
        return Error::Failed;
    return {};
}

Result<void> ModernTransport::set_configuration_vector(std::uint16_t vector) {
    windows_.common->write16(modern::kConfigurationVector, vector);
    if (windows_.common->read16(modern::kConfigurationVector) != vector)
        return Error::Failed;
    return {};
}

void ModernTransport::enable_queue(std::uint16_t queue) {
    windows_.common->write16(modern::kQueueSelect, queue);
    windows_.common->write16(kQueueEnable, 1);
}

void ModernTransport::notify(std::uint16_t queue) { windows_.notify->write16(doorbells_[queue], queue); }

std::uint8_t ModernTransport::interrupt_status() { return windows_.interrupt_status->read8(0); }

std::uint32_t ModernTransport::device_bytes() { return windows_.device == nullptr ? 0 : windows_.device_bytes; }

std::uint32_t ModernTransport::read_device(std::uint32_t offset, std::uint8_t width) {
    return read_width(*windows_.device, offset, width);
}

}  // namespace capos::virtio
