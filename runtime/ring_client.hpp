// The ring client: owns the thread's ring, and knows of every submission until its completion has come.
//
// An Operation is one submission and the coroutine that waits for it. A Record is the ring client's own note of a
// submission that the kernel holds: it owns the buffers, so that a destroyed Operation leaves nothing dangling.
// Each admitted submission needs a place in the completion queue; the ring client counts them and never submits more
// than there are. Calls and receives beyond that wait here in order; returns, releases and cancels, which the kernel
// completes at once, have places of their own and never wait for a parked call.
#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "abi/ring.hpp"
#include "lib/base/result.hpp"
#include "runtime/executor.hpp"
#include "runtime/message_area.hpp"
#include "runtime/ring_queues.hpp"

namespace capos::rt {

class RingClient;

// The buffers of one submission in the message area.
struct OperationBuffers {
    AreaBlock outgoing;      // message and list of sent capabilities
    AreaBlock incoming;      // reply or request
};

// One submission under way. Destroying it before its completion cancels it.
class Operation : protected Waiter {
public:
    Operation() = default;
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;
    ~Operation();

    bool completed() const { return state_ == State::Completed; }
    Error status() const { return static_cast<Error>(completion_.status); }

protected:
    // Hands `submission` (user_data is filled in) and its buffers to the ring client.
    void submit(abi::Submission& submission, const OperationBuffers& buffers);
    // Ends the operation without a submission, with a local error.
    void fail(Error error) {
        completion_.status = static_cast<std::uint16_t>(error);
        state_ = State::Completed;
    }
    void wait_with(std::coroutine_handle<> waiter) { coroutine = waiter; }
    const abi::Completion& completion() const { return completion_; }
    // The incoming buffer, once completed. The caller frees it.
    [[nodiscard]] AreaBlock take_incoming() { return std::exchange(buffers_.incoming, AreaBlock{}); }

private:
    friend class RingClient;
    void drop();
    enum class State : std::uint8_t { Idle, Deferred, Submitted, Completed };
    State state_ = State::Idle;
    std::uint32_t record_ = 0;
    OperationBuffers buffers_;
    abi::Handle endpoint_ = abi::kNoHandle;
    abi::Submission submission_{};     // while Deferred
    abi::Completion completion_{};
};

class RingClient {
public:
    // Takes over the ring at `memory`. Malformed: not a ring of this version; OutOfMemory.
    Result<void> create(std::byte* memory);

    // Message area. Exhausted when there is no room.
    Result<AreaBlock> allocate(std::uint32_t bytes) { return area_.allocate(bytes); }
    void free(AreaBlock block) { area_.free(block); }
    std::byte* at(AreaBlock block) const { return queues_->messages() + block.offset; }
    std::span<std::byte> bytes(AreaBlock block) const { return {at(block), block.size}; }
    const MessageArea& area() const { return area_; }

    // A submission nobody waits for: its completion only frees the buffers, and gives back moves that were undone and
    // capabilities that came. Return, and calls whose answer does not matter (log lines; Exhausted when too many
    // submissions are outstanding).
    // `prompt`: a call that the kernel completes while it drains the queue (see prompt()).
    // `submission` is given its user_data.
    Result<void> submit_detached(abi::Submission& submission, const OperationBuffers& buffers, bool prompt = false);
    // Queues RELEASE. Never fails, never waits for another process.
    [[gnu::noinline]] void release(abi::Handle handle);
    // Handles that are never released: what the runtime itself uses.
    void keep(abi::Handle handle) { kept_ = handle; }

    // Takes completions off the ring; the coroutines that waited become ready. Returns how many there were.
    std::uint32_t reap();
    // Hands submissions to the kernel, waits as cap_enter does, and reaps. Returns how many completions there were.
    std::uint32_t enter(std::uint32_t min_complete, std::uint64_t deadline_ns);

    // Submissions, not handed over yet, that the kernel completes at once and that nobody waits for. Whoever wants to
    // sleep until something happens waits for one completion more than these.
    std::uint32_t prompt() const { return prompt_; }
    // Submissions the kernel holds or will hold (without those that wait here).
    std::uint32_t outstanding() const { return outstanding_; }
    // Releases `count` capabilities that came and that nobody takes; their list is at `list` in the message area.
    void release_received(const std::byte* list, std::uint32_t count);

private:
    friend class Operation;
    std::uint64_t name_of(std::uint32_t index) const { return std::uint64_t{records_[index].generation} << 32 | index; }
    static constexpr std::uint64_t kUnwatched = 0;        // user_data of releases and cancels
    static constexpr std::uint32_t kPromptPlaces = 2;     // completion places that only prompt operations use

    struct Record {
        Operation* operation = nullptr;    // null: nobody waits
        OperationBuffers buffers;
        std::uint32_t generation = 1;
        std::uint32_t next_free = 0;
        std::uint32_t sent_offset = 0;     // of the list of sent capabilities, in the message area
        std::uint16_t sent_count = 0;
        bool in_use = false;
        abi::Handle endpoint = abi::kNoHandle;   // Receive: where the call came from
    };

    bool room_for_ordinary() const { return outstanding_ + kPromptPlaces < queues_->cq_entries(); }
    [[gnu::noinline]] void make_room_for_prompt();
    void push(const abi::Submission& submission);
    std::uint32_t take_record(const abi::Submission& submission, const OperationBuffers& buffers, Operation* operation);
    void submit(Operation& operation, abi::Submission& submission);
    void abandon(Operation& operation);
    void complete(const abi::Completion& completion);
    [[gnu::cold, gnu::noinline]] void undo_moves(std::uint32_t list_offset, std::uint32_t count);
    [[gnu::noinline]] void discard(const abi::Completion& completion, AreaBlock incoming, abi::Handle endpoint);
    void submit_deferred();

    std::optional<RingQueues> queues_;
    MessageArea area_;
    std::unique_ptr<Record[]> records_;
    std::uint32_t first_free_ = 0;
    std::uint32_t prompt_ = 0;
    std::uint32_t outstanding_ = 0;        // submissions whose completions have not been reaped
    List<Waiter> deferred_;
    abi::Handle kept_ = abi::kNoHandle;
};

namespace detail {
extern constinit RingClient the_ring_client;
}
inline RingClient& ring_client() { return detail::the_ring_client; }

inline Operation::~Operation() {
    if (state_ == State::Idle || (state_ == State::Completed && !buffers_.incoming)) [[likely]] return;
    drop();
}

}  // namespace capos::rt
