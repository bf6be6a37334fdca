#include "kernel/ring/queues.hpp"

#include <bit>

namespace capos::kernel {

namespace {

bool valid_entries(std::uint32_t entries) {
    return std::has_single_bit(entries) && entries >= abi::kMinRingEntries && entries <= abi::kMaxRingEntries;
}

}  // namespace

Result<RingShape> RingShape::create(std::uint32_t sq_entries, std::uint32_t cq_entries, std::uint32_t message_bytes) {
    if (!valid_entries(sq_entries) || !valid_entries(cq_entries)) return Error::InvalidArgument;
    if (message_bytes < 4096 || message_bytes > abi::kMaxMessageArea) return Error::InvalidArgument;
    return RingShape{sq_entries, cq_entries, page_up(message_bytes)};
}

void RingQueues::create(std::byte* memory, const RingShape& shape) {
    shape_ = shape;
    header_ = reinterpret_cast<abi::RingHeader*>(memory);
    submissions_ = reinterpret_cast<abi::Submission*>(memory + shape.sq_offset());
    completions_ = reinterpret_cast<abi::Completion*>(memory + shape.cq_offset());
    messages_ = memory + shape.message_offset();
    header_->magic = abi::kRingMagic;
    header_->version = abi::kRingVersion;
    header_->sq_entries = shape.sq_entries;
    header_->cq_entries = shape.cq_entries;
    header_->sq_offset = shape.sq_offset();
    header_->cq_offset = shape.cq_offset();
    header_->message_offset = shape.message_offset();
    header_->message_bytes = shape.message_bytes;
}

}  // namespace capos::kernel
