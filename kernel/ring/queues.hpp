// The kernel's side of the two queues of a ring: pure index arithmetic over memory that another thread writes.
// Every shared word is read once into a local; shape, submission head and completion tail are the kernel's own copies.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "abi/ring.hpp"
#include "lib/base/result.hpp"

namespace capos::kernel {

struct RingShape {
    std::uint32_t sq_entries;
    std::uint32_t cq_entries;
    std::uint32_t message_bytes;   // multiple of 4096

    std::uint32_t sq_offset() const { return 4096; }
    std::uint32_t cq_offset() const { return page_up(sq_offset() + sq_entries * sizeof(abi::Submission)); }
    std::uint32_t message_offset() const { return page_up(cq_offset() + cq_entries * sizeof(abi::Completion)); }
    std::uint32_t total_bytes() const { return message_offset() + message_bytes; }

    // The checked shape: powers of two within the limits of abi/ring.hpp, message area rounded up to pages.
    // InvalidArgument otherwise.
    static Result<RingShape> create(std::uint32_t sq_entries, std::uint32_t cq_entries, std::uint32_t message_bytes);

private:
    static std::uint32_t page_up(std::uint32_t value) { return (value + 4095) & ~std::uint32_t{4095}; }
};

class RingQueues {
public:
    // Lays the ring out in `memory` (zeroed, shape.total_bytes() long).
    void create(std::byte* memory, const RingShape& shape);

    // How many submissions wait. BadQueueIndex when sq_tail is not in head .. head + entries.
    Result<std::uint32_t> submissions() const;
    // Copies the next one out (submissions() > 0 was seen) and consumes it.
    abi::Submission take_submission();

    // Reserves a place for one completion. False when every place is taken by unread or promised ones.
    // BadQueueIndex when cq_head is not in tail - entries .. tail.
    Result<bool> reserve();
    // Gives a reservation back without a completion (the ring's thread has ended).
    void unreserve() { --reserved_; }
    // Posts into a reserved place.
    void post(const abi::Completion& completion);
    // Completions that the thread has not consumed. BadQueueIndex as reserve().
    Result<std::uint32_t> unread() const;
    std::uint32_t reserved() const { return reserved_; }

    // A range of the message area, 8-byte aligned. BadRange when it does not lie inside.
    Result<std::span<std::byte>> message(std::uint32_t offset, std::uint32_t length) const {
        if ((offset & 7) != 0 || offset > shape_.message_bytes || length > shape_.message_bytes - offset)
            return Error::BadRange;
        return std::span<std::byte>(messages_ + offset, length);
    }
    const RingShape& shape() const { return shape_; }

private:
    abi::RingHeader* header_ = nullptr;
    abi::Submission* submissions_ = nullptr;
    abi::Completion* completions_ = nullptr;
    std::byte* messages_ = nullptr;
    RingShape shape_{};
    std::uint32_t sq_head_ = 0;
    std::uint32_t cq_tail_ = 0;
    std::uint32_t reserved_ = 0;

    // Each shared index is read and written whole, once.
    static std::uint32_t load_acquire(const std::uint32_t& word) { return __atomic_load_n(&word, __ATOMIC_ACQUIRE); }
    static void store_release(std::uint32_t& word, std::uint32_t value) {
        __atomic_store_n(&word, value, __ATOMIC_RELEASE);
    }
};

// Every entry passes through these, so they are part of their callers.

inline Result<std::uint32_t> RingQueues::submissions() const {
    const std::uint32_t waiting = load_acquire(header_->sq_tail) - sq_head_;
    if (waiting > shape_.sq_entries) return Error::BadQueueIndex;
    return waiting;
}

inline abi::Submission RingQueues::take_submission() {
    [[clang::uninitialized]] abi::Submission entry;
    // The thread may write the entry meanwhile; whatever was copied is what counts.
    const volatile std::uint64_t* from =
        reinterpret_cast<const volatile std::uint64_t*>(&submissions_[sq_head_ & (shape_.sq_entries - 1)]);
    [[clang::uninitialized]] std::uint64_t words[sizeof(entry) / 8];
    for (std::size_t i = 0; i < sizeof(entry) / 8; ++i) words[i] = from[i];
    std::memcpy(&entry, words, sizeof(entry));
    store_release(header_->sq_head, ++sq_head_);
    return entry;
}

inline Result<std::uint32_t> RingQueues::unread() const {
    const std::uint32_t unread = cq_tail_ - load_acquire(header_->cq_head);
    if (unread > shape_.cq_entries) return Error::BadQueueIndex;
    return unread;
}

inline Result<bool> RingQueues::reserve() {
    const std::uint32_t taken = TRY(unread()) + reserved_;
    if (taken >= shape_.cq_entries) return false;
    ++reserved_;
    return true;
}

inline void RingQueues::post(const abi::Completion& completion) {
    --reserved_;
    completions_[cq_tail_ & (shape_.cq_entries - 1)] = completion;
    store_release(header_->cq_tail, ++cq_tail_);
}

}  // namespace capos::kernel
