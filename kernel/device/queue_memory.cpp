#include "kernel/device/queue_memory.hpp"

#include "kernel/mem/slab.hpp"

namespace capos::kernel::device {

Result<Ref<QueueMemory>> QueueMemory::create(Ledger& ledger, std::size_t bytes) {
    FrameBlock frames = TRY(FrameBlock::create(ledger, bytes));
    return Ref<QueueMemory>(*TRY(Slab<QueueMemory>::create(&ledger, std::move(frames))));
}

void QueueMemory::destroy() { Slab<QueueMemory>::destroy(this); }

}  // namespace capos::kernel::device
