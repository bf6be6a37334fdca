#include "runtime/ring_client.hpp"

#include <cstring>
#include <new>

#include "abi/syscall.hpp"
#include "runtime/system_call.hpp"

namespace capos::rt {

constinit RingClient detail::the_ring_client;

using detail::the_ring_client;

void Operation::drop() {
    if (state_ == State::Submitted || state_ == State::Deferred)
        the_ring_client.abandon(*this);
    else if (state_ == State::Completed && buffers_.incoming)
        the_ring_client.discard(completion_, buffers_.incoming, endpoint_);
}

void Operation::submit(abi::Submission& submission, const OperationBuffers& buffers) {
    buffers_ = buffers;
    endpoint_ = submission.operation == abi::Operation::Receive ? submission.handle : abi::kNoHandle;
    the_ring_client.submit(*this, submission);
}

Result<void> RingClient::create(std::byte* memory) {
    queues_ = TRY(RingQueues::open(memory));
    TRY(area_.create(queues_->message_bytes()));
    const std::uint32_t count = queues_->cq_entries();
    records_.reset(new (std::nothrow) Record[count]);
    if (!records_) return Error::OutOfMemory;
    for (std::uint32_t i = 0; i < count; ++i) records_[i].next_free = i + 1;
    first_free_ = 0;
    outstanding_ = 0;
    prompt_ = 0;
    return {};
}

// --- submitting ---

void RingClient::push(const abi::Submission& submission) {
    // A full queue is emptied by the kernel at once: it takes every entry for which there is a completion place.
    while (queues_->full()) enter(0, 0);
    queues_->push(submission);
    ++outstanding_;
    // Everything but calls and receives completes while the kernel drains the queue.
    if (submission.operation != abi::Operation::Call && submission.operation != abi::Operation::Receive) ++prompt_;
}

std::uint32_t RingClient::take_record(const abi::Submission& submission, const OperationBuffers& buffers,
                                      Operation* operation) {
    // One record for each completion place, and every holder of a record holds a place.
    const std::uint32_t index = first_free_;
    Record& record = records_[index];
    first_free_ = record.next_free;
    record.operation = operation;
    record.buffers = buffers;
    record.sent_offset = submission.capability_offset;
    record.sent_count = submission.send_capabilities;
    record.endpoint = submission.operation == abi::Operation::Receive ? submission.handle : abi::kNoHandle;
    record.in_use = true;
    return index;
}

void RingClient::submit(Operation& operation, abi::Submission& submission) {
    if (!room_for_ordinary() || !deferred_.empty()) {
        operation.submission_ = submission;
        operation.state_ = Operation::State::Deferred;
        deferred_.push_back(operation);
        return;
    }
    operation.record_ = take_record(submission, operation.buffers_, &operation);
    operation.state_ = Operation::State::Submitted;
    submission.user_data = name_of(operation.record_);
    push(submission);
}

void RingClient::submit_deferred() {
    while (!deferred_.empty() && room_for_ordinary()) {
        auto& operation = static_cast<Operation&>(*deferred_.pop_front());
        operation.record_ = take_record(operation.submission_, operation.buffers_, &operation);
        operation.state_ = Operation::State::Submitted;
        operation.submission_.user_data = name_of(operation.record_);
        push(operation.submission_);
    }
}

// Prompt operations complete while the kernel drains the queue, so one entry frees every place they hold.
void RingClient::make_room_for_prompt() {
    while (outstanding_ >= queues_->cq_entries()) enter(0, 0);
}

Result<void> RingClient::submit_detached(abi::Submission& submission, const OperationBuffers& buffers,
                                         bool prompt) {
    if (submission.operation == abi::Operation::Return)
        make_room_for_prompt();
    else if (!room_for_ordinary() || !deferred_.empty())
        return Error::Exhausted;
    const std::uint32_t index = take_record(submission, buffers, nullptr);
    submission.user_data = name_of(index);
    push(submission);
    if (prompt) ++prompt_;
    return {};
}

void RingClient::release(abi::Handle handle) {
    if (handle == abi::kNoHandle || handle == kept_) return;
    make_room_for_prompt();
    abi::Submission entry{};
    entry.operation = abi::Operation::Release;
    entry.handle = handle;
    entry.user_data = kUnwatched;
    push(entry);
}

void RingClient::abandon(Operation& operation) {
    if (operation.state_ == Operation::State::Deferred) {
        operation.unlink();
        undo_moves(operation.submission_.capability_offset, operation.submission_.send_capabilities);
        area_.free(operation.buffers_.outgoing);
        area_.free(operation.buffers_.incoming);
        return;
    }
    const std::uint32_t index = operation.record_;
    const std::uint64_t name = name_of(index);
    records_[index].operation = nullptr;
    operation.buffers_.incoming = AreaBlock{};   // the record keeps it
    make_room_for_prompt();
    // Its completion may have come while room was made; the record then is free, or another call's already.
    if (!records_[index].in_use || name_of(index) != name) return;
    abi::Submission entry{};
    entry.operation = abi::Operation::Cancel;
    entry.interface_or_call = name;
    entry.user_data = kUnwatched;
    push(entry);
}

// --- completing ---

std::uint32_t RingClient::reap() {
    std::uint32_t count = 0;
    abi::Completion completion;
    while (queues_->pop(completion)) {
        ++count;
        --outstanding_;
        if (completion.user_data != kUnwatched) complete(completion);
    }
    if (count != 0 && !deferred_.empty()) submit_deferred();
    return count;
}

std::uint32_t RingClient::enter(std::uint32_t min_complete, std::uint64_t deadline_ns) {
    prompt_ = 0;
    if (cap_enter(min_complete, deadline_ns) == abi::kEnterBadRing) [[unlikely]]
        capos_abort("the kernel does not accept the state of this ring");
    return reap();
}

void RingClient::complete(const abi::Completion& completion) {
    const auto index = static_cast<std::uint32_t>(completion.user_data);
    const auto generation = static_cast<std::uint32_t>(completion.user_data >> 32);
    if (index >= queues_->cq_entries() || !records_[index].in_use || records_[index].generation != generation)
        [[unlikely]]
        capos_abort("completion of a submission that is not outstanding");
    Record& record = records_[index];
    const auto status = static_cast<Error>(completion.status);
    if (status != Error::None && record.sent_count != 0) undo_moves(record.sent_offset, record.sent_count);
    area_.free(record.buffers.outgoing);
    Operation* operation = record.operation;
    if (operation != nullptr) {
        operation->completion_ = completion;
        operation->state_ = Operation::State::Completed;
        if (operation->coroutine) executor().make_ready(*operation);
    } else {
        discard(completion, record.buffers.incoming, record.endpoint);
    }
    record.operation = nullptr;
    record.buffers = {};
    record.in_use = false;
    if (++record.generation == 0) record.generation = 1;
    record.next_free = first_free_;
    first_free_ = index;
}

// What was to be moved and was not: the slots are ours again, and whoever moved them no longer has them. A slot that
// had been delivered after all is stale, which the kernel says and nobody minds.
void RingClient::undo_moves(std::uint32_t list_offset, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
        abi::SentCapability sent;
        std::memcpy(&sent, queues_->messages() + list_offset + i * sizeof sent, sizeof sent);
        if (sent.mode == abi::TransferMode::Move) release(sent.handle);
    }
}

// What came for somebody who is gone: capabilities are released, a call is answered `disconnected`.
void RingClient::discard(const abi::Completion& completion, AreaBlock incoming, abi::Handle endpoint) {
    if (completion.capabilities != 0) {
        const std::size_t before_list = endpoint != abi::kNoHandle ? sizeof(abi::RequestHeader) : 0;
        release_received(at(incoming) + before_list, completion.capabilities);
    }
    area_.free(incoming);
    if (endpoint == abi::kNoHandle || completion.call_id == 0) return;
    make_room_for_prompt();
    abi::Submission entry{};
    entry.operation = abi::Operation::Return;
    entry.flags = abi::kReturnException;
    entry.method = static_cast<std::uint16_t>(Error::Disconnected);
    entry.handle = endpoint;
    entry.interface_or_call = completion.call_id;
    entry.user_data = kUnwatched;
    push(entry);
}

void RingClient::release_received(const std::byte* list, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count && i < abi::kMaxMessageCapabilities; ++i) {
        abi::ReceivedCapability received;
        std::memcpy(&received, list + i * sizeof received, sizeof received);
        release(received.handle);
    }
}

}  // namespace capos::rt
