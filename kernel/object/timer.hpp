// Timer: the read-only time page, and waiting for a time.
#pragma once

#include "kernel/object/memory_object.hpp"
#include "kernel/object/static_object.hpp"
#include "schema/system.capnp.hpp"

namespace capos::kernel {

class TimerObject final : public StaticObject {
public:
    using Interface = schema::Timer;
    // Fills the page from the arch clock. OutOfMemory.
    Result<void> create();
    // Writes what the arch clock says now into the page.
    void clock_changed();
    std::uint64_t interface_id() const override { return Interface::kInterfaceId; }
    Outcome call(KernelCall& call) override { return Interface::dispatch(*this, call); }
    void describe(TextWriter& out) const override { out << "timer"; }
    void deadline_reached(CallRecord& record) override;
    Ref<MemoryObject> page_object() const { return page_; }
    Outcome page(TypedCall<Interface::PageParams, Interface::PageResults> call);
    Outcome sleep_until(TypedCall<Interface::SleepUntilParams, Interface::SleepUntilResults> call);

private:
    Ref<MemoryObject> page_;
    List<CallRecord> sleepers_;     // detail: when to wake
};

}  // namespace capos::kernel
