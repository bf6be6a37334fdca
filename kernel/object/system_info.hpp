// SystemInfo: read-only facts about the running system.
#pragma once

#include "kernel/object/static_object.hpp"
#include "schema/system.capnp.hpp"

namespace capos::kernel {

class SystemInfoObject final : public StaticObject {
public:
    using Interface = schema::SystemInfo;
    std::uint64_t interface_id() const override { return Interface::kInterfaceId; }
    Outcome call(KernelCall& call) override { return Interface::dispatch(*this, call); }
    void describe(TextWriter& out) const override { out << "system information"; }
    Outcome overview(TypedCall<Interface::OverviewParams, Interface::OverviewResults> call);
    Outcome processes(TypedCall<Interface::ProcessesParams, Interface::ProcessesResults> call);
    Outcome capabilities(TypedCall<Interface::CapabilitiesParams, Interface::CapabilitiesResults> call);
    Outcome log(TypedCall<Interface::LogParams, Interface::LogResults> call);
    Outcome devices(TypedCall<Interface::DevicesParams, Interface::DevicesResults> call);
    Outcome boot_steps(TypedCall<Interface::BootStepsParams, Interface::BootStepsResults> call);
};

}  // namespace capos::kernel
