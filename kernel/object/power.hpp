// Power: off, reset, and the ACPI power button.
#pragma once

#include "kernel/object/static_object.hpp"
#include "schema/system.capnp.hpp"

namespace capos::kernel {

class PowerObject final : public StaticObject {
public:
    using Interface = schema::Power;
    std::uint64_t interface_id() const override { return Interface::kInterfaceId; }
    Outcome call(KernelCall& call) override { return Interface::dispatch(*this, call); }
    void describe(TextWriter& out) const override { out << "power"; }
    Outcome off(TypedCall<Interface::OffParams, Interface::OffResults> call);
    Outcome reset(TypedCall<Interface::ResetParams, Interface::ResetResults> call);
    Outcome wait_button(TypedCall<Interface::WaitButtonParams, Interface::WaitButtonResults> call);

    // The button was pressed; true when somebody waited for it.
    bool button_pressed();

private:
    List<CallRecord> waiters_;
};

}  // namespace capos::kernel
