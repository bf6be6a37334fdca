// AddressSpace: mapping memory objects into one process. It does not keep the process alive.
#pragma once

#include "kernel/process/process.hpp"
#include "schema/memory.capnp.hpp"

namespace capos::kernel {

class AddressSpaceObject final : public Object {
public:
    using Interface = schema::AddressSpace;

    // The one object for `process`, made when first asked for and charged to `ledger`. QuotaExceeded, OutOfMemory.
    static Result<Ref<AddressSpaceObject>> of(Process& process, Ledger& ledger);

    std::uint64_t interface_id() const override { return Interface::kInterfaceId; }
    Outcome call(KernelCall& call) override;
    void describe(TextWriter& out) const override;
    Outcome map(TypedCall<Interface::MapParams, Interface::MapResults> call);
    Outcome unmap(TypedCall<Interface::UnmapParams, Interface::UnmapResults> call);
    Outcome protect(TypedCall<Interface::ProtectParams, Interface::ProtectResults> call);

private:
    template <class T> friend class Slab;
    friend class Process;
    AddressSpaceObject() = default;
    ~AddressSpaceObject() = default;
    void destroy() override;
    Process* process_ = nullptr;      // null once the process object is gone
};

}  // namespace capos::kernel
