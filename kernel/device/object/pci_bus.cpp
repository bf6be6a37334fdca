#include "kernel/device/object/pci_bus.hpp"

#include <new>

#include "kernel/device/device_facts.hpp"
#include "kernel/device/registry.hpp"
#include "kernel/process/process.hpp"

namespace capos::kernel {

using device::DeviceFunction;
using device::FunctionState;
using device::TransportKind;

void PciBusObject::fill(Interface::FunctionInfo::Builder info, const DeviceFunction& function) {
    const pci::Identity& identity = function.identity();
    info.set_bdf(identity.where.value());
    info.set_vendor(identity.vendor);
    info.set_device(identity.device);
    info.set_subsystem_vendor(identity.subsystem_vendor);
    info.set_subsystem(identity.subsystem);
    info.set_class_code(identity.class_code);
    info.set_revision(identity.revision);
    // A dead function is nobody's: a claim of it says what it is.
    info.set_claimed(function.state() != FunctionState::Unclaimed && function.state() != FunctionState::Dead);
    info.set_transport(function.transport_kind() == TransportKind::Modern   ? Interface::Transport::virtio_modern
                       : function.transport_kind() == TransportKind::Legacy ? Interface::Transport::virtio_legacy
                                                                            : Interface::Transport::none);
}

Outcome PciBusObject::functions(TypedCall<Interface::FunctionsParams, Interface::FunctionsResults> call) {
    auto list = call.results().init_functions(device::function_count());
    std::uint32_t index = 0;
    device::for_each_function([&](const DeviceFunction& function) { fill(list[index++], function); });
    return call.done();
}

Outcome PciBusObject::claim(TypedCall<Interface::ClaimParams, Interface::ClaimResults> call) {
    using Answer = Interface::ClaimResults::Outcome;
    const auto refuse = [&](Answer outcome) {
        call.results().set_outcome(outcome);
        return call.done();
    };
    DeviceFunction* function = device::find_function(pci::Bdf(call.params().bdf()));
    if (function == nullptr)
        return refuse(Answer::not_found);
    if (function->state() == FunctionState::Dead)
        return refuse(Answer::dead);
    if (function->state() != FunctionState::Unclaimed)
        return refuse(Answer::already_claimed);
    if (!function->has_broker())
        return refuse(Answer::no_broker);
    auto claim = PciFunctionObject::create(call.caller().ledger(), *function);
    if (!claim)
        return call.fail(claim.error(), "function");
    if (auto begun = function->begin_claim(std::move(*claim)); !begun)
        return call.fail(begun.error(), "register window");
    if (function->state() == FunctionState::Claiming)
        return call.park(function->waiters(), *this);
    Ref<PciFunctionObject> taken = function->take_claim();
    if (function->state() != FunctionState::Claimed)
        return refuse(Answer::reset_failed);
    auto index = call.give(std::move(taken));
    if (!index)
        return call.fail(index.error(), "function");
    auto results = call.results();
    results.set_outcome(Answer::claimed);
    results.set_function(*index);
    return call.done();
}

Object& pci_bus() {
    alignas(PciBusObject) static std::byte storage[sizeof(PciBusObject)];
    static PciBusObject* bus = nullptr;
    if (bus == nullptr)
        bus = new (storage) PciBusObject;
    return *bus;
}

}  // namespace capos::kernel
