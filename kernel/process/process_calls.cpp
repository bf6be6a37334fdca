// The Process interface: what a holder of the capability can do to a process.
#include "kernel/mem/slab.hpp"
#include "kernel/object/address_space.hpp"
#include "kernel/process/process.hpp"

namespace capos::kernel {

Outcome Process::call(KernelCall& call) { return Interface::dispatch(*this, call); }
void Process::describe(TextWriter& out) const { out << "process " << name() << " pid " << pid_; }

Outcome Process::address_space(TypedCall<Interface::AddressSpaceParams, Interface::AddressSpaceResults> call) {
    auto space = AddressSpaceObject::of(*this, call.caller().ledger());
    if (!space) return call.fail(space.error(), "addressSpace");
    auto index = call.give(std::move(*space));
    if (!index) return call.fail(index.error(), "addressSpace");
    call.results().set_address_space(*index);
    return call.done();
}

Outcome Process::grant(TypedCall<Interface::GrantParams, Interface::GrantResults> call) {
    if (ended_) return call.fail(Error::Disconnected, "process");
    auto item = call.raw().argument(call.params().capability());
    if (!item) return call.fail(item.error(), "capability");
    auto handle = table_.insert(Ref<Object>(*item->object), item->interface_id);
    if (!handle) return call.fail(handle.error(), "capability");
    call.results().set_handle(*handle);
    return call.done();
}

Outcome Process::start_thread(TypedCall<Interface::StartThreadParams, Interface::StartThreadResults> call) {
    const auto wanted = call.params().ring();
    auto shape = RingShape::create(wanted.sq_entries(), wanted.cq_entries(), wanted.message_bytes());
    if (!shape) return call.fail(shape.error(), "ring");
    if (call.raw().capability_room() == 0) return call.fail(Error::NoRoom, "thread");
    auto thread = start_thread(call.params().entry(), call.params().stack(), call.params().argument(), *shape);
    if (!thread) return call.fail(thread.error(), "thread");
    auto index = call.give(std::move(*thread));
    if (!index) return call.fail(index.error(), "thread");
    call.results().set_thread(*index);
    return call.done();
}

Outcome Process::wait(TypedCall<Interface::WaitParams, Interface::WaitResults> call) {
    const Outcome outcome = call.park(waiters_, *this);
    if (gone_) answer_wait(*waiters_.front());
    return outcome;
}

Outcome Process::kill(TypedCall<Interface::KillParams, Interface::KillResults> call) {
    const Outcome outcome = call.done();
    end({.cause = Interface::WaitResults::Cause::killed});
    return outcome;
}

Outcome Process::info(TypedCall<Interface::InfoParams, Interface::InfoResults> call) {
    call.results().set_pid(pid_);
    return call.done();
}

}  // namespace capos::kernel
