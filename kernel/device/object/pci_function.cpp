#include "kernel/device/object/pci_function.hpp"

#include "kernel/device/function.hpp"
#include "kernel/device/label.hpp"
#include "kernel/device/object/device_registers.hpp"
#include "kernel/device/object/dma_pool.hpp"
#include "kernel/device/object/pci_bus.hpp"
#include "kernel/device/object/queue_broker.hpp"
#include "kernel/object/memory_object.hpp"
#include "kernel/process/process.hpp"

namespace capos::kernel {

using device::FunctionState;

PciFunctionObject::PciFunctionObject(device::DeviceFunction& function)
    : function_(&function) {}

Result<Ref<PciFunctionObject>> PciFunctionObject::create(Ledger& ledger, device::DeviceFunction& function) {
    return Ref<PciFunctionObject>(*TRY(Slab<PciFunctionObject>::create(&ledger, function)));
}

void PciFunctionObject::answer_claim(Reply& reply, Ref<PciFunctionObject> claim) {
    using Results = schema::PciBus::ClaimResults;
    if (!claim) {
        reply.results<Results>().set_outcome(Results::Outcome::reset_failed);
        reply.done();
        return;
    }
    auto index = reply.give(std::move(claim));
    if (!index) {
        reply.fail(index.error(), "function");
        return;
    }
    auto results = reply.results<Results>();
    results.set_outcome(Results::Outcome::claimed);
    results.set_function(*index);
    reply.done();
}

void PciFunctionObject::destroy() {
    function_->release_claim(claim_);
    Slab<PciFunctionObject>::destroy(this);
}

void PciFunctionObject::describe(TextWriter& out) const {
    out << "PCI function " << device::Label{function_->identity().where};
}

Outcome PciFunctionObject::call(KernelCall& call) {
    if (!function_->is_current(claim_))
        return call.fail(function_->state() == FunctionState::Resetting ? Error::Busy : Error::Disconnected, "function");
    return Interface::dispatch(*this, call);
}

Outcome PciFunctionObject::identity(TypedCall<Interface::IdentityParams, Interface::IdentityResults> call) {
    auto results = call.results();
    PciBusObject::fill(results.init_info(), *function_);
    results.set_regime(Interface::Regime::brokered);
    return call.done();
}

Outcome PciFunctionObject::registers(TypedCall<Interface::RegistersParams, Interface::RegistersResults> call) {
    auto registers = DeviceRegistersObject::create(call.caller().ledger(), *function_);
    if (!registers)
        return call.fail(registers.error(), "registers");
    auto index = call.give(std::move(*registers));
    if (!index)
        return call.fail(index.error(), "registers");
    call.results().set_registers(*index);
    return call.done();
}

Outcome PciFunctionObject::dma(TypedCall<Interface::DmaParams, Interface::DmaResults> call) {
    auto object = call.raw().argument<MemoryObject>(call.params().object());
    if (!object)
        return call.fail(object.error(), "object");
    if (!(*object)->writable())
        return call.fail(Error::Denied, "object");
    if (!DmaPoolObject::is_slot_size(call.params().slot_bytes()))
        return call.fail(Error::InvalidArgument, "slotBytes");
    if ((*object)->pages() > DmaPoolObject::kMaxPages)
        return call.fail(Error::InvalidArgument, "object");
    auto pool = DmaPoolObject::create(call.caller().ledger(), *function_, Ref<MemoryObject>(**object),
                                      call.params().slot_bytes());
    if (!pool)
        return call.fail(pool.error(), "pool");
    auto index = call.give(std::move(*pool));
    if (!index)
        return call.fail(index.error(), "pool");
    call.results().set_pool(*index);
    return call.done();
}

Outcome PciFunctionObject::interrupt(TypedCall<Interface::InterruptParams, Interface::InterruptResults> call) {
    auto interrupt = function_->interrupt(call.caller().ledger(), call.params().index());
    if (!interrupt)
        return call.fail(interrupt.error(), "index");
    (*interrupt)->start_over();
    auto index = call.give(std::move(*interrupt));
    if (!index)
        return call.fail(index.error(), "interrupt");
    auto results = call.results();
    results.set_interrupt(*index);
    results.set_kind(function_->uses_msix() ? Interface::InterruptResults::Kind::msix
                                            : Interface::InterruptResults::Kind::intx);
    return call.done();
}

Outcome PciFunctionObject::queues(TypedCall<Interface::QueuesParams, Interface::QueuesResults> call) {
    auto broker = QueueBrokerObject::create(call.caller().ledger(), *function_);
    if (!broker)
        return call.fail(broker.error(), "broker");
    auto index = call.give(std::move(*broker));
    if (!index)
        return call.fail(index.error(), "broker");
    function_->set_holder(call.caller().name());
    call.results().set_broker(*index);
    return call.done();
}

Outcome PciFunctionObject::reset(TypedCall<Interface::ResetParams, Interface::ResetResults> call) {
    function_->begin_reset();
    if (function_->state() == FunctionState::Resetting)
        return call.park(function_->waiters(), *this);
    if (function_->state() != FunctionState::Claimed)
        return call.fail(Error::Failed, "reset");
    return call.done();
}

}  // namespace capos::kernel
