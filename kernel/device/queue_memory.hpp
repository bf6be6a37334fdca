// The memory of one queue. It lives until the device can no longer reach it and nobody has a part of it mapped.
#pragma once

#include "kernel/cap/object.hpp"
#include "kernel/device/frame_block.hpp"
#include "kernel/mem/slab.hpp"
#include "kernel/ring/kernel_call.hpp"

namespace capos::kernel::device {

// Not a capability: it is only counted.
class QueueMemory final : public Object {
public:
    static Result<Ref<QueueMemory>> create(Ledger& ledger, std::size_t bytes);

    std::byte* memory() const { return frames_.memory(); }
    PhysAddr physical() const { return frames_.physical(); }

    std::uint64_t interface_id() const override { return 0; }
    Outcome call(KernelCall& call) override { return call.unimplemented(); }
    void describe(TextWriter& out) const override { out << "queue memory"; }

private:
    template <class T> friend class kernel::Slab;
    explicit QueueMemory(FrameBlock&& frames) : frames_(std::move(frames)) {}
    ~QueueMemory() = default;
    void destroy() override;

    FrameBlock frames_;
};

}  // namespace capos::kernel::device
