// QueueBroker: negotiates features and makes the queues of a claim, in that order.
#pragma once

#include "kernel/cap/object.hpp"
#include "kernel/mem/slab.hpp"
#include "kernel/ring/kernel_call.hpp"
#include "schema/device.capnp.hpp"

namespace capos::kernel {

namespace device {
class DeviceFunction;
}

class QueueBrokerObject final : public Object {
public:
    using Interface = schema::QueueBroker;
    static constexpr std::uint16_t kNoVector = 0xffff;
    static Result<Ref<QueueBrokerObject>> create(Ledger& ledger, device::DeviceFunction& function);

    std::uint64_t interface_id() const override { return Interface::kInterfaceId; }
    Outcome call(KernelCall& call) override;
    void describe(TextWriter& out) const override;

    // Once after each reset; Busy otherwise.
    Outcome negotiate(TypedCall<Interface::NegotiateParams, Interface::NegotiateResults> call);
    // After negotiate and before activate, each queue once; Busy otherwise.
    Outcome create(TypedCall<Interface::CreateParams, Interface::CreateResults> call);
    // After negotiate, once; Busy otherwise.
    Outcome activate(TypedCall<Interface::ActivateParams, Interface::ActivateResults> call);

private:
    template <class T> friend class Slab;
    explicit QueueBrokerObject(device::DeviceFunction& function);
    ~QueueBrokerObject() = default;
    void destroy() override { Slab<QueueBrokerObject>::destroy(this); }

    device::DeviceFunction* function_;
    std::uint32_t claim_;
};

}  // namespace capos::kernel
