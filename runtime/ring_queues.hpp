// The thread's side of its ring's two queues: pure index arithmetic over memory shared with the kernel.
//
// Order of memory operations: a submission is written, then sq_tail is stored with release; cq_tail is loaded with
// acquire, then completions are read; cq_head is stored with release when a place may be used again. sq_head is loaded
// with acquire before a place is written again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "abi/ring.hpp"
#include "lib/base/result.hpp"

namespace capos::rt {

class RingQueues {
public:
    // Takes over the ring at `memory`. Malformed when magic, version or shape are not what this program was built for.
    static Result<RingQueues> open(std::byte* memory) {
        RingQueues queues;
        queues.header_ = reinterpret_cast<abi::RingHeader*>(memory);
        const abi::RingHeader& header = *queues.header_;
        const auto power_of_two = [](std::uint32_t entries) {
            return entries >= abi::kMinRingEntries && entries <= abi::kMaxRingEntries && (entries & (entries - 1)) == 0;
        };
        if (header.magic != abi::kRingMagic || header.version != abi::kRingVersion) return Error::Malformed;
        if (!power_of_two(header.sq_entries) || !power_of_two(header.cq_entries)) return Error::Malformed;
        if (header.message_bytes == 0 || header.message_bytes > abi::kMaxMessageArea) return Error::Malformed;
        queues.sq_mask_ = header.sq_entries - 1;
        queues.cq_mask_ = header.cq_entries - 1;
        queues.message_bytes_ = header.message_bytes;
        queues.submissions_ = reinterpret_cast<abi::Submission*>(memory + header.sq_offset);
        queues.completions_ = reinterpret_cast<abi::Completion*>(memory + header.cq_offset);
        queues.messages_ = memory + header.message_offset;
        queues.sq_tail_ = header.sq_tail;
        queues.cq_head_ = header.cq_head;
        queues.cq_tail_seen_ = queues.cq_head_;
        queues.sq_head_seen_ = queues.sq_tail_;
        return queues;
    }

    std::uint32_t sq_entries() const { return sq_mask_ + 1; }
    std::uint32_t cq_entries() const { return cq_mask_ + 1; }

    // Submissions that the kernel has not taken yet.
    std::uint32_t unsent() {
        sq_head_seen_ = __atomic_load_n(&header_->sq_head, __ATOMIC_ACQUIRE);
        return sq_tail_ - sq_head_seen_;
    }
    bool full() { return sq_tail_ - sq_head_seen_ > sq_mask_ && unsent() > sq_mask_; }
    // Not full() was seen.
    void push(const abi::Submission& submission) {
        std::memcpy(&submissions_[sq_tail_ & sq_mask_], &submission, sizeof submission);
        ++sq_tail_;
        __atomic_store_n(&header_->sq_tail, sq_tail_, __ATOMIC_RELEASE);
    }

    // The next completion, if there is one.
    bool pop(abi::Completion& out) {
        if (cq_tail_seen_ == cq_head_) {
            cq_tail_seen_ = __atomic_load_n(&header_->cq_tail, __ATOMIC_ACQUIRE);
            if (cq_tail_seen_ == cq_head_) return false;
        }
        std::memcpy(&out, &completions_[cq_head_ & cq_mask_], sizeof out);
        ++cq_head_;
        __atomic_store_n(&header_->cq_head, cq_head_, __ATOMIC_RELEASE);
        return true;
    }

    std::byte* messages() const { return messages_; }
    std::uint32_t message_bytes() const { return message_bytes_; }
    std::span<std::byte> message(std::uint32_t offset, std::uint32_t length) const {
        return {messages_ + offset, length};
    }

private:
    friend class RingClient;
    RingQueues() = default;

    abi::RingHeader* header_ = nullptr;
    abi::Submission* submissions_ = nullptr;
    abi::Completion* completions_ = nullptr;
    std::byte* messages_ = nullptr;
    std::uint32_t sq_mask_ = 0;
    std::uint32_t cq_mask_ = 0;
    std::uint32_t message_bytes_ = 0;
    std::uint32_t sq_tail_ = 0;
    std::uint32_t sq_head_seen_ = 0;
    std::uint32_t cq_head_ = 0;
    std::uint32_t cq_tail_seen_ = 0;
};

}  // namespace capos::rt
