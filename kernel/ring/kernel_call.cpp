#include "kernel/ring/kernel_call.hpp"

#include "kernel/process/process.hpp"
#include "kernel/process/refusals.hpp"
#include "kernel/ring/thread_ring.hpp"
#include "kernel/sched/scheduler.hpp"

namespace capos::kernel {

namespace {

// Answers to parked calls are built apart from the running call's, which may be under way.
alignas(64) std::byte parked_scratch[kKernelMessageBytes];

// The message that goes with an exception: struct Exception { reason :Text }.
std::span<const std::byte> exception_message(std::string_view reason, std::span<std::byte> storage) {
    // root pointer: struct, 0 data words, 1 pointer; then a list pointer to bytes, then text with NUL
    const std::uint64_t length = reason.size() + 1;
    const std::uint64_t root = std::uint64_t{1} << 48;
    const std::uint64_t text = 1 | std::uint64_t{2} << 32 | length << 35;
    __builtin_memcpy(storage.data(), &root, 8);
    __builtin_memcpy(storage.data() + 8, &text, 8);
    const std::size_t padded = (length + 7) & ~std::size_t{7};
    __builtin_memset(storage.data() + 16, 0, padded);
    __builtin_memcpy(storage.data() + 16, reason.data(), reason.size());
    return storage.first(16 + padded);
}

}  // namespace

Reply::Reply(CallRecord& record)
    : Reply({record.ring, record.buffer_offset, record.buffer_capacity, record.accept_capabilities}, record.user_data,
            parked_scratch) {
    record_ = &record;
    record.unlink();
}

Reply::~Reply() {
    if (gifts_.count != 0) undo_transfer(gifts_, caller());
}

Process& Reply::caller() const { return answer_.ring->process(); }

Result<wire::CapabilityIndex> Reply::give(Ref<Object> object, std::uint64_t interface_id) {
    if (gifts_.count >= answer_.accept_capabilities) return Error::NoRoom;
    gifts_.items[gifts_.count] = {.object = object.leak(), .interface_id = interface_id, .moved_from = abi::kNoHandle};
    return wire::CapabilityIndex(gifts_.count++);
}

Outcome Reply::done() {
    auto message = builder_.finish();
    if (!message) return fail(Error::NoRoom);
    if (!message->empty() && !write_answer(answer_, *message)) return fail(Error::NoRoom);
    succeeded_ = true;
    const std::uint16_t arrived = deliver_gifts(answer_, gifts_, nullptr, 0);
    const auto length = static_cast<std::uint32_t>(message->size());
    if (record_ != nullptr) {
        record_->accept_capabilities = static_cast<std::uint16_t>(record_->accept_capabilities - arrived);
        record_->ring->complete(*record_, Error::None, length, arrived);
    } else {
        if (answer_.accept_capabilities != arrived) caller().table().unreserve(answer_.accept_capabilities - arrived);
        answer_.ring->complete(user_data_, Error::None, length, arrived);
    }
    return Outcome::Done;
}

// What a caller may be told of a failure inside the kernel (abi/error.hpp).
static Error across_the_ring(Error error) {
    if (is_transport(error) || is_exception(error)) return error;
    switch (error) {
    case Error::OutOfMemory:
    case Error::Exhausted: return Error::Overloaded;
    case Error::OutOfBounds: return Error::InvalidArgument;
    default: return Error::Failed;
    }
}

Outcome Reply::fail(Error cause, std::string_view reason) {
    const Error error = across_the_ring(cause);
    std::uint32_t length = 0;
    if (!reason.empty()) {
        std::byte storage[16 + 128];
        const auto message = exception_message(reason.substr(0, 120), storage);
        if (write_answer(answer_, message)) length = static_cast<std::uint32_t>(message.size());
    }
    if (gifts_.count != 0) undo_transfer(gifts_, caller());
    if (!is_transport(error)) count_refusal(caller());       // complete() counts the others
    if (record_ != nullptr) {
        record_->ring->complete(*record_, error, length);
    } else {
        if (answer_.accept_capabilities != 0) caller().table().unreserve(answer_.accept_capabilities);
        answer_.ring->complete(user_data_, error, length);
    }
    return Outcome::Done;
}

KernelCall::~KernelCall() {
    if (succeeded_)
        for (std::uint32_t i = 0; i < arguments_.count; ++i)
            if (arguments_.items[i].moved_from != abi::kNoHandle)
                caller().table().commit_move(arguments_.items[i].moved_from);
    if (arguments_.count != 0) undo_transfer(arguments_, caller());
}

Outcome KernelCall::fail(Error error, std::string_view reason) {
    note_refusal(caller(), {.operation = abi::Operation::Call, .method = submission_.method, .reason = error,
                            .interface_id = submission_.interface_or_call});
    return Reply::fail(error, reason);
}

Result<TransferSet::Item> KernelCall::argument(wire::CapabilityIndex index) const {
    if (!index.has_value() || index.value() >= arguments_.count) return Error::InvalidArgument;
    return arguments_.items[index.value()];
}

Outcome KernelCall::park(List<CallRecord>& list, Object& owner, std::uint64_t detail, std::uint64_t detail_deadline) {
    ThreadRing& ring = *answer_.ring;
    CallRecord& record = ring.take_record();
    owner.retain();
    record.target = &owner;
    record.state = RecordState::Parked;
    record.method = submission_.method;
    record.interface_id = submission_.interface_or_call;
    record.user_data = submission_.user_data;
    record.accept_capabilities = submission_.accept_capabilities;
    record.buffer_offset = submission_.buffer_offset;
    record.buffer_capacity = submission_.buffer_capacity;
    record.message_offset = record.message_length = 0;
    record.detail = detail;
    record.transfer.count = 0;
    const std::uint64_t deadline = detail_deadline < submission_.deadline ? detail_deadline : submission_.deadline;
    if (deadline != abi::kNoDeadline) set_deadline(record, deadline);
    list.push_back(record);
    return Outcome::Parked;
}

}  // namespace capos::kernel
