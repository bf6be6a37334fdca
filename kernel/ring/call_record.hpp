// What the kernel remembers of a submission that has not completed at once. Records belong to the ring they came
// from, one for each place in its completion queue, so parking never allocates.
#pragma once

#include <cstdint>

#include "abi/ring.hpp"
#include "kernel/cap/object.hpp"
#include "kernel/sched/deadline.hpp"
#include "lib/base/list.hpp"

namespace capos::kernel {

class ThreadRing;

// Capabilities taken from a sender: counted references, and for moves the sender's slots in transit.
struct TransferSet {
    struct Item {
        Object* object;              // counted
        std::uint64_t interface_id;
        abi::Handle moved_from;      // kNoHandle for a copy
    };
    Item items[abi::kMaxMessageCapabilities];
    std::uint32_t count = 0;
};

enum class RecordState : std::uint8_t {
    Free,
    Parked,      // waiting on an object's or endpoint's list
    InFlight,    // received by a service, RETURN to come
};

struct CallRecord : ListHook<>, Deadline {
    CallRecord();

    ThreadRing* ring = nullptr;      // the submitter's
    Object* target = nullptr;        // counted while not Free: where it waits
    RecordState state = RecordState::Free;
    std::uint16_t method = 0;
    std::uint16_t accept_capabilities = 0;   // slots reserved in the submitter's table
    std::uint64_t user_data = 0;
    std::uint64_t interface_id = 0;
    std::uint32_t message_offset = 0;
    std::uint32_t message_length = 0;
    std::uint32_t buffer_offset = 0;
    std::uint32_t buffer_capacity = 0;
    std::uint32_t in_flight_index = 0;       // endpoint's entry while InFlight
    std::uint64_t detail = 0;                // for the object that parked it
    TransferSet transfer;
    CallRecord* next_free = nullptr;
};

}  // namespace capos::kernel
