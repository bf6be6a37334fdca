// Copying messages and moving capabilities between rings. A message is copied once, from the sender's area to the
// receiver's; capabilities land in slots that the receiver reserved at admission.
#pragma once

#include <span>

#include "abi/ring.hpp"
#include "kernel/ring/call_record.hpp"
#include "lib/base/result.hpp"

namespace capos::kernel {

class Process;

// Writes header and message into a RECEIVE record's buffer. NoRoom when they do not fit.
Result<void> write_request(CallRecord& receiver, const abi::RequestHeader& header, std::span<const std::byte> message);

// Inserts the set into the receiver's table (copies keep, moves leave the sender's), writes the list at `offset` of
// its buffer and returns how many arrived. The set is empty afterwards. set.count is at most accept_capabilities.
std::uint16_t deliver_capabilities(CallRecord& receiver, TransferSet& set, Process& sender, std::uint32_t offset);

// Completes a CALL record with a service's answer; NoRoom to the caller when it does not fit, with moves undone.
void deliver_answer(CallRecord& caller, Error exception, std::span<const std::byte> message, TransferSet& gifts,
                    Process& server);

// Where a kernel object's answer goes: a buffer in a ring, with slots reserved in its process's table.
struct AnswerBuffer {
    ThreadRing* ring;
    std::uint32_t offset;
    std::uint32_t capacity;
    std::uint16_t accept_capabilities;
};
// Writes the message behind room for the capability list. NoRoom.
Result<void> write_answer(const AnswerBuffer& to, std::span<const std::byte> message);
// Inserts copies; as deliver_capabilities.
std::uint16_t deliver_gifts(const AnswerBuffer& to, TransferSet& set, Process* sender, std::uint32_t offset);

}  // namespace capos::kernel
