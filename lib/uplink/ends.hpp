// The two ends of an uplink: the rings of lib/uplink/ring.hpp put together as the stack and as a driver use them,
// and the pool they speak about.
#pragma once

#include <cstddef>
#include <span>

#include "lib/base/result.hpp"
#include "lib/uplink/ring.hpp"

namespace capos::uplink {

constexpr SlotRange receive_range(const Shape& shape) { return {0, shape.receive_slots, shape.slot_bytes}; }
constexpr SlotRange transmit_range(const Shape& shape) {
    return {shape.receive_slots, shape.transmit_slots(), shape.slot_bytes};
}

// The frame pool as one side has it mapped. The peer can write every byte of it at any time.
class Pool {
public:
    Pool(std::span<std::byte> memory, Shape shape) : memory_(memory), shape_(shape) {}

    // The bytes an entry names. Only for entries that came from take() or will be accepted by put().
    std::span<std::byte> bytes(std::uint32_t slot, std::uint32_t offset, std::uint32_t length) const {
        return memory_.subspan(std::size_t{slot} * shape_.slot_bytes + offset, length);
    }
    std::span<std::byte> bytes(const Entry& entry) const { return bytes(entry.slot, entry.offset, entry.length); }
    const Shape& shape() const { return shape_; }

private:
    std::span<std::byte> memory_;
    Shape shape_;
};

// Whether a driver may work with what attach gave it. InvalidArgument: the shape is not one; Malformed: `rings` does
// not hold rings of this version.
inline Result<void> check_attachment(const Rings& rings, const Shape& shape) {
    if (!shape.valid())
        return Error::InvalidArgument;
    if (rings.magic != kRingsMagic || rings.version != kRingsVersion)
        return Error::Malformed;
    return {};
}

// The driver's end. It holds no slot at first; the stack lends them. Stays where it is made: its rings share its
// ownership bits.
class DriverEnd {
public:
    // check_attachment(rings, shape) was successful.
    DriverEnd(Rings& rings, const Shape& shape)
        : rings_(&rings), generation_(rings.generation.load(std::memory_order_acquire)),
          receive_free_(rings.receive_free, ownership_, receive_range(shape)),
          receive_full_(rings.receive_full, ownership_, receive_range(shape)),
          transmit_full_(rings.transmit_full, ownership_, transmit_range(shape)),
          transmit_free_(rings.transmit_free, ownership_, transmit_range(shape)) {}
    DriverEnd(const DriverEnd&) = delete;
    DriverEnd& operator=(const DriverEnd&) = delete;

    // Empty slots to post to the device, and frames that the device has filled.
    Consumer& receive_free() { return receive_free_; }
    Producer& receive_full() { return receive_full_; }
    // Frames to send, and slots whose frame the device has read.
    Consumer& transmit_full() { return transmit_full_; }
    Producer& transmit_free() { return transmit_free_; }

    // Publishes both rings. True: signal the stack.
    [[nodiscard]] bool publish() {
        const bool full = receive_full_.publish();
        return transmit_free_.publish() || full;
    }

    // The stack has given the uplink to a newer attachment: stop using these rings.
    bool replaced() const { return rings_->generation.load(std::memory_order_relaxed) != generation_; }

    const Ownership& ownership() const { return ownership_; }

private:
    Rings* rings_;
    std::uint32_t generation_;
    Ownership ownership_;
    Consumer receive_free_;
    Producer receive_full_;
    Consumer transmit_full_;
    Producer transmit_free_;
};

// The stack's end. It holds every slot at first and lends the receive slots at once.
class StackEnd {
public:
    // Empties the rings and takes all slots back from whoever held them. The receive slots are staged on receive_free:
    // publish() makes them visible. `shape` is valid; `generation` differs from that of the attachment before.
    StackEnd(Rings& rings, const Shape& shape, std::uint32_t generation)
        : receive_free_(rings.receive_free, ownership_, receive_range(shape)),
          receive_full_(rings.receive_full, ownership_, receive_range(shape)),
          transmit_full_(rings.transmit_full, ownership_, transmit_range(shape)),
          transmit_free_(rings.transmit_free, ownership_, transmit_range(shape)) {
        for (SharedRing* ring : {&rings.receive_free, &rings.receive_full, &rings.transmit_full, &rings.transmit_free}) {
            ring->sleeping.store(0, std::memory_order_relaxed);
            ring->produced.store(0, std::memory_order_relaxed);
        }
        for (std::uint32_t slot = 0; slot < shape.slot_count; ++slot)
            ownership_.take(slot);
        for (std::uint32_t slot = 0; slot < shape.receive_slots; ++slot)
            (void)receive_free_.put(slot);
        for (std::uint32_t slot = shape.slot_count; slot > shape.receive_slots; --slot)
            idle_[idle_count_++] = static_cast<std::uint16_t>(slot - 1);
        rings.magic = kRingsMagic;
        rings.version = kRingsVersion;
        rings.generation.store(generation, std::memory_order_release);
    }
    StackEnd(const StackEnd&) = delete;
    StackEnd& operator=(const StackEnd&) = delete;

    // Received frames: take, copy, give back.
    Consumer& receive_full() { return receive_full_; }
    Producer& receive_free() { return receive_free_; }

    // A transmit slot to fill, or Exhausted when the driver holds all of them: back pressure, not a fault.
    Result<std::uint32_t> take_transmit_slot() {
        if (idle_count_ == 0 && reclaim() == 0)
            return Error::Exhausted;
        return std::uint32_t{idle_[--idle_count_]};
    }
    // Hands a filled slot to the driver. False: not a slot from take_transmit_slot(), or the range is outside it.
    [[nodiscard]] bool send(std::uint32_t slot, std::uint32_t offset, std::uint32_t length) {
        return transmit_full_.put(slot, offset, length);
    }
    // Takes sent slots back; returns how many.
    std::uint32_t reclaim() {
        const std::uint32_t before = idle_count_;
        transmit_free_.drain(kMaxSlots, [this](const Entry& entry) { idle_[idle_count_++] = entry.slot; });
        return idle_count_ - before;
    }
    // Gives a slot from take_transmit_slot() up without sending it.
    void put_back(std::uint32_t slot) { idle_[idle_count_++] = static_cast<std::uint16_t>(slot); }
    std::uint32_t idle_transmit_slots() const { return idle_count_; }
    // Arms for the return of transmit slots; worth it only when none is left. As Consumer::arm and disarm.
    [[nodiscard]] bool arm_transmit() { return transmit_free_.arm(); }
    void disarm_transmit() { transmit_free_.disarm(); }

    // Publishes both rings. True: signal the driver.
    [[nodiscard]] bool publish() {
        const bool full = transmit_full_.publish();
        return receive_free_.publish() || full;
    }

    // Everything the driver has done wrong on this attachment.
    Faults faults() const {
        const Faults& in = receive_full_.faults();
        const Faults& out = transmit_free_.faults();
        return {in.bad_index + out.bad_index, in.bad_slot + out.bad_slot, in.bad_owner + out.bad_owner,
                in.bad_range + out.bad_range};
    }
    const Ownership& ownership() const { return ownership_; }

private:
    Ownership ownership_;
    Producer receive_free_;
    Consumer receive_full_;
    Producer transmit_full_;
    Consumer transmit_free_;
    std::array<std::uint16_t, kMaxSlots> idle_{};   // transmit slots in hand
    std::uint32_t idle_count_ = 0;
};

}  // namespace capos::uplink
