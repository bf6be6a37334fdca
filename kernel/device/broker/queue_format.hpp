// What a broker does, whatever the format of its queue. A function whose format has no broker cannot be claimed in the
// brokered regime.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/arch/arch.hpp"
#include "kernel/cap/object.hpp"
#include "lib/base/result.hpp"
#include "lib/virtio/split_queue_broker.hpp"

namespace capos::kernel::device {

using virtio::Buffer;
using virtio::Done;
using virtio::PostFault;
using virtio::PostOutcome;

// A live queue: the kernel owns its memory, the driver names slots. Each function as in lib/virtio's
// SplitQueueBroker.
class QueueFormat {
public:
    static constexpr unsigned kMaxChain = virtio::SplitQueueBroker::kMaxChain;

    virtual PostOutcome post(std::span<const Buffer> chain) = 0;
    // Shows what was posted to the device and rings its doorbell if it wants that; says whether it was rung.
    virtual bool publish() = 0;
    virtual Result<std::size_t> drain(std::span<Done> done) = 0;
    virtual bool pending() const = 0;
    virtual bool arm() = 0;
    virtual void disarm() = 0;
    virtual bool is_armed() const = 0;
    virtual std::uint16_t chains_in_flight() const = 0;
    // After a confirmed reset only.
    virtual void release_all() = 0;

    // The part of its memory that a driver may poll: whole pages, and where in them the device's index stands.
    struct View {
        PhysAddr first{};
        std::uint64_t pages = 0;
        std::uint32_t index_offset = 0;
        Ref<Object> keeper;           // keeps the pages
    };
    virtual View view() const = 0;

protected:
    ~QueueFormat() = default;
};

}  // namespace capos::kernel::device
