// The memory that a NIC driver and the network stack share beside the frame pool: four index rings.
//
//   receive_free    stack -> driver    empty receive slots
//   receive_full    driver -> stack    received frames
//   transmit_full   stack -> driver    frames to send
//   transmit_free   driver -> stack    transmit slots whose frame has left
//
// Each ring has one producer and one consumer. Both sides map all of it writable, so neither believes anything in it:
// what is read here is read once, checked and used from the copy (lib/uplink/ring.hpp). Only the producer's index is
// shared; the consumer's stays private, because a ring is as large as there are slots and each slot is in one place.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace capos::uplink {

inline constexpr std::uint32_t kRingsMagic = 0x4b4c5055;  // "UPLK"
inline constexpr std::uint32_t kRingsVersion = 1;
inline constexpr std::uint32_t kRingEntries = 512;        // of each ring; a power of two
inline constexpr std::uint32_t kMaxSlots = 512;           // of the pool; never more than a ring holds
static_assert((kRingEntries & (kRingEntries - 1)) == 0 && kMaxSlots <= kRingEntries);

// What a ring entry says: `length` bytes at `offset` in `slot`. On the two free rings offset and length are 0.
struct Entry {
    std::uint16_t slot;
    std::uint16_t offset;
    std::uint16_t length;
    std::uint16_t reserved;
    friend bool operator==(const Entry&, const Entry&) = default;
};
static_assert(sizeof(Entry) == 8);

// One ring as it lies in shared memory. An entry is one 64-bit word so that it is read in one piece.
struct SharedRing {
    alignas(64) std::atomic<std::uint32_t> produced;   // runs freely; entry i stands at i % kRingEntries
    alignas(64) std::atomic<std::uint32_t> sleeping;   // the consumer waits to be signalled when this is not 0
    alignas(64) std::array<std::atomic<std::uint64_t>, kRingEntries> entries;
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free && sizeof(std::atomic<std::uint64_t>) == 8);
static_assert(offsetof(SharedRing, sleeping) == 64 && offsetof(SharedRing, entries) == 128);

// The whole shared area. Zeroed memory is an empty state; the stack writes the header at each attach.
struct Rings {
    std::uint32_t magic;
    std::uint32_t version;
    std::atomic<std::uint32_t> generation;   // rises at each attach; a driver that sees it move has been replaced
    std::uint32_t reserved[13];
    SharedRing receive_free;
    SharedRing receive_full;
    SharedRing transmit_full;
    SharedRing transmit_free;
};
static_assert(offsetof(Rings, receive_free) == 64);
static_assert(sizeof(SharedRing) == 128 + 8 * kRingEntries && sizeof(Rings) == 64 + 4 * sizeof(SharedRing));

// How the pool is cut: equal slots, the first `receive_slots` for receiving, the others for transmitting.
struct Shape {
    std::uint32_t slot_bytes = 0;      // 512..4096, a power of two
    std::uint32_t slot_count = 0;      // 2..kMaxSlots
    std::uint32_t receive_slots = 0;   // 1..slot_count - 1

    constexpr bool valid() const {
        return slot_bytes >= 512 && slot_bytes <= 4096 && (slot_bytes & (slot_bytes - 1)) == 0 && slot_count >= 2 &&
               slot_count <= kMaxSlots && receive_slots >= 1 && receive_slots < slot_count;
    }
    constexpr std::uint64_t pool_bytes() const { return std::uint64_t{slot_bytes} * slot_count; }
    constexpr std::uint32_t transmit_slots() const { return slot_count - receive_slots; }
    friend bool operator==(const Shape&, const Shape&) = default;
};

}  // namespace capos::uplink
