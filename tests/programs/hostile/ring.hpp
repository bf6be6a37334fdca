// The ring, written by hand as an attacker would. Every completion must answer an outstanding submission once, with
// success or a typed error; anything else is a failure, said in a line on the log.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "abi/ring.hpp"
#include "abi/syscall.hpp"
#include "tests/programs/hostile/hands.hpp"

namespace capos::hostile {

std::uint64_t system_call(abi::SystemCall number, std::uint64_t a, std::uint64_t b);

struct Counters {
    std::uint64_t operations = 0;
    std::uint64_t completed = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t transport = 0;       // refused with a transport error
    std::uint64_t exceptions = 0;      // refused with an exception
    std::uint64_t bad_ring = 0;        // whole rings refused
};

class Ring {
public:
    static constexpr std::uint32_t kReplies = 8192;            // offset of buffers for what comes back
    static constexpr std::uint32_t kReplyBytes = 1024;
    static constexpr std::uint32_t kOwnReply = 90 * 1024;      // the reply of a call that is waited for
    static constexpr std::uint32_t kScratch = 72 * 1024;       // messages in good order
    static constexpr std::uint32_t kScratchBytes = 1024;
    static constexpr std::uint32_t kScratchAreas = 16;

    // What a call that was waited for came to.
    struct Answer {
        Error status;
        Held first;            // the first capability it brought
    };

    Ring(std::byte* ring, Hands& hands, Random& random);

    // Submits a copy of `entry`; now and then enters the kernel.
    void submit(abi::Submission entry);
    // Submits a call and waits for its completion. What it brings is the caller's, not the hands'.
    Answer call(abi::Submission entry);
    void enter(std::uint64_t minimum, std::uint64_t deadline);
    // Cancels everything outstanding and takes every completion.
    void finish();
    // Indices outside what the kernel allows: refused as a whole, and the ring works again once they are right.
    void bad_indices();

    // A fresh area for a message in good order, kScratchBytes long; the oldest is used again.
    std::uint32_t scratch() { return kScratch + next_scratch_++ % kScratchAreas * kScratchBytes; }
    std::span<std::byte> bytes(std::uint32_t offset, std::uint32_t count) { return {messages_ + offset, count}; }
    std::uint32_t message_bytes() const { return message_bytes_; }
    // The user data of a submission a little while ago, outstanding or not.
    std::uint64_t earlier(std::uint32_t back) const { return next_user_data_ - 1 - back; }

    void say(std::string_view text);
    void fail(std::string_view what);
    bool failed() const { return failed_; }
    const Counters& counters() const { return counters_; }

private:
    static constexpr std::uint32_t kWindow = 4096;
    static constexpr std::uint32_t kMostOutstanding = 48;

    std::uint64_t put(abi::Submission entry);
    void consume();
    void check(const abi::Completion& completion);
    void take_capabilities(const abi::Completion& completion);
    void make_room();
    void cancel(std::uint64_t victim);

    Hands& hands_;
    Random& random_;
    abi::RingHeader& header_;
    abi::Submission* submissions_;
    abi::Completion* completions_;
    std::byte* messages_;
    std::uint32_t message_bytes_;
    std::uint32_t sq_entries_;
    std::uint32_t cq_entries_;
    std::uint64_t next_user_data_ = 1;
    std::uint64_t submitted_ = 0;
    std::uint32_t unsent_ = 0;
    std::uint32_t next_scratch_ = 0;
    std::uint64_t outstanding_[kWindow] = {};
    std::uint32_t buffer_of_[kWindow] = {};
    std::uint64_t awaited_ = 0;
    Answer answer_{};
    Counters counters_;
    bool failed_ = false;
};

}  // namespace capos::hostile
