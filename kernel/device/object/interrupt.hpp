// Interrupt: one route from a claimed function to whoever waits. A count is latched while nobody does.
#pragma once

#include "kernel/cap/object.hpp"
#include "kernel/mem/slab.hpp"
#include "kernel/ring/kernel_call.hpp"
#include "schema/device.capnp.hpp"

namespace capos::kernel {

namespace device {
class DeviceFunction;
}

class InterruptObject final : public Object {
public:
    using Interface = schema::Interrupt;
    // Interrupts that nobody takes, after which a message-signalled one is masked until the next wait.
    static constexpr std::uint64_t kStorm = 4096;

    // Routes the function's interrupt `index` here: MSI-X when the function uses it, else its line. The index was
    // checked. QuotaExceeded, OutOfMemory, Exhausted (no vector or line left).
    static Result<Ref<InterruptObject>> create(Ledger& ledger, device::DeviceFunction& function, std::uint16_t index);

    // Writes the route into the function's registers, again after a reset, and opens it unless driver or kernel masked it.
    void program();
    // The claim is over: nothing arrives any more, and whoever waits is told.
    void close();
    // A driver asks for it anew, perhaps after the one before died: nothing latched, unmasked.
    void start_over();
    // From the interrupt's vector. For a line the function's INTx was disabled by the caller.
    void deliver();

    device::DeviceFunction& function() { return *function_; }

    std::uint64_t interface_id() const override { return Interface::kInterfaceId; }
    Outcome call(KernelCall& call) override;
    void describe(TextWriter& out) const override;
    Outcome wait(TypedCall<Interface::WaitParams, Interface::WaitResults> call);
    Outcome ack(TypedCall<Interface::AckParams, Interface::AckResults> call);
    Outcome mask(TypedCall<Interface::MaskParams, Interface::MaskResults> call);
    Outcome unmask(TypedCall<Interface::UnmaskParams, Interface::UnmaskResults> call);
    Outcome counters(TypedCall<Interface::CountersParams, Interface::CountersResults> call);

private:
    template <class T> friend class Slab;
    InterruptObject(device::DeviceFunction& function, std::uint16_t index);
    ~InterruptObject() = default;
    void destroy() override;
    Result<void> route();
    void set_open(bool open);

    device::DeviceFunction* function_;
    std::uint32_t claim_;
    std::uint16_t index_;
    bool msix_;
    bool routed_ = false;
    bool masked_ = false;            // by the driver
    bool storm_ = false;             // by the kernel
    std::uint8_t vector_ = 0;        // MSI-X only
    std::uint64_t latched_ = 0;
    std::uint64_t delivered_ = 0;
    std::uint64_t spurious_ = 0;
    List<CallRecord> waiter_;        // at most one
};

}  // namespace capos::kernel
