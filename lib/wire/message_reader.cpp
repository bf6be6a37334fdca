#include "lib/wire/message_reader.hpp"

namespace capos::wire {

Result<MessageReader> MessageReader::open_stream(std::span<const std::byte> stream, const Limits& limits) {
    if (stream.size() < kWordBytes)
        return Error::MalformedMessage;
    const auto further_segments = load<std::uint32_t>(stream.data());
    const auto words = load<std::uint32_t>(stream.data() + 4);
    const auto segment = stream.subspan(kWordBytes);
    if (further_segments != 0 || segment.size() != std::uint64_t{words} * kWordBytes)
        return Error::MalformedMessage;
    return open(segment, limits);
}

}  // namespace capos::wire
