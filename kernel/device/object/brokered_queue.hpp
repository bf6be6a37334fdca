// BrokeredQueue: one queue of a claim, posted to and drained in one operation.
#pragma once

#include "kernel/cap/object.hpp"
#include "kernel/device/broker/split_queue.hpp"
#include "kernel/mem/slab.hpp"
#include "kernel/ring/kernel_call.hpp"
#include "schema/device.capnp.hpp"

namespace capos::kernel {

namespace device {
class DeviceFunction;
}
class DmaPoolObject;

class BrokeredQueueObject final : public Object {
public:
    using Interface = schema::BrokeredQueue;
    static constexpr std::uint32_t kMostPosted = 512;      // entries of one exchange
    static constexpr std::uint32_t kMostDone = 512;

    // Its memory, not yet told to the device. QuotaExceeded, OutOfMemory.
    static Result<Ref<BrokeredQueueObject>> create(Ledger& ledger, device::DeviceFunction& function, std::uint16_t index,
                                                   const virtio::SplitLayout& layout, Ref<DmaPoolObject> pool);

    PhysAddr area() const { return split_.area(); }
    std::uint16_t chains_in_flight() const { return queue().chains_in_flight(); }
    // The device's reset is confirmed: the pool's slots are free again.
    void release_all() { queue().release_all(); }

    std::uint64_t interface_id() const override { return Interface::kInterfaceId; }
    Outcome call(KernelCall& call) override;
    void describe(TextWriter& out) const override;
    Outcome exchange(TypedCall<Interface::ExchangeParams, Interface::ExchangeResults> call);
    Outcome arm_and_look(TypedCall<Interface::ArmAndLookParams, Interface::ArmAndLookResults> call);
    Outcome used_view(TypedCall<Interface::UsedViewParams, Interface::UsedViewResults> call);

private:
    template <class T> friend class Slab;
    BrokeredQueueObject(device::DeviceFunction& function, std::uint16_t index, Ref<DmaPoolObject> pool);
    ~BrokeredQueueObject();
    void destroy() override { Slab<BrokeredQueueObject>::destroy(this); }

    using Buffers = wire::ListReader<Interface::Buffer>;
    using Fault = Interface::ExchangeResults::Fault;
    struct Posted {
        std::uint16_t entries = 0;       // of whole chains
        std::uint16_t fault_index = 0;
        Fault fault = Fault::none;
    };
    Posted post(const Buffers& buffers);
    // At most `most` chains into the results; what the device did wrong, or none.
    Fault drain(Interface::ExchangeResults::Builder& results, std::uint32_t most);
    Fault misbehaved();

    device::QueueFormat& queue() { return split_; }
    const device::QueueFormat& queue() const { return split_; }

    device::DeviceFunction* function_;
    std::uint32_t epoch_;
    std::uint16_t index_;
    bool broken_ = false;                // counted already
    Ref<DmaPoolObject> pool_;
    device::SplitQueue split_;
};

}  // namespace capos::kernel
