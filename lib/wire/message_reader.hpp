// Opens a received message.
#pragma once

#include "lib/wire/validator.hpp"

namespace capos::wire {

// One flat Cap'n Proto segment, the root pointer first. Zero bytes are an absent message, which reads as a struct
// with every field at its default. The bytes must stay as they are while readers of them are in use: a message that
// another party can still write is copied first.
class MessageReader {
public:
    // A bare segment as it travels on a ring. MalformedMessage: not a whole number of words.
    static Result<MessageReader> open(std::span<const std::byte> segment, const Limits& limits = {}) {
        if (segment.size() % kWordBytes != 0) [[unlikely]]
            return Error::MalformedMessage;
        return MessageReader(segment, limits);
    }

    // A message in the standard stream framing, as files have it, with exactly one segment and nothing after it.
    // MalformedMessage: more segments, or a size that is not the segment's.
    static Result<MessageReader> open_stream(std::span<const std::byte> stream, const Limits& limits = {});

    // The message as an S, validated as a whole: no accessor of the reader, or of any reader got from it, can fail.
    // MalformedMessage: a pointer out of bounds or of the wrong kind, a far pointer, text without NUL.
    // TooDeep: nesting or size beyond the limits.
    template <Structure S>
    Result<typename S::Reader> root() const {
        if (segment_.empty())
            return typename S::Reader();
        Validator validator(segment_, limits_);
        StructReader fields;
        if (!validator.root<S>(fields)) [[unlikely]]
            return validator.error();
        return typename S::Reader(fields);
    }

private:
    MessageReader(std::span<const std::byte> segment, const Limits& limits) : segment_(segment), limits_(limits) {}

    std::span<const std::byte> segment_;
    Limits limits_;
};

}  // namespace capos::wire
