// The split virtqueue as a broker's format: lib/virtio's core on memory of the kernel's, with a doorbell.
#pragma once

#include "kernel/device/broker/queue_format.hpp"
#include "kernel/device/frame_block.hpp"
#include "kernel/device/queue_memory.hpp"
#include "lib/virtio/split_layout.hpp"
#include "lib/virtio/transport.hpp"

namespace capos::kernel::device {

class SplitQueue final : public QueueFormat {
public:
    SplitQueue() = default;
    // An empty queue of `layout`, charged to `ledger`. The transport is not told yet. QuotaExceeded, OutOfMemory.
    Result<void> create(Ledger& ledger, const virtio::SplitLayout& layout, virtio::SlotTable& slots,
                        virtio::Transport& transport, std::uint16_t index);

    PhysAddr area() const { return memory_->physical(); }

    PostOutcome post(std::span<const Buffer> chain) override { return broker_.post(chain); }
    bool publish() override;
    Result<std::size_t> drain(std::span<Done> done) override { return broker_.drain(done); }
    bool pending() const override { return broker_.pending(); }
    bool arm() override { return broker_.arm(); }
    void disarm() override { broker_.disarm(); }
    bool is_armed() const override { return broker_.is_armed(); }
    std::uint16_t chains_in_flight() const override { return broker_.chains_in_flight(); }
    void release_all() override { broker_.release_all(); }
    View view() const override;

private:
    Ref<QueueMemory> memory_;
    FrameBlock shadows_;
    virtio::SplitLayout layout_;
    virtio::SplitQueueBroker broker_;
    virtio::Transport* transport_ = nullptr;
    std::uint16_t index_ = 0;
};

}  // namespace capos::kernel::device
