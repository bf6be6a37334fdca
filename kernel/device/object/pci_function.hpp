// PciFunction: one claim. Its last reference gone, the claim is torn down.
#pragma once

#include "kernel/cap/object.hpp"
#include "kernel/mem/slab.hpp"
#include "kernel/ring/kernel_call.hpp"
#include "schema/device.capnp.hpp"

namespace capos::kernel {

namespace device {
class DeviceFunction;
}

class PciFunctionObject final : public Object {
public:
    using Interface = schema::PciFunction;

    // For a claim of `function` that is about to begin; stale until begin(). QuotaExceeded, OutOfMemory.
    static Result<Ref<PciFunctionObject>> create(Ledger& ledger, device::DeviceFunction& function);
    // It has begun, as the function's claim `number`, which is not 0.
    void begin(std::uint32_t number) { claim_ = number; }
    // Answers a call of PciBus.claim that waited: with the claim, or without one when the reset failed.
    static void answer_claim(Reply& reply, Ref<PciFunctionObject> claim);

    std::uint64_t interface_id() const override { return Interface::kInterfaceId; }
    Outcome call(KernelCall& call) override;
    void describe(TextWriter& out) const override;

    Outcome identity(TypedCall<Interface::IdentityParams, Interface::IdentityResults> call);
    Outcome registers(TypedCall<Interface::RegistersParams, Interface::RegistersResults> call);
    Outcome dma(TypedCall<Interface::DmaParams, Interface::DmaResults> call);
    Outcome interrupt(TypedCall<Interface::InterruptParams, Interface::InterruptResults> call);
    Outcome queues(TypedCall<Interface::QueuesParams, Interface::QueuesResults> call);
    Outcome reset(TypedCall<Interface::ResetParams, Interface::ResetResults> call);

private:
    template <class T> friend class Slab;
    explicit PciFunctionObject(device::DeviceFunction& function);
    ~PciFunctionObject() = default;
    void destroy() override;

    device::DeviceFunction* function_;
    std::uint32_t claim_ = 0;        // no claim has this number
};

}  // namespace capos::kernel
