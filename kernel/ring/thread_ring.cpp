#include "kernel/ring/thread_ring.hpp"

#include <new>

#include "kernel/ipc/endpoint.hpp"
#include "kernel/mem/frames.hpp"
#include "kernel/process/process.hpp"
#include "kernel/process/refusals.hpp"
#include "kernel/ring/delivery.hpp"
#include "kernel/ring/kernel_call.hpp"
#include "kernel/sched/scheduler.hpp"

namespace capos::kernel {

namespace {

void record_deadline(Deadline& deadline) {
    CallRecord& record = static_cast<CallRecord&>(deadline);
    record.target->deadline_reached(record);
}

// Private copies of messages to kernel objects, and where their answers are built. One CPU is in the kernel at a time.
alignas(64) std::byte request_copy[kKernelMessageBytes];
alignas(64) std::byte answer_scratch[kKernelMessageBytes];

constexpr std::uint32_t kTraceLength = 16;
struct TracedOperation {
    std::uint64_t handle;
    std::uint64_t interface_or_call;
    std::uint32_t pid;
    std::uint16_t method;
    abi::Operation operation;
};
TracedOperation trace[kTraceLength];
std::uint32_t traced = 0;

}  // namespace

void trace_operation(const abi::Submission& entry, std::uint32_t pid) {
    TracedOperation& at = trace[traced++ % kTraceLength];
    at.handle = entry.handle;
    at.interface_or_call = entry.interface_or_call;
    at.pid = pid;
    at.method = entry.method;
    at.operation = entry.operation;
}

CallRecord::CallRecord() : Deadline(record_deadline) {}

void Object::deadline_reached(CallRecord& record) {
    record.unlink();
    call_withdrawn(record);
    record.ring->complete(record, Error::TimedOut);
}

// --- life ----------------------------------------------------------------------------------------------------------

Result<void> ThreadRing::create(Thread& thread, Process& process, const RingShape& shape) {
    thread_ = &thread;
    process_ = &process;
    frames_order_ = order_for(shape.total_bytes());
    records_order_ = order_for(shape.cq_entries * sizeof(CallRecord));
    frames_ = TRY(process.take_frames(frames_order_));
    auto records = process.take_frames(records_order_);
    if (!records) {
        process.give_frames(frames_, frames_order_);
        return records.error();
    }
    record_frames_ = *records;
    auto address = process.map_ring(frames_, shape.total_bytes() / kPageSize);
    if (!address) {
        process.give_frames(frames_, frames_order_);
        process.give_frames(record_frames_, records_order_);
        return address.error();
    }
    user_address_ = *address;
    queues_.create(static_cast<std::byte*>(direct(frames_)), shape);
    records_ = static_cast<CallRecord*>(direct(record_frames_));
    for (std::uint32_t i = shape.cq_entries; i-- > 0;) {
        CallRecord* record = new (&records_[i]) CallRecord;
        record->ring = this;
        record->next_free = first_free_;
        first_free_ = record;
    }
    open_ = true;
    return {};
}

void ThreadRing::close() {
    if (!open_) return;
    open_ = false;
    for (std::uint32_t i = 0; i < queues_.shape().cq_entries; ++i) {
        CallRecord& record = records_[i];
        if (record.state == RecordState::Free) continue;
        record.unlink();
        record.target->call_withdrawn(record);
        complete(record, Error::Cancelled);
    }
}

void ThreadRing::destroy() {
    if (records_ == nullptr) return;
    process_->unmap_ring(user_address_);
    process_->give_frames(frames_, frames_order_);
    process_->give_frames(record_frames_, records_order_);
    records_ = nullptr;
}

CallRecord& ThreadRing::take_record() {
    CallRecord& record = *first_free_;
    first_free_ = record.next_free;
    ++outstanding_;
    ++process_->calls_outstanding;
    return record;
}

void ThreadRing::give_record(CallRecord& record) {
    cancel_deadline(record);
    if (record.target != nullptr) record.target->release();
    record.target = nullptr;
    record.state = RecordState::Free;
    record.next_free = first_free_;
    first_free_ = &record;
    --outstanding_;
    --process_->calls_outstanding;
}

void ThreadRing::complete(std::uint64_t user_data, Error status, std::uint32_t message_length,
                          std::uint16_t capabilities, std::uint64_t call_id) {
    if (!open_) {
        queues_.unreserve();
        return;
    }
    if (is_transport(status) && !is_ordinary_end(status)) count_refusal(*process_);
    queues_.post({.user_data = user_data, .status = static_cast<std::uint16_t>(status), .capabilities = capabilities,
                  .message_length = message_length, .call_id = call_id, .reserved = 0});
    thread_->completion_posted();
}

void ThreadRing::complete(CallRecord& record, Error status, std::uint32_t message_length, std::uint16_t capabilities,
                          std::uint64_t call_id) {
    undo_transfer(record.transfer, *process_);
    process_->table().unreserve(record.accept_capabilities);
    const std::uint64_t user_data = record.user_data;
    give_record(record);
    complete(user_data, status, message_length, capabilities, call_id);
}

void undo_transfer(TransferSet& set, Process& sender) {
    for (std::uint32_t i = 0; i < set.count; ++i) {
        if (set.items[i].moved_from != abi::kNoHandle) sender.table().abort_move(set.items[i].moved_from);
        set.items[i].object->release();
    }
    set.count = 0;
}

// --- submissions ---------------------------------------------------------------------------------------------------

namespace {

// Interrupts wait while a queue is drained: no more than this is done in one go.
constexpr std::uint64_t kDrainWork = 1 << 20;

}  // namespace

Result<bool> ThreadRing::drain() {
    std::uint32_t waiting = TRY(queues_.submissions());
    std::uint64_t work_end = work_done + kDrainWork;
    // At most one queue's worth a call: what the thread adds meanwhile waits for its next cap_enter.
    for (; waiting != 0; --waiting) {
        if (!TRY(queues_.reserve())) return true;
        [[clang::uninitialized]] const abi::Submission entry = queues_.take_submission();
        ++process_->submissions;
        trace_operation(entry, process_->pid());
        submit(entry);
        if (!open_) return true;     // the thread ended itself
        // A kernel object's method and the search for a call to cancel are work as well.
        if (entry.operation == abi::Operation::Call) work_end -= kCallWork;
        if (entry.operation == abi::Operation::Cancel) work_end -= queues_.shape().cq_entries * kStepWork;
        if (static_cast<std::int64_t>(work_end - work_done) <= 0 && waiting != 1) return false;
    }
    return true;
}

void ThreadRing::submit(const abi::Submission& entry) {
    if (entry.reserved != 0) return refuse(entry, Error::BadOperation);
    switch (entry.operation) {
    case abi::Operation::Nop: return nop(entry);
    case abi::Operation::Call: return call(entry);
    case abi::Operation::Receive: return receive(entry);
    case abi::Operation::Return: return answer(entry);
    case abi::Operation::Release: return release(entry);
    case abi::Operation::Cancel: return cancel(entry);
    }
    refuse(entry, Error::BadOperation);
}

namespace {

// Whether only operation, handle, interface_or_call and user_data say anything.
bool sends_nothing(const abi::Submission& entry) {
    std::uint64_t words[sizeof(entry) / 8];
    __builtin_memcpy(words, &entry, sizeof(entry));
    // Operation; handle, interface_or_call, user_data; offsets and lengths; deadline.
    static_assert(offsetof(abi::Submission, flags) == 1 && offsetof(abi::Submission, message_offset) == 4 * 8);
    return (words[0] >> 8 | words[4] | words[5] | words[6] | words[7]) == 0;
}

}  // namespace

void ThreadRing::nop(const abi::Submission& entry) {
    const bool valid = sends_nothing(entry) && entry.handle == 0 && entry.interface_or_call == 0;
    complete(entry.user_data, valid ? Error::None : Error::BadOperation);
}

void ThreadRing::refuse(const abi::Submission& entry, Error error) {
    const bool call = entry.operation == abi::Operation::Call;
    note_refusal(*process_, {.operation = entry.operation, .method = call ? entry.method : std::uint16_t{0}, .reason = error,
                             .interface_id = call ? entry.interface_or_call : 0});
    complete(entry.user_data, error);
}

Result<void> ThreadRing::gather(const abi::Submission& entry, TransferSet& out) {
    if (entry.send_capabilities == 0) return {};
    if (entry.send_capabilities > abi::kMaxMessageCapabilities) return Error::BadRange;
    auto list = TRY(queues_.message(entry.capability_offset, entry.send_capabilities * sizeof(abi::SentCapability)));
    CapabilityTable& table = process_->table();
    for (std::uint32_t i = 0; i < entry.send_capabilities; ++i) {
        abi::SentCapability sent;
        __builtin_memcpy(&sent, list.data() + i * sizeof(sent), sizeof(sent));
        const bool valid_mode = sent.mode == abi::TransferMode::Copy || sent.mode == abi::TransferMode::Move;
        auto slot = table.look_up(sent.handle);
        if (!slot || !valid_mode || sent.reserved != 0) {
            undo_transfer(out, *process_);
            return slot ? Error::BadOperation : slot.error();
        }
        const CapabilityTable::Slot& source = table[*slot];
        const bool move = sent.mode == abi::TransferMode::Move;
        source.object->retain();
        out.items[i] = {.object = source.object, .interface_id = source.interface_id,
                        .moved_from = move ? sent.handle : abi::kNoHandle};
        out.count = i + 1;
        if (move) table.begin_move(*slot);
    }
    return {};
}

void ThreadRing::call(const abi::Submission& entry) {
    auto slot = process_->table().look_up(entry.handle);
    if (!slot) return refuse(entry, slot.error());
    const CapabilityTable::Slot& named = process_->table()[*slot];
    if (named.interface_id != entry.interface_or_call) return refuse(entry, Error::WrongInterface);
    if (entry.flags != 0) return refuse(entry, Error::BadOperation);
    if ((entry.message_length & 7) != 0 || entry.message_length > abi::kMaxMessageBytes)
        return refuse(entry, Error::BadRange);
    auto message = queues_.message(entry.message_offset, entry.message_length);
    if (!message || !queues_.message(entry.buffer_offset, entry.buffer_capacity)) return refuse(entry, Error::BadRange);
    if (entry.accept_capabilities > abi::kMaxMessageCapabilities ||
        entry.accept_capabilities * sizeof(abi::ReceivedCapability) > entry.buffer_capacity)
        return refuse(entry, Error::BadRange);
    if (entry.accept_capabilities != 0)
        if (auto reserved = process_->table().reserve(entry.accept_capabilities); !reserved)
            return refuse(entry, reserved.error());

    [[clang::uninitialized]] TransferSet arguments;
    arguments.count = 0;
    if (auto gathered = gather(entry, arguments); !gathered) {
        process_->table().unreserve(entry.accept_capabilities);
        return refuse(entry, gathered.error());
    }
    Object& object = *named.object;
    if (EndpointReference* reference = object.as_endpoint_reference()) {
        CallRecord& record = take_record();
        object.retain();
        record.target = &object;
        record.state = RecordState::Parked;
        record.method = entry.method;
        record.interface_id = entry.interface_or_call;
        record.user_data = entry.user_data;
        record.accept_capabilities = entry.accept_capabilities;
        record.message_offset = entry.message_offset;
        record.message_length = entry.message_length;
        record.buffer_offset = entry.buffer_offset;
        record.buffer_capacity = entry.buffer_capacity;
        record.transfer = arguments;
        if (entry.deadline != abi::kNoDeadline) set_deadline(record, entry.deadline);
        reference->queue().call(*reference, record);
        return;
    }
    if (message->size() > kKernelMessageBytes) {
        undo_transfer(arguments, *process_);
        process_->table().unreserve(entry.accept_capabilities);
        return refuse(entry, Error::NoRoom);
    }
    work_done += message->size();
    if (!message->empty()) __builtin_memcpy(request_copy, message->data(), message->size());
    object.retain();                       // the method may drop the caller's last handle to it
    {
        [[clang::uninitialized]] KernelCall running(*this, entry, arguments,
                                                    {request_copy, message->size()}, answer_scratch);
        object.call(running);
    }
    object.release();
}

void ThreadRing::receive(const abi::Submission& entry) {
    auto slot = process_->table().look_up(entry.handle);
    if (!slot) return refuse(entry, slot.error());
    const CapabilityTable::Slot& named = process_->table()[*slot];
    Endpoint* endpoint = kernel_object_as<Endpoint>(*named.object, named.interface_id);
    if (endpoint == nullptr) return refuse(entry, Error::WrongInterface);
    if ((entry.interface_or_call | entry.message_offset | entry.message_length | entry.capability_offset) != 0 ||
        (entry.flags | entry.send_capabilities | entry.method) != 0)
        return refuse(entry, Error::BadOperation);
    if (entry.accept_capabilities > abi::kMaxMessageCapabilities) return refuse(entry, Error::BadRange);
    const std::size_t smallest =
        sizeof(abi::RequestHeader) + entry.accept_capabilities * sizeof(abi::ReceivedCapability);
    if (!queues_.message(entry.buffer_offset, entry.buffer_capacity) || entry.buffer_capacity < smallest)
        return refuse(entry, Error::BadRange);
    if (entry.accept_capabilities != 0)
        if (auto reserved = process_->table().reserve(entry.accept_capabilities); !reserved)
            return refuse(entry, reserved.error());
    EndpointQueue& queue = endpoint->queue();
    CallRecord& record = take_record();
    queue.retain();
    record.target = &queue;
    record.user_data = entry.user_data;
    record.accept_capabilities = entry.accept_capabilities;
    record.buffer_offset = entry.buffer_offset;
    record.buffer_capacity = entry.buffer_capacity;
    record.transfer.count = 0;
    if (entry.deadline != abi::kNoDeadline) set_deadline(record, entry.deadline);
    queue.receive(record);
}

void ThreadRing::answer(const abi::Submission& entry) {
    auto slot = process_->table().look_up(entry.handle);
    if (!slot) return refuse(entry, slot.error());
    const CapabilityTable::Slot& named = process_->table()[*slot];
    Endpoint* endpoint = kernel_object_as<Endpoint>(*named.object, named.interface_id);
    if (endpoint == nullptr) return refuse(entry, Error::WrongInterface);
    if ((entry.flags & ~abi::kReturnException) != 0 ||
        (entry.deadline | entry.buffer_offset | entry.buffer_capacity | entry.accept_capabilities) != 0)
        return refuse(entry, Error::BadOperation);
    Error exception = Error::None;
    if ((entry.flags & abi::kReturnException) != 0) {
        exception = static_cast<Error>(entry.method);
        if (!is_exception(exception)) return refuse(entry, Error::BadOperation);
    } else if (entry.method != 0) {
        return refuse(entry, Error::BadOperation);
    }
    if ((entry.message_length & 7) != 0 || entry.message_length > abi::kMaxMessageBytes)
        return refuse(entry, Error::BadRange);
    auto message = queues_.message(entry.message_offset, entry.message_length);
    if (!message) return refuse(entry, message.error());
    [[clang::uninitialized]] TransferSet gifts;
    gifts.count = 0;
    if (auto gathered = gather(entry, gifts); !gathered) return refuse(entry, gathered.error());
    auto answered = endpoint->queue().answer(*process_, entry.interface_or_call, exception, *message, gifts);
    undo_transfer(gifts, *process_);       // empty when it arrived
    complete(entry.user_data, answered ? Error::None : answered.error());
}

void ThreadRing::release(const abi::Submission& entry) {
    auto slot = process_->table().look_up(entry.handle);
    if (!slot) return refuse(entry, slot.error());
    if (!sends_nothing(entry) || entry.interface_or_call != 0) return refuse(entry, Error::BadOperation);
    process_->table().remove(*slot);
    complete(entry.user_data, Error::None);
}

CallRecord* ThreadRing::outstanding_call(std::uint64_t user_data) {
    for (std::uint32_t i = 0; i < queues_.shape().cq_entries; ++i)
        if (records_[i].state != RecordState::Free && records_[i].user_data == user_data) return &records_[i];
    return nullptr;
}

void ThreadRing::cancel(const abi::Submission& entry) {
    if (!sends_nothing(entry) || entry.handle != 0) return refuse(entry, Error::BadOperation);
    CallRecord* record = outstanding_call(entry.interface_or_call);
    if (record == nullptr) return refuse(entry, Error::NoSuchCall);
    record->unlink();
    record->target->call_withdrawn(*record);
    complete(*record, Error::Cancelled);
    complete(entry.user_data, Error::None);
}

}  // namespace capos::kernel

// Called by the panic block.
extern "C" void panic_print_ring_trace(void (*put)(const char*)) {
    using namespace capos;
    using namespace capos::kernel;
    for (std::uint32_t i = 0; i < kTraceLength; ++i) {
        if (traced < kTraceLength - i) continue;
        const TracedOperation& at = trace[(traced + i) % kTraceLength];
        FixedText<120> line;
        line << "  pid " << at.pid << " operation " << static_cast<unsigned>(at.operation) << " method " << at.method
             << " handle " << Hex{at.handle, 16} << " interface/call " << Hex{at.interface_or_call, 16} << "\n" << '\0';
        put(line.view().data());
    }
}
