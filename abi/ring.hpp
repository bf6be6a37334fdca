// The ring: how a thread talks to the kernel. One ring per thread, a pinned memory object of the kernel's that is
// mapped into the thread's process.
//
//   page 0              RingHeader: indices, and a copy of the shape for the user's convenience
//   submissions         sq_entries x 64 bytes, written by the thread
//   completions         cq_entries x 32 bytes, written by the kernel
//   message area        message_bytes, page aligned: all messages and capability lists, both ways
//
// Entries name (offset, length) inside the message area, never an address. Indices run freely and are masked;
// the kernel believes only its own copies of shape, head and tail.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "abi/error.hpp"

namespace capos::abi {

inline constexpr std::uint32_t kRingMagic = 0x52504143;  // "CAPR"
inline constexpr std::uint32_t kRingVersion = 1;

// A handle names a capability of the calling process: slot in the low half, generation in the high half; never 0.
using Handle = std::uint64_t;
inline constexpr Handle kNoHandle = 0;

inline constexpr std::uint32_t kMaxMessageCapabilities = 8;     // capabilities in one message
inline constexpr std::uint32_t kMaxMessageBytes = 128 * 1024;   // bytes in one message
inline constexpr std::uint64_t kNoDeadline = ~std::uint64_t{0};

// Shape limits. Entry counts are powers of two.
inline constexpr std::uint32_t kMinRingEntries = 8;
inline constexpr std::uint32_t kMaxRingEntries = 1024;
inline constexpr std::uint32_t kMaxMessageArea = 4 * 1024 * 1024;

struct RingHeader {
    std::uint32_t magic;
    std::uint32_t version;
    std::uint32_t sq_entries;
    std::uint32_t cq_entries;
    std::uint32_t sq_offset;       // bytes from the start of the ring
    std::uint32_t cq_offset;
    std::uint32_t message_offset;
    std::uint32_t message_bytes;
    alignas(64) std::uint32_t sq_tail;   // written by the thread
    alignas(64) std::uint32_t cq_head;   // written by the thread
    alignas(64) std::uint32_t sq_head;   // written by the kernel
    alignas(64) std::uint32_t cq_tail;   // written by the kernel
    std::uint32_t reserved[15];
};
static_assert(sizeof(RingHeader) == 320);

enum class Operation : std::uint8_t {
    Nop = 0,
    Call = 1,      // call `method` of `interface` on `handle`
    Receive = 2,   // wait for one call (or release notice) on the endpoint `handle`
    Return = 3,    // answer `call_id`, received on the endpoint `handle`
    Release = 4,   // give `handle` back
    Cancel = 5,    // end the outstanding submission of this ring whose user_data is `call_id`
};

enum SubmissionFlags : std::uint8_t {
    kReturnException = 1,   // Return: `method` holds an Error in the exception range, the message an Exception struct
};

// 64 bytes. Fields that an operation does not use must be 0.
struct Submission {
    Operation operation;
    std::uint8_t flags;
    std::uint16_t send_capabilities;    // entries in the list at capability_offset, at most kMaxMessageCapabilities
    std::uint16_t method;               // Call: ordinal. Return with kReturnException: the Error
    std::uint16_t accept_capabilities;  // Call, Receive: how many capabilities may come back
    Handle handle;
    std::uint64_t interface_or_call;    // Call: interface id. Return: call id. Cancel: user_data of the victim
    std::uint64_t user_data;            // comes back in the completion
    std::uint32_t message_offset;       // outgoing message (Call, Return); 8-byte aligned
    std::uint32_t message_length;       // bytes, multiple of 8; 0 is an absent message = an empty struct
    std::uint32_t buffer_offset;        // incoming buffer (Call: reply, Receive: request); 8-byte aligned
    std::uint32_t buffer_capacity;      // bytes
    std::uint32_t capability_offset;    // list of SentCapability; 8-byte aligned
    std::uint32_t reserved;
    std::uint64_t deadline;             // absolute, nanoseconds since boot; kNoDeadline for none (Call, Receive)
};
static_assert(sizeof(Submission) == 64);
static_assert(offsetof(Submission, handle) == 8 && offsetof(Submission, message_offset) == 32 &&
              offsetof(Submission, deadline) == 56);

enum class TransferMode : std::uint32_t {
    Copy = 0,
    Move = 1,   // the sender's slot is in transit until delivery commits it or any other end restores it
};

struct SentCapability {
    Handle handle;
    TransferMode mode;
    std::uint32_t reserved;
};
static_assert(sizeof(SentCapability) == 16);

struct ReceivedCapability {
    Handle handle;
    std::uint64_t interface_id;
};
static_assert(sizeof(ReceivedCapability) == 16);

// A reply buffer holds ReceivedCapability[accept_capabilities], then the message.
// A receive buffer holds RequestHeader, ReceivedCapability[accept_capabilities], then the message.
enum class RequestKind : std::uint32_t {
    Call = 0,
    Released = 1,   // the last client reference with `number` is gone; the number may be minted again
};

struct RequestHeader {
    std::uint64_t number;        // what the service chose when it minted the reference that was called
    std::uint64_t interface_id;
    RequestKind kind;
    std::uint32_t method;
    std::uint64_t reserved;
};
static_assert(sizeof(RequestHeader) == 32);

// 32 bytes.
struct Completion {
    std::uint64_t user_data;
    std::uint16_t status;          // Error; None is success
    std::uint16_t capabilities;    // how many arrived
    std::uint32_t message_length;  // bytes of message that arrived (without header and capability list)
    std::uint64_t call_id;         // Receive of a call: name it in Return. Otherwise 0
    std::uint64_t reserved;
};
static_assert(sizeof(Completion) == 32);

}  // namespace capos::abi
