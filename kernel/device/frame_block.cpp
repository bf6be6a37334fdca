#include "kernel/device/frame_block.hpp"

#include <cstring>
#include <utility>

#include "kernel/mem/frames.hpp"

namespace capos::kernel::device {

Result<FrameBlock> FrameBlock::create(Ledger& ledger, std::size_t bytes) {
    unsigned order = 0;
    while ((kPageSize << order) < bytes)
        ++order;
    TRY(ledger.charge(Resource::Pages, std::uint64_t{1} << order));
    auto frames = frames_take(order);
    if (!frames) {
        ledger.credit(Resource::Pages, std::uint64_t{1} << order);
        return frames.error();
    }
    ledger.retain();
    arch::zero_frames(*frames, std::size_t{1} << order);
    FrameBlock block;
    block.ledger_ = &ledger;
    block.first_ = *frames;
    block.order_ = order;
    return block;
}

FrameBlock::FrameBlock(FrameBlock&& other) noexcept
    : ledger_(std::exchange(other.ledger_, nullptr)), first_(other.first_), order_(other.order_) {}

FrameBlock& FrameBlock::operator=(FrameBlock&& other) noexcept {
    std::swap(ledger_, other.ledger_);
    std::swap(first_, other.first_);
    std::swap(order_, other.order_);
    return *this;
}

FrameBlock::~FrameBlock() {
    if (ledger_ == nullptr)
        return;
    frames_give(first_, order_);
    ledger_->credit(Resource::Pages, std::uint64_t{1} << order_);
    ledger_->release();
}

}  // namespace capos::kernel::device
