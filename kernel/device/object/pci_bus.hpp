// PciBus: every function that the scan found, and the right to claim each.
#pragma once

#include "kernel/object/static_object.hpp"
#include "schema/device.capnp.hpp"

namespace capos::kernel {

namespace device {
class DeviceFunction;
}

class PciBusObject final : public StaticObject {
public:
    using Interface = schema::PciBus;
    std::uint64_t interface_id() const override { return Interface::kInterfaceId; }
    Outcome call(KernelCall& call) override { return Interface::dispatch(*this, call); }
    void describe(TextWriter& out) const override { out << "PCI bus"; }

    Outcome functions(TypedCall<Interface::FunctionsParams, Interface::FunctionsResults> call);
    Outcome claim(TypedCall<Interface::ClaimParams, Interface::ClaimResults> call);

    static void fill(Interface::FunctionInfo::Builder info, const device::DeviceFunction& function);
};

}  // namespace capos::kernel
