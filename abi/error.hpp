// Every way in which an operation can fail, in one enumeration.
//
// The three layers of failure are ranges of it and are never mixed:
//   1..63    transport   the kernel could not carry the operation out (stale handle, malformed entry, no room)
//   64..95   exception   the object or service refused or failed at a valid call
//   128..    local       failures inside one program; they never cross a ring
// Domain outcomes ("connection refused", "no such service") are not errors here: they stand in the result
// structs of the schema.
#pragma once

#include <cstdint>

namespace capos {

enum class Error : std::uint16_t {
    None = 0,

    // Transport: reported in Completion::status by the kernel.
    BadOperation = 1,         // unknown opcode, reserved bits set, or an operation this object does not take
    BadHandle = 2,            // handle 0, slot out of range, or slot never used
    StaleHandle = 3,          // the slot has been released since (generation differs)
    WrongInterface = 4,       // the capability was granted as another interface than the caller names
    BadRange = 5,             // an offset or length outside the message area, misaligned, or overlapping itself
    BadQueueIndex = 6,        // a ring index outside what the kernel's own head and tail allow
    NoRoom = 7,               // the receiver's buffer or capability count is too small for this message
    NoSlots = 8,              // the capability table (own or the receiver's) cannot reserve the slots asked for
    QuotaExceeded = 9,        // a ledger is exhausted
    InTransit = 10,           // the handle is being moved by another call
    Cancelled = 11,           // CANCEL reached the call before its completion
    TimedOut = 12,            // the submission's deadline passed
    CallerGone = 13,          // RETURN: the call was cancelled, timed out or its process died
    NoSuchCall = 14,          // RETURN or CANCEL: no such call is outstanding
    // 15 was never sent.
    MalformedMessage = 16,    // the message is not a valid single-segment Cap'n Proto message
    Busy = 17,                // the object is in use in a way that excludes this operation

    // Exceptions: the object's or service's own answer.
    Failed = 64,              // it tried and could not; propagate
    Overloaded = 65,          // try again later, with back-off
    Disconnected = 66,        // the service instance or peer is gone; obtain a new reference
    Unimplemented = 67,       // no such method on this object
    InvalidArgument = 68,     // a named argument is out of its stated range
    Denied = 69,              // the object does not allow this (audited)

    // Local: library results inside one program.
    OutOfMemory = 128,
    Exhausted = 129,          // a fixed pool or table is full
    OutOfBounds = 130,
    Malformed = 131,          // input that does not parse
    TooDeep = 132,            // nesting or traversal limit reached
    Overflow = 133,           // arithmetic would wrap, or output does not fit its buffer
    NotFound = 134,
    AlreadyExists = 135,
    Unsupported = 136,
    DeviceMisbehaved = 137,   // a device broke its specification
    ChecksumMismatch = 138,
    Closed = 139,             // the other side has shut down in order
    WouldBlock = 140,         // nothing there yet
};

// The identifier of an error as it stands above ("StaleHandle"); "Unknown" for a value not listed.
const char* error_name(Error error);

constexpr bool is_transport(Error error) {
    return static_cast<std::uint16_t>(error) >= 1 && static_cast<std::uint16_t>(error) < 64;
}
// Transport errors that are no fault of the submission: it was given up, or the other side was faster.
constexpr bool is_ordinary_end(Error error) {
    return error == Error::Cancelled || error == Error::TimedOut || error == Error::CallerGone;
}
constexpr bool is_exception(Error error) {
    return static_cast<std::uint16_t>(error) >= 64 && static_cast<std::uint16_t>(error) < 96;
}

}  // namespace capos
