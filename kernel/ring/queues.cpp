#include "kernel/ring/queues.hpp"

#include <bit>

namespace capos::kernel {

namespace {

// Each shared index is read and written whole, once.
std::uint32_t load_acquire(const std::uint32_t& word) { return __atomic_load_n(&word, __ATOMIC_ACQUIRE); }
void store_release(std::uint32_t& word, std::uint32_t value) { __atomic_store_n(&word, value, __ATOMIC_RELEASE); }

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

Result<std::uint32_t> RingQueues::submissions() const {
    const std::uint32_t waiting = load_acquire(header_->sq_tail) - sq_head_;
    if (waiting > shape_.sq_entries) return Error::BadQueueIndex;
    return waiting;
}

abi::Submission RingQueues::take_submission() {
    abi::Submission entry;
    // The thread may write the entry meanwhile; whatever was copied is what counts.
    const volatile std::uint64_t* from =
        reinterpret_cast<const volatile std::uint64_t*>(&submissions_[sq_head_ & (shape_.sq_entries - 1)]);
    std::uint64_t words[sizeof(entry) / 8];
    for (std::size_t i = 0; i < sizeof(entry) / 8; ++i) words[i] = from[i];
    std::memcpy(&entry, words, sizeof(entry));
    store_release(header_->sq_head, ++sq_head_);
    return entry;
}

Result<std::uint32_t> RingQueues::unread() const {
    const std::uint32_t unread = cq_tail_ - load_acquire(header_->cq_head);
    if (unread > shape_.cq_entries) return Error::BadQueueIndex;
    return unread;
}

Result<bool> RingQueues::reserve() {
    const std::uint32_t taken = TRY(unread()) + reserved_;
    if (taken >= shape_.cq_entries) return false;
    ++reserved_;
    return true;
}

void RingQueues::post(const abi::Completion& completion) {
    --reserved_;
    completions_[cq_tail_ & (shape_.cq_entries - 1)] = completion;
    store_release(header_->cq_tail, ++cq_tail_);
}

}  // namespace capos::kernel
