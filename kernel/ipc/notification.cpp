#include "kernel/ipc/notification.hpp"

#include <utility>

#include "kernel/mem/slab.hpp"

namespace capos::kernel {

Result<Ref<Notification>> Notification::create(Ledger& ledger) {
    return Ref<Notification>(*TRY(Slab<Notification>::create(&ledger)));
}

void Notification::destroy() { Slab<Notification>::destroy(this); }
Outcome Notification::call(KernelCall& call) { return Interface::dispatch(*this, call); }
void Notification::describe(TextWriter& out) const { out << "notification"; }

Outcome Notification::signal(TypedCall<Interface::SignalParams, Interface::SignalResults> call) {
    bits_ |= call.params().bits();
    if (CallRecord* waiter = waiter_.front(); waiter != nullptr && bits_ != 0) {
        Reply reply(*waiter);
        reply.results<Interface::WaitResults>().set_bits(std::exchange(bits_, 0));
        reply.done();
    }
    return call.done();
}

Outcome Notification::wait(TypedCall<Interface::WaitParams, Interface::WaitResults> call) {
    if (bits_ != 0) {
        call.results().set_bits(std::exchange(bits_, 0));
        return call.done();
    }
    if (!waiter_.empty()) return call.fail(Error::Busy, "notification");
    return call.park(waiter_, *this);
}

}  // namespace capos::kernel
