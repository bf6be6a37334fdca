// Notification: 64 bits that one side sets and the other takes. A signal before the wait is never lost.
#pragma once

#include "kernel/cap/object.hpp"
#include "kernel/mem/ledger.hpp"
#include "kernel/ring/kernel_call.hpp"
#include "schema/ipc.capnp.hpp"

namespace capos::kernel {

class Notification final : public Object {
public:
    using Interface = schema::Notification;
    static Result<Ref<Notification>> create(Ledger& ledger);

    std::uint64_t interface_id() const override { return Interface::kInterfaceId; }
    Outcome call(KernelCall& call) override;
    void describe(TextWriter& out) const override;
    Outcome signal(TypedCall<Interface::SignalParams, Interface::SignalResults> call);
    Outcome wait(TypedCall<Interface::WaitParams, Interface::WaitResults> call);

private:
    template <class T> friend class Slab;
    Notification() = default;
    ~Notification() = default;
    void destroy() override;

    std::uint64_t bits_ = 0;
    List<CallRecord> waiter_;        // at most one
};

}  // namespace capos::kernel
