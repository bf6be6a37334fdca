// When the driver posts, drains, arms and sleeps: decided from what rings and queues show, without a system.
#pragma once

#include <cstdint>

#include "lib/uplink/ends.hpp"

namespace capos::virtio_net {

enum class Mode : std::uint8_t {
    Adaptive,     // polls while there is work, sleeps armed when there is none
    Polled,       // never asks for an interrupt; yields after each empty poll
    Interrupt,    // armed all the time
};

// One queue at one moment.
struct QueueState {
    std::uint32_t in_flight = 0;     // chains with the device
    std::uint32_t room = 0;          // chains that fit now, in one call
    bool news = false;               // the device has given chains back
    bool armed = false;
};

// One entry of the kernel: which queues take part, and how many posts of each.
struct Plan {
    std::uint32_t empty = 0;
    std::uint32_t send = 0;
    bool receive = false;
    bool transmit = false;
    bool idle() const { return !receive && !transmit; }
};

// The marks come from what can be out at all: the smaller of the stack's slots and the chains that fit the queue. Both
// are at least 1 and at most that number, so below receive_low() there is room, and a full queue is at send_high().
class Flow {
public:
    Flow() = default;
    // `receive_chains`, `transmit_chains`: that fit each queue, at least 1.
    Flow(Mode mode, const uplink::Shape& shape, std::uint32_t receive_chains, std::uint32_t transmit_chains)
        : mode_(mode), receive_low_(half(shape.receive_slots, receive_chains)),
          send_high_(half(shape.transmit_slots(), transmit_chains)) {}

    Mode mode() const { return mode_; }
    std::uint32_t receive_low() const { return receive_low_; }
    std::uint32_t send_high() const { return send_high_; }

    // What the next entry is to do. `empty` slots and `send` frames are in hand, and fit.
    Plan look(const QueueState& in, const QueueState& out, std::uint32_t empty, std::uint32_t send) const {
        const bool worth_posting = empty != 0 && (in.in_flight < receive_low_ || empty >= kGoodBatch);
        return {.empty = empty, .send = send, .receive = in.news || worth_posting,
                .transmit = send != 0 || (out.news && (slots_short(out) || mode_ == Mode::Polled))};
    }

    // Nothing to do: arms whatever is not armed yet, and posts what is there. An idle plan means that all is armed.
    Plan arm_devices(const QueueState& in, const QueueState& out, std::uint32_t empty) const {
        return {.empty = empty, .receive = !in.armed, .transmit = slots_short(out) && !out.armed};
    }

    // Every source of work is armed: a last look at each. False: something is there that the next look() sees. `stock`:
    // empty slots in hand. A ring whose entries would not fit its queue is left alone: the queue's interrupt comes first.
    bool may_sleep(const QueueState& in, const QueueState& out, std::uint32_t stock, uplink::DriverEnd& end) const {
        if (in.news || (slots_short(out) && out.news))
            return false;
        if (in.in_flight < receive_low_ && in.room != 0 && (stock != 0 || !end.receive_free().arm()))
            return false;
        return out.room == 0 || end.transmit_full().arm();
    }

    // Whether an exchange asks for an interrupt. `recent`: frames in the last one, how busy it is.
    bool arms_receive(std::uint32_t recent) const {
        return mode_ == Mode::Interrupt || (mode_ == Mode::Adaptive && recent < kBusy);
    }
    bool arms_transmit(const QueueState& out, std::uint32_t send) const {
        return mode_ != Mode::Polled && out.in_flight + send >= send_high_;
    }

private:
    static constexpr std::uint32_t kGoodBatch = 64;  // empty slots that are worth a call of their own
    static constexpr std::uint32_t kBusy = 8;        // frames in one exchange that make another look better than an interrupt

    static constexpr std::uint32_t half(std::uint32_t slots, std::uint32_t chains) {
        const std::uint32_t most = slots < chains ? slots : chains;
        return most < 2 ? 1 : most / 2;
    }
    // Sent slots are wanted back: the stack runs out of them, or the queue is full.
    bool slots_short(const QueueState& out) const { return out.in_flight >= send_high_ || out.room == 0; }

    Mode mode_ = Mode::Adaptive;
    std::uint32_t receive_low_ = 1;
    std::uint32_t send_high_ = 1;
};

}  // namespace capos::virtio_net
