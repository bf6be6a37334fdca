// The kernel's side of a split virtqueue: takes what a driver names, shows it to the device, and believes neither.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "lib/base/result.hpp"
#include "lib/virtio/slot_table.hpp"
#include "lib/virtio/specification.hpp"
#include "lib/virtio/split_layout.hpp"

namespace capos::virtio {

// One descriptor as a driver names it.
struct Buffer {
    std::uint32_t slot = 0;
    std::uint32_t offset = 0;        // bytes from the start of the slot
    std::uint32_t length = 0;        // bytes, at least 1
    bool device_writes = false;
};

enum class PostFault : std::uint8_t {
    None,
    BadSlot,        // no such slot
    SlotInFlight,   // the slot is in a chain already
    BadRange,       // empty, outside the slot, or overlapping an earlier buffer of the chain
    BadChain,       // empty, longer than kMaxChain, over several slots, or a readable buffer behind a writable one
    QueueFull,      // not enough descriptors: back pressure, not an error
    Broken,         // the device misbehaved; nothing goes on before a reset
};

// Where a chain was refused: `index` is the buffer's place in the chain.
struct PostOutcome {
    PostFault fault = PostFault::None;
    std::uint16_t index = 0;
};

// A chain that the device has given back.
struct Done {
    SlotIndex slot{};
    std::uint32_t written = 0;       // bytes, at most what was posted as device_writes
};

// What the device did that the specification forbids.
struct Misbehaviour {
    std::uint64_t bad_identifier = 0;  // used.id out of range, or not the head of a chain in flight
    std::uint64_t bad_length = 0;      // used.len above what was posted
    std::uint64_t bad_index = 0;       // used.idx moved further than there were chains in flight
    std::uint64_t total() const { return bad_identifier + bad_length + bad_index; }
};

class SplitQueueBroker {
public:
    static constexpr unsigned kMaxChain = 8;

    // What the kernel remembers of one descriptor; the device's copy is written and never read back.
    struct Shadow {
        std::uint32_t slot;
        std::uint32_t writable;      // bytes posted as device_writes in the chain; kept at the head
        std::uint16_t next;          // next of the chain, or of the free list
        std::uint16_t chain;         // descriptors in the chain when this is the head of one in flight, else 0
    };
    static_assert(sizeof(Shadow) == 12);

    SplitQueueBroker() = default;
    // An empty queue in `area` (layout.total bytes, 4096-aligned, zeroed here) with layout.size shadows. The slots of
    // every chain come from `slots`. All three outlive the broker. `legacy`: the device may put any length beside a
    // chain that it only reads (2.7.8.2); it is taken as 0 then.
    SplitQueueBroker(const SplitLayout& layout, std::byte* area, std::span<Shadow> shadows, SlotTable& slots,
                     bool legacy);

    // Puts one chain into the queue, whole or not at all; the device sees it at publish().
    PostOutcome post(std::span<const Buffer> chain);

    // Shows everything posted to the device. True when the device wants its doorbell rung (2.7.13, 2.7.10): index
    // stored, sequentially consistent fence, device's flag read.
    bool publish();

    // Takes at most done.size() chains that the device has given back. DeviceMisbehaved: it broke the specification;
    // the queue is broken() from then on and what was taken before is lost with the reset that must follow.
    Result<std::size_t> drain(std::span<Done> done);

    // Whether drain() has something to say: chains that the device has given back, or that it misbehaved. A hint.
    bool pending() const;

    // Asks for interrupts and looks again: true means that something is there already and none may come for it.
    bool arm();
    void disarm();
    bool is_armed() const { return armed_; }

    // After the device's reset was confirmed: every slot of a chain in flight is the driver's again.
    void release_all();

    bool broken() const { return broken_; }
    std::uint16_t size() const { return size_; }
    std::uint16_t free_descriptors() const { return free_count_; }
    std::uint16_t chains_in_flight() const { return in_flight_; }
    const Misbehaviour& misbehaviour() const { return misbehaviour_; }

private:
    PostOutcome check(std::span<const Buffer> chain) const;
    Error misbehaved(std::uint64_t& counter);
    void release_chain(std::uint16_t head);

    Descriptor* descriptors_ = nullptr;
    RingHead* available_ = nullptr;
    std::uint16_t* available_ring_ = nullptr;
    RingHead* used_ = nullptr;
    const UsedElement* used_ring_ = nullptr;
    std::span<Shadow> shadows_;
    SlotTable* slots_ = nullptr;
    std::uint16_t size_ = 0;
    std::uint16_t free_head_ = 0;
    std::uint16_t free_count_ = 0;
    std::uint16_t in_flight_ = 0;        // chains
    std::uint16_t posted_ = 0;           // our available index, published or not
    std::uint16_t published_ = 0;
    std::uint16_t consumed_ = 0;         // our used index
    bool armed_ = false;
    bool broken_ = false;
    bool legacy_ = false;
    Misbehaviour misbehaviour_;
};

}  // namespace capos::virtio
