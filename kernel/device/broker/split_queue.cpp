#include "kernel/device/broker/split_queue.hpp"

namespace capos::kernel::device {

using Shadow = virtio::SplitQueueBroker::Shadow;

Result<void> SplitQueue::create(Ledger& ledger, const virtio::SplitLayout& layout, virtio::SlotTable& slots,
                                virtio::Transport& transport, std::uint16_t index) {
    memory_ = TRY(QueueMemory::create(ledger, layout.total));
    shadows_ = TRY(FrameBlock::create(ledger, layout.size * sizeof(Shadow)));
    layout_ = layout;
    transport_ = &transport;
    index_ = index;
    broker_ = virtio::SplitQueueBroker(layout, memory_->memory(), shadows_.as<Shadow>(layout.size), slots,
                                       transport.is_legacy());
    return {};
}

bool SplitQueue::publish() {
    if (!broker_.publish())
        return false;
    transport_->notify(index_);
    return true;
}

QueueFormat::View SplitQueue::view() const {
    const PhysAddr first{static_cast<std::uint64_t>(memory_->physical()) + layout_.used};
    return {first, layout_.used_bytes / kPageSize, offsetof(virtio::RingHead, index), Ref<Object>(memory_)};
}

}  // namespace capos::kernel::device
