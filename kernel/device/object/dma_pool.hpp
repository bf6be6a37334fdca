// DmaPool: a memory object bound to a claim as equal slots. The binding pins it; it never gives an address.
#pragma once

#include "kernel/cap/object.hpp"
#include "kernel/device/frame_block.hpp"
#include "kernel/mem/slab.hpp"
#include "kernel/object/memory_object.hpp"
#include "kernel/ring/kernel_call.hpp"
#include "lib/virtio/slot_table.hpp"
#include "schema/device.capnp.hpp"

namespace capos::kernel {

namespace device {
class DeviceFunction;
}

class DmaPoolObject final : public Object {
public:
    using Interface = schema::DmaPool;
    static constexpr std::uint64_t kMaxPages = 16384;      // 64 MiB
    static constexpr bool is_slot_size(std::uint32_t bytes) {
        return bytes == 512 || bytes == 1024 || bytes == 2048 || bytes == 4096;
    }

    // `object` is writable and has at most kMaxPages; `slot_bytes` is a slot size. Denied (something executes it),
    // QuotaExceeded, OutOfMemory.
    static Result<Ref<DmaPoolObject>> create(Ledger& ledger, device::DeviceFunction& function, Ref<MemoryObject> object,
                                             std::uint32_t slot_bytes);

    virtio::SlotTable& slots() { return slots_; }
    // Whether it was made from the claim that `function` has now.
    bool belongs_to(const device::DeviceFunction& function) const;

    std::uint64_t interface_id() const override { return Interface::kInterfaceId; }
    Outcome call(KernelCall& call) override;
    void describe(TextWriter& out) const override;
    Outcome slots(TypedCall<Interface::SlotsParams, Interface::SlotsResults> call);

private:
    template <class T> friend class Slab;
    DmaPoolObject(device::DeviceFunction& function, MemoryUse&& use, device::FrameBlock&& tables,
                  std::uint32_t slot_bytes);
    ~DmaPoolObject() = default;
    void destroy() override { Slab<DmaPoolObject>::destroy(this); }

    device::DeviceFunction* function_;
    std::uint32_t claim_;
    MemoryUse use_;
    device::FrameBlock tables_;          // an address per page, then a bit per slot
    virtio::SlotTable slots_;
};

}  // namespace capos::kernel
