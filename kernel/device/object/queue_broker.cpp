#include "kernel/device/object/queue_broker.hpp"

#include "kernel/device/function.hpp"
#include "kernel/device/label.hpp"
#include "kernel/device/object/dma_pool.hpp"
#include "kernel/process/process.hpp"
#include "lib/virtio/features.hpp"

namespace capos::kernel {

using device::Setup;

QueueBrokerObject::QueueBrokerObject(device::DeviceFunction& function)
    : function_(&function), claim_(function.claim_number()) {}

Result<Ref<QueueBrokerObject>> QueueBrokerObject::create(Ledger& ledger, device::DeviceFunction& function) {
    return Ref<QueueBrokerObject>(*TRY(Slab<QueueBrokerObject>::create(&ledger, function)));
}

void QueueBrokerObject::describe(TextWriter& out) const {
    out << "queue broker of " << device::Label{function_->identity().where};
}

Outcome QueueBrokerObject::call(KernelCall& call) {
    if (!function_->is_current(claim_))
        return call.fail(Error::Disconnected, "broker");
    return Interface::dispatch(*this, call);
}

Outcome QueueBrokerObject::negotiate(TypedCall<Interface::NegotiateParams, Interface::NegotiateResults> call) {
    if (function_->setup() != Setup::Fresh)
        return call.fail(Error::Busy, "negotiate");
    virtio::Transport& transport = function_->transport();
    transport.add_status(virtio::kStatusAcknowledge);
    transport.add_status(virtio::kStatusDriver);
    const bool legacy = transport.is_legacy();
    const std::uint64_t device = transport.device_features();
    const std::uint64_t accepted = virtio::brokered_accept(device, call.params().wanted(), legacy);
    auto results = call.results();
    results.set_offered(virtio::brokered_offer(device, legacy));
    results.set_legacy(legacy);
    // A modern device without VERSION_1 would have to be spoken to in another way than its registers say (6.1).
    const bool sound = legacy || (accepted & virtio::kVersion1) != 0;
    if (!sound || !transport.accept_features(accepted)) {
        results.set_outcome(Interface::NegotiateResults::Outcome::refused_by_device);
        return call.done();
    }
    function_->set_setup(Setup::Negotiated);
    results.set_outcome(Interface::NegotiateResults::Outcome::accepted);
    results.set_accepted(accepted);
    return call.done();
}

Outcome QueueBrokerObject::create(TypedCall<Interface::CreateParams, Interface::CreateResults> call) {
    using Answer = Interface::CreateResults::Outcome;
    const auto refuse = [&](Answer outcome) {
        call.results().set_outcome(outcome);
        return call.done();
    };
    const std::uint16_t index = call.params().index();
    const std::uint16_t vector = call.params().vector();
    if (function_->setup() != Setup::Negotiated || function_->has_queue(index))
        return call.fail(Error::Busy, "index");
    auto pool = call.raw().argument<DmaPoolObject>(call.params().pool());
    if (!pool)
        return call.fail(pool.error(), "pool");
    if (!(*pool)->belongs_to(*function_))
        return call.fail(Error::InvalidArgument, "pool");

    virtio::Transport& transport = function_->transport();
    std::uint16_t there = index < device::DeviceFunction::kMaxQueues ? transport.queue_size(index) : 0;
    if (there == 0)
        return refuse(Answer::no_such_queue);
    // A legacy queue has the device's size; any other may be made smaller (4.1.5.1.3).
    if (!transport.is_legacy() && there > virtio::kMaxQueueSize)
        there = virtio::kMaxQueueSize;
    const std::uint16_t wanted = call.params().size();
    const bool own_size = wanted == 0 || wanted >= there || transport.is_legacy();
    const auto layout = virtio::SplitLayout::create(own_size ? there : wanted);
    if (!layout)
        return refuse(Answer::size_unsupported);
    if (vector != kNoVector && !function_->has_interrupt(vector))
        return refuse(Answer::vector_refused);

    auto queue = BrokeredQueueObject::create(call.caller().ledger(), *function_, index, *layout,
                                             Ref<DmaPoolObject>(**pool));
    if (!queue)
        return call.fail(queue.error(), "queue");
    if (!transport.set_queue(index, *layout, static_cast<std::uint64_t>((*queue)->area())))
        return call.fail(Error::Failed, "queue");
    // From here on the device knows the memory: the record keeps it until a confirmed reset.
    function_->add_queue(index, *queue);
    if (function_->uses_msix() && vector != kNoVector && !transport.set_queue_vector(index, vector))
        return refuse(Answer::vector_refused);
    transport.enable_queue(index);
    auto given = call.give(std::move(*queue));
    if (!given)
        return call.fail(given.error(), "queue");
    auto results = call.results();
    results.set_outcome(Answer::created);
    results.set_queue(*given);
    results.set_size(layout->size);
    return call.done();
}

Outcome QueueBrokerObject::activate(TypedCall<Interface::ActivateParams, Interface::ActivateResults> call) {
    if (function_->setup() != Setup::Negotiated)
        return call.fail(Error::Busy, "activate");
    virtio::Transport& transport = function_->transport();
    // Interrupt 0 also tells of configuration changes; a device without room for that is asked by its driver instead.
    const bool told = function_->has_interrupt(0) && (!function_->uses_msix() || transport.set_configuration_vector(0));
    transport.add_status(virtio::kStatusDriverOk);
    function_->set_setup(Setup::Active);
    call.results().set_configuration_interrupt(told);
    return call.done();
}

}  // namespace capos::kernel
