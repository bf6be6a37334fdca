#include "kernel/ipc/endpoint.hpp"

#include <cstring>
#include <utility>

#include "kernel/mem/frames.hpp"
#include "kernel/mem/slab.hpp"
#include "kernel/process/process.hpp"
#include "kernel/ring/delivery.hpp"

namespace capos::kernel {

namespace {

constinit List<EndpointQueue, AllEndpointsTag> all;

}  // namespace

List<EndpointQueue, AllEndpointsTag>& all_endpoints() { return all; }

// --- EndpointQueue -------------------------------------------------------------------------------------------------

Result<Ref<EndpointQueue>> EndpointQueue::create(Process& creator, std::string_view name, Bounds bounds) {
    EndpointQueue* queue = TRY(Slab<EndpointQueue>::create(&creator.ledger()));
    Ref<EndpointQueue> reference(*queue);
    queue->ledger_ = &creator.ledger();
    queue->ledger_->retain();
    queue->name_length_ = name.size() < sizeof(queue->name_) ? name.size() : sizeof(queue->name_);
    std::memcpy(queue->name_, name.data(), queue->name_length_);
    queue->creator_ = creator.pid();
    queue->parked_per_number_ = bounds.parked_per_number;
    queue->in_flight_order_ = order_for(bounds.in_flight * sizeof(InFlight));
    queue->in_flight_frames_ = TRY(creator.take_frames(queue->in_flight_order_));
    InFlight* entries = static_cast<InFlight*>(direct(queue->in_flight_frames_));
    queue->in_flight_ = {entries, bounds.in_flight};
    for (std::uint32_t i = bounds.in_flight; i-- > 0;) {
        entries[i] = {.record = nullptr, .server = nullptr, .reference = nullptr, .generation = 1,
                      .next_free = queue->first_free_};
        queue->first_free_ = i;
    }
    queue->free_count_ = bounds.in_flight;
    all_endpoints().push_back(*queue);
    return reference;
}

void EndpointQueue::destroy() {
    ListHook<AllEndpointsTag>::unlink();
    if (!in_flight_.empty()) {
        frames_give(in_flight_frames_, in_flight_order_);
        ledger_->credit(Resource::Pages, std::uint64_t{1} << in_flight_order_);
    }
    if (ledger_ != nullptr) ledger_->release();
    Slab<EndpointQueue>::destroy(this);
}

Outcome EndpointQueue::call(KernelCall& call) { return call.unimplemented(); }
void EndpointQueue::describe(TextWriter& out) const { out << "endpoint queue " << name(); }

// Services make numbers of fields, so neighbours often differ in high bits only: all bits count (Fibonacci hashing).
EndpointQueue::Bucket& EndpointQueue::bucket(std::uint64_t number) {
    return numbers_[number * 0x9e3779b97f4a7c15 >> (64 - kBucketBits)];
}

EndpointReference* EndpointQueue::find(std::uint64_t number) {
    Bucket& chain = bucket(number);
    for (EndpointReference* at = chain.front(); at != nullptr; at = chain.next(*at)) {
        work_done += kStepWork;
        if (at->number_ == number) return at;
    }
    return nullptr;
}

Result<Ref<EndpointReference>> EndpointQueue::mint(Process& minter, std::uint64_t number, std::uint64_t interface_id,
                                                   bool persistent) {
    if (persistent && minter.pid() != creator_) return Error::Denied;
    EndpointReference* in_use = find(number);
    if (in_use != nullptr && !(persistent && !in_use->persistent_)) return Error::Busy;
    EndpointReference* reference = TRY(Slab<EndpointReference>::create(&minter.ledger()));
    if (in_use != nullptr) kill(*in_use);
    reference->queue_ = Ref<EndpointQueue>(*this);
    reference->number_ = number;
    reference->interface_id_ = interface_id;
    reference->minter_ = minter.pid();
    reference->persistent_ = persistent;
    if (!persistent) {
        reference->goes_with_ = &minter;
        ++minter.numbers_minted;
    }
    bucket(number).push_back(*reference);
    return Ref<EndpointReference>(*reference);
}

Result<void> EndpointQueue::revoke(Process& revoker, std::uint64_t number) {
    EndpointReference* reference = find(number);
    if (reference == nullptr) return {};
    if (revoker.pid() != creator_ && revoker.pid() != reference->minter_) return Error::Denied;
    kill(*reference);
    return {};
}

void EndpointQueue::forget_minter(EndpointReference& reference) {
    if (Process* minter = std::exchange(reference.goes_with_, nullptr)) --minter->numbers_minted;
}

// The reference answers disconnected from now on; its number is free for a new one.
void EndpointQueue::kill(EndpointReference& reference) {
    reference.dead_ = true;
    forget_minter(reference);
    reference.ListHook<NumberTag>::unlink();
    reference.ListHook<TurnTag>::unlink();
    while (CallRecord* record = reference.parked_.pop_front()) {
        --reference.parked_count_;
        record->ring->complete(*record, Error::Disconnected);
    }
    if (reference.released_) destroy_reference(reference);
}

// Its entries in flight belong to nobody from now on; they come back with their answers.
void EndpointQueue::destroy_reference(EndpointReference& reference) {
    if (reference.in_flight_count_ != 0) {
        work_done += in_flight_.size() * kStepWork;
        for (InFlight& entry : in_flight_)
            if (entry.reference == &reference) entry.reference = nullptr;
    }
    Slab<EndpointReference>::destroy(&reference);
}

void EndpointQueue::call(EndpointReference& reference, CallRecord& record) {
    if (closed_ || reference.dead_) {
        record.ring->complete(record, Error::Disconnected);
        return;
    }
    if (reference.parked_count_ >= parked_per_number_) {
        record.ring->complete(record, Error::Overloaded);
        return;
    }
    record.state = RecordState::Parked;
    reference.parked_.push_back(record);
    ++reference.parked_count_;
    if (!reference.ListHook<TurnTag>::linked()) turns_.push_back(reference);
    pump();
}

void EndpointQueue::receive(CallRecord& record) {
    record.state = RecordState::Parked;
    receivers_.push_back(record);
    pump();
}

bool EndpointQueue::may_deliver(const EndpointReference& reference) const {
    return reference.parked_count_ == 0 || reference.in_flight_count_ < free_count_;
}

void EndpointQueue::pump() {
    for (EndpointReference* at = turns_.front(); at != nullptr && !receivers_.empty();) {
        EndpointReference& reference = *at;
        if (!may_deliver(reference)) [[unlikely]] {    // it has enough in flight: its turn waits
            work_done += kStepWork;
            at = turns_.next(*at);
            continue;
        }
        CallRecord& receiver = *receivers_.front();
        if (reference.parked_count_ == 0) {
            deliver_notice(receiver, reference);
        } else {
            reference.ListHook<TurnTag>::unlink();
            deliver(receiver, reference);
            if (reference.parked_count_ != 0 || reference.released_) turns_.push_back(reference);
        }
        at = turns_.front();
    }
}

void EndpointQueue::deliver_notice(CallRecord& receiver, EndpointReference& reference) {
    abi::RequestHeader header{.number = reference.number_, .interface_id = reference.interface_id_,
                              .kind = abi::RequestKind::Released, .method = 0, .reserved = 0};
    receiver.ListHook<>::unlink();
    (void)write_request(receiver, header, {});         // it fits: RECEIVE takes no smaller buffer
    receiver.ring->complete(receiver, Error::None);
    forget_minter(reference);
    reference.ListHook<TurnTag>::unlink();
    reference.ListHook<NumberTag>::unlink();
    destroy_reference(reference);
}

// Hands the reference's oldest call to `receiver`. A call that does not fit there ends with NoRoom, and `receiver` waits on.
void EndpointQueue::deliver(CallRecord& receiver, EndpointReference& reference) {
    CallRecord& call = *reference.parked_.pop_front();
    --reference.parked_count_;
    abi::RequestHeader header{.number = reference.number_, .interface_id = call.interface_id,
                              .kind = abi::RequestKind::Call, .method = call.method, .reserved = 0};
    auto message = call.ring->queues().message(call.message_offset, call.message_length);
    if (!message || call.transfer.count > receiver.accept_capabilities ||
        !write_request(receiver, header, *message)) {
        call.ring->complete(call, Error::NoRoom);
        return;
    }
    receiver.ListHook<>::unlink();
    const std::uint16_t arrived = deliver_capabilities(receiver, call.transfer, call.ring->process(),
                                                       sizeof(abi::RequestHeader));
    const std::uint32_t index = first_free_;
    InFlight& entry = in_flight_[index];
    first_free_ = entry.next_free;
    --free_count_;
    ++reference.in_flight_count_;
    entry.reference = &reference;
    entry.record = &call;
    entry.server = &receiver.ring->process();
    ++entry.server->calls_served;
    call.state = RecordState::InFlight;
    call.in_flight_index = index;
    const std::uint64_t call_id = static_cast<std::uint64_t>(entry.generation) << 32 | index;
    receiver.ring->complete(receiver, Error::None, call.message_length, arrived, call_id);
}

EndpointQueue::InFlight* EndpointQueue::entry(std::uint64_t call_id) {
    const std::uint32_t index = static_cast<std::uint32_t>(call_id);
    if (index >= in_flight_.size()) return nullptr;
    InFlight& entry = in_flight_[index];
    return entry.server != nullptr && entry.generation == call_id >> 32 ? &entry : nullptr;
}

void EndpointQueue::free_entry(InFlight& entry) {
    if (entry.reference != nullptr) --entry.reference->in_flight_count_;
    ++free_count_;
    --entry.server->calls_served;
    entry.record = nullptr;
    entry.server = nullptr;
    entry.reference = nullptr;
    if (++entry.generation == 0) entry.generation = 1;
    entry.next_free = first_free_;
    first_free_ = static_cast<std::uint32_t>(&entry - in_flight_.data());
}

Result<void> EndpointQueue::answer(Process& server, std::uint64_t call_id, Error exception,
                                   std::span<const std::byte> message, TransferSet& gifts) {
    InFlight* found = entry(call_id);
    if (found == nullptr || found->server != &server) return Error::NoSuchCall;
    CallRecord* record = found->record;
    free_entry(*found);
    Result<void> outcome = Error::CallerGone;
    if (record != nullptr) {
        deliver_answer(*record, exception, message, gifts, server);
        outcome = {};
    }
    pump();
    return outcome;
}

void EndpointQueue::call_withdrawn(CallRecord& record) {
    if (record.state != RecordState::InFlight) return;
    InFlight& entry = in_flight_[record.in_flight_index];
    if (entry.record == &record) entry.record = nullptr;   // the server's answer will find the caller gone
}

void EndpointQueue::process_ended(Process& process) {
    work_done += in_flight_.size() * kStepWork;
    for (InFlight& entry : in_flight_) {
        if (entry.server != &process) continue;
        CallRecord* record = entry.record;
        free_entry(entry);
        if (record != nullptr) record->ring->complete(*record, Error::Disconnected);
    }
    for (auto& bucket : numbers_) {
        for (EndpointReference* at = bucket.front(); at != nullptr;) {
            EndpointReference* next = bucket.next(*at);
            work_done += kStepWork;
            if (at->goes_with_ == &process) kill(*at);
            at = next;
        }
    }
    pump();
}

void EndpointQueue::close() {
    closed_ = true;
    while (CallRecord* record = receivers_.pop_front()) record->ring->complete(*record, Error::Disconnected);
    for (InFlight& entry : in_flight_) {
        if (entry.server == nullptr) continue;
        CallRecord* record = entry.record;
        free_entry(entry);
        if (record != nullptr) record->ring->complete(*record, Error::Disconnected);
    }
    for (auto& bucket : numbers_)
        while (EndpointReference* reference = bucket.front()) kill(*reference);
}

// --- EndpointReference ---------------------------------------------------------------------------------------------

Outcome EndpointReference::call(KernelCall& call) { return call.unimplemented(); }   // the ring routes calls to queue()

void EndpointReference::describe(TextWriter& out) const {
    constexpr std::uint64_t kLargestPlain = 9999;      // larger ones are made of fields, or made up by services
    out << "reference to " << queue_->name() << " #";
    if (number_ <= kLargestPlain)
        out << number_;
    else
        out << "0x" << Hex{number_};
    out << (dead_ ? " (dead)" : "");
}

void EndpointReference::call_withdrawn(CallRecord& record) {
    if (record.state == RecordState::InFlight) {
        queue_->call_withdrawn(record);
        return;
    }
    --parked_count_;
    if (parked_count_ == 0 && !released_) ListHook<TurnTag>::unlink();
}

// No client is left: the number's release notice takes its turn, without allocating anything.
void EndpointReference::destroy() {
    if (dead_ || queue_->closed_) {
        ListHook<NumberTag>::unlink();
        ListHook<TurnTag>::unlink();
        queue_->destroy_reference(*this);
        return;
    }
    released_ = true;
    if (!ListHook<TurnTag>::linked()) queue_->turns_.push_back(*this);
    queue_->pump();
}

// --- Endpoint ------------------------------------------------------------------------------------------------------

Result<Ref<Endpoint>> Endpoint::create(Process& creator, std::string_view name, EndpointQueue::Bounds bounds) {
    Ref<EndpointQueue> queue = TRY(EndpointQueue::create(creator, name, bounds));
    Endpoint* endpoint = TRY(Slab<Endpoint>::create(&creator.ledger()));
    endpoint->queue_ = std::move(queue);
    return Ref<Endpoint>(*endpoint);
}

void Endpoint::destroy() {
    queue_->close();
    Slab<Endpoint>::destroy(this);
}

Outcome Endpoint::call(KernelCall& call) { return Interface::dispatch(*this, call); }
void Endpoint::describe(TextWriter& out) const { out << "endpoint " << queue_->name(); }

Outcome Endpoint::mint(TypedCall<Interface::MintParams, Interface::MintResults> call) {
    if (call.params().interface_id() == 0) return call.fail(Error::InvalidArgument, "interfaceId");
    if (call.raw().capability_room() == 0) return call.fail(Error::NoRoom, "reference");
    auto reference = queue_->mint(call.caller(), call.params().number(), call.params().interface_id(),
                                  call.params().persistent());
    if (!reference) return call.fail(reference.error(), reference.error() == Error::Denied ? "persistent" : "number");
    auto index = call.give(std::move(*reference));
    if (!index) return call.fail(index.error(), "reference");
    call.results().set_reference(*index);
    return call.done();
}

Outcome Endpoint::revoke(TypedCall<Interface::RevokeParams, Interface::RevokeResults> call) {
    if (auto revoked = queue_->revoke(call.caller(), call.params().number()); !revoked)
        return call.fail(revoked.error(), "number");
    return call.done();
}

}  // namespace capos::kernel
