// One queue of the device as the driver sees it: what to post, what came back, and a look that costs no call.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "lib/base/result.hpp"
#include "runtime/task.hpp"
#include "schema/device.client.hpp"
#include "schema/memory.client.hpp"
#include "services/virtio-net/flow.hpp"
#include "services/virtio-net/frame_layout.hpp"

namespace capos::virtio_net {

inline constexpr std::uint32_t kBatch = 128;       // chains posted or taken back in one call

// A frame on its way to the device.
struct Post {
    std::uint16_t slot = 0;
    std::uint16_t offset = 0;        // of the frame in the slot
    std::uint16_t length = 0;        // of the frame
};

class Queue {
public:
    enum class Direction : std::uint8_t { Receive, Transmit };

    // Creates queue `index` on `pool` and maps the device's index. `vector`: of its interrupt, 0xffff for none.
    // Failed: the device has no such queue, one too small for a frame, or refuses vector or size; else what the calls
    // answered.
    rt::Task<Result<void>> open(const client::QueueBroker& broker, const client::AddressSpace& address_space,
                                const client::DmaPool& pool, std::uint16_t index, std::uint16_t vector,
                                Direction direction, const FrameLayout& layout);
    // Unmaps what open() mapped.
    rt::Task<void> close(const client::AddressSpace& address_space);

    // Chains that fit now, in one call.
    std::uint32_t room() const { return free_chains_ < kBatch ? free_chains_ : kBatch; }
    std::uint32_t in_flight() const { return chains_ - free_chains_; }
    std::uint32_t chains() const { return chains_; }
    // Whether the device seems to have given chains back: a read of shared memory, only a hint.
    bool has_news() const { return __atomic_load_n(device_index_, __ATOMIC_ACQUIRE) != seen_; }

    QueueState state() const {
        return {.in_flight = in_flight(), .room = room(), .news = has_news() || pending_, .armed = armed_};
    }

    struct Done {
        std::uint32_t slot;
        std::uint32_t written;
    };
    // One call: posts (at most room()), takes back at most kBatch, rings the doorbell where needed; with `arm` asks for
    // an interrupt and looks again. It is under way at once, so that both queues share one entry of the kernel.
    using Exchange = rt::Call<schema::BrokeredQueue::ExchangeResults>;
    Exchange begin_exchange(std::span<const Post> posts, bool arm);
    // Its answer. Then done() says what came back and state() whether more is there. DeviceMisbehaved: the device must
    // be reset. Failed: a post was refused.
    using Answer = Result<rt::Reply<schema::BrokeredQueue::ExchangeResults>>;
    Result<void> finish_exchange(const Answer& answer);
    std::span<const Done> done() const { return {done_.data(), done_count_}; }

private:
    client::BrokeredQueue queue_;
    FrameLayout layout_;
    Direction direction_ = Direction::Receive;
    const std::uint16_t* device_index_ = nullptr;
    std::uint64_t view_address_ = 0;
    std::uint64_t view_bytes_ = 0;
    std::uint16_t seen_ = 0;
    std::uint32_t chains_ = 0;
    std::uint32_t free_chains_ = 0;
    std::array<Done, kBatch> done_{};
    std::uint32_t done_count_ = 0;
    std::uint32_t posting_ = 0;          // chains of the exchange under way
    bool arming_ = false;
    bool pending_ = false;
    bool armed_ = false;
};

}  // namespace capos::virtio_net
