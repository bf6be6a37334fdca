// DeviceRegisters: a claim's device-specific configuration, one checked access at a time.
#pragma once

#include "kernel/cap/object.hpp"
#include "kernel/mem/slab.hpp"
#include "kernel/ring/kernel_call.hpp"
#include "schema/device.capnp.hpp"

namespace capos::kernel {

namespace device {
class DeviceFunction;
}

class DeviceRegistersObject final : public Object {
public:
    using Interface = schema::DeviceRegisters;
    static Result<Ref<DeviceRegistersObject>> create(Ledger& ledger, device::DeviceFunction& function);

    std::uint64_t interface_id() const override { return Interface::kInterfaceId; }
    Outcome call(KernelCall& call) override;
    void describe(TextWriter& out) const override;

    // Any aligned access inside the window. Denied elsewhere.
    Outcome read(TypedCall<Interface::ReadParams, Interface::ReadResults> call);
    // No register of either transport's device-specific configuration is on the list of writable ones: what a driver
    // must set goes through its queues. Denied.
    Outcome write(TypedCall<Interface::WriteParams, Interface::WriteResults> call);

private:
    template <class T> friend class Slab;
    explicit DeviceRegistersObject(device::DeviceFunction& function);
    ~DeviceRegistersObject() = default;
    void destroy() override { Slab<DeviceRegistersObject>::destroy(this); }

    device::DeviceFunction* function_;
    std::uint32_t claim_;
};

}  // namespace capos::kernel
