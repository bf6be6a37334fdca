#include "kernel/device/object/brokered_queue.hpp"

#include <utility>

#include "kernel/device/function.hpp"
#include "kernel/device/label.hpp"
#include "kernel/device/object/dma_pool.hpp"
#include "kernel/object/memory_object.hpp"
#include "kernel/process/process.hpp"

namespace capos::kernel {

using device::Buffer;
using device::Done;
using device::PostFault;
using device::PostOutcome;
using device::QueueFormat;

BrokeredQueueObject::BrokeredQueueObject(device::DeviceFunction& function, std::uint16_t index, Ref<DmaPoolObject> pool)
    : function_(&function), epoch_(function.epoch()), index_(index), pool_(std::move(pool)) {}
BrokeredQueueObject::~BrokeredQueueObject() = default;

Result<Ref<BrokeredQueueObject>> BrokeredQueueObject::create(Ledger& ledger, device::DeviceFunction& function,
                                                             std::uint16_t index, const virtio::SplitLayout& layout,
                                                             Ref<DmaPoolObject> pool) {
    virtio::SlotTable& slots = pool->slots();
    Ref<BrokeredQueueObject> queue(*TRY(Slab<BrokeredQueueObject>::create(&ledger, function, index, std::move(pool))));
    TRY(queue->split_.create(ledger, layout, slots, function.transport(), index));
    return queue;
}

void BrokeredQueueObject::describe(TextWriter& out) const {
    out << "queue " << index_ << " of " << device::Label{function_->identity().where};
}

Outcome BrokeredQueueObject::call(KernelCall& call) {
    if (function_->state() != device::FunctionState::Claimed || epoch_ != function_->epoch())
        return call.fail(Error::Disconnected, "queue");
    return Interface::dispatch(*this, call);
}

BrokeredQueueObject::Fault BrokeredQueueObject::drain(Interface::ExchangeResults::Builder& results, std::uint32_t most) {
    constexpr std::size_t kBatch = 32;
    if (!queue().pending())
        return Fault::none;
    const std::uint32_t room = most < queue().chains_in_flight() ? most : queue().chains_in_flight();
    // Also where nothing can be taken back: an index that has moved with nothing in flight is the device's fault.
    if (room == 0)
        return queue().drain({}) ? Fault::none : misbehaved();
    auto list = results.init_done(room);
    Done batch[kBatch];
    std::uint32_t count = 0;
    Fault fault = Fault::none;
    while (count < room) {
        const std::size_t ask = room - count < kBatch ? room - count : kBatch;
        const auto taken = queue().drain(std::span(batch, ask));
        if (!taken) {
            fault = misbehaved();
            break;
        }
        for (std::size_t i = 0; i < *taken; ++i) {
            auto done = list[count++];
            done.set_slot(static_cast<std::uint32_t>(batch[i].slot));
            done.set_written(batch[i].written);
        }
        if (*taken < ask)
            break;
    }
    list.shrink_to(count);
    function_->counters.completions += count;
    return fault;
}

BrokeredQueueObject::Fault BrokeredQueueObject::misbehaved() {
    function_->counters.misbehaviours += std::exchange(broken_, true) ? 0 : 1;
    return Fault::device_misbehaved;
}

BrokeredQueueObject::Posted BrokeredQueueObject::post(const Buffers& buffers) {
    Posted posted;
    Buffer chain[QueueFormat::kMaxChain];
    std::uint32_t length = 0;
    for (std::uint32_t i = 0; i < buffers.size(); ++i) {
        const auto entry = buffers[i];
        const auto at = static_cast<std::uint16_t>(i);
        const bool unfinished = entry.more() && i + 1 == buffers.size();
        if (unfinished || length == QueueFormat::kMaxChain) {
            posted.fault = Fault::bad_chain;
            posted.fault_index = at;
            return posted;
        }
        chain[length++] = {entry.slot(), entry.offset(), entry.length(), entry.device_writes()};
        if (entry.more())
            continue;
        const PostOutcome outcome = queue().post(std::span<const Buffer>(chain, length));
        switch (outcome.fault) {
        case PostFault::None: posted.entries = static_cast<std::uint16_t>(i + 1); break;
        case PostFault::QueueFull: return posted;
        case PostFault::BadSlot: posted.fault = Fault::bad_slot; break;
        case PostFault::SlotInFlight: posted.fault = Fault::slot_in_flight; break;
        case PostFault::BadRange: posted.fault = Fault::bad_range; break;
        case PostFault::BadChain: posted.fault = Fault::bad_chain; break;
        case PostFault::Broken: posted.fault = Fault::device_misbehaved; break;
        }
        if (posted.fault != Fault::none) {
            posted.fault_index = static_cast<std::uint16_t>(at + 1 - length + outcome.index);
            return posted;
        }
        length = 0;
    }
    return posted;
}

Outcome BrokeredQueueObject::exchange(TypedCall<Interface::ExchangeParams, Interface::ExchangeResults> call) {
    const auto params = call.params();
    const Buffers buffers = params.post();
    if (buffers.size() > kMostPosted)
        return call.fail(Error::InvalidArgument, "post");
    if (params.max_done() > kMostDone)
        return call.fail(Error::InvalidArgument, "maxDone");
    if (params.wake())
        return call.fail(Error::InvalidArgument, "wake");
    auto results = call.results();
    if (function_->setup() != device::Setup::Active) {
        results.set_fault(Fault::not_active);
        return call.done();
    }
    if (function_->needs_reset()) {
        results.set_fault(Fault::device_misbehaved);
        return call.done();
    }
    if (queue().is_armed() && !params.arm())
        queue().disarm();

    // What does not fit the caller's buffer stays in the queue: nothing that was drained can be lost on the way back.
    constexpr std::uint32_t kFixedBytes = 32;            // root and list pointers, data, tag
    constexpr std::uint32_t kDoneBytes = 8;
    const std::uint32_t bytes = call.raw().message_room();
    const std::uint32_t room = bytes < kFixedBytes ? 0 : (bytes - kFixedBytes) / kDoneBytes;
    const Fault broke = drain(results, params.max_done() < room ? params.max_done() : room);
    if (broke != Fault::none) {
        results.set_fault(broke);
        return call.done();
    }
    const Posted posted = post(buffers);
    if (queue().publish())
        ++function_->counters.doorbells;
    results.set_posted(posted.entries);
    results.set_fault(posted.fault);
    results.set_fault_index(posted.fault_index);
    results.set_pending(params.arm() ? queue().arm() : queue().pending());
    return call.done();
}

Outcome BrokeredQueueObject::arm_and_look(TypedCall<Interface::ArmAndLookParams, Interface::ArmAndLookResults> call) {
    call.results().set_pending(queue().arm());
    return call.done();
}

Outcome BrokeredQueueObject::used_view(TypedCall<Interface::UsedViewParams, Interface::UsedViewResults> call) {
    QueueFormat::View view = queue().view();
    auto object = MemoryObject::over(&call.caller().ledger(), view.first, view.pages, false, std::move(view.keeper));
    if (!object)
        return call.fail(object.error(), "view");
    auto index = call.give(std::move(*object));
    if (!index)
        return call.fail(index.error(), "view");
    auto results = call.results();
    results.set_view(*index);
    results.set_index_offset(view.index_offset);
    return call.done();
}

}  // namespace capos::kernel
