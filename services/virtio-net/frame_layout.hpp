// How a frame in a slot is described to the device: as one buffer with its header, or as two.
#pragma once

#include <cstdint>
#include <optional>

#include "services/virtio-net/net_header.hpp"

namespace capos::virtio_net {

struct Piece {
    std::uint16_t offset;
    std::uint16_t length;
};

class FrameLayout {
public:
    constexpr FrameLayout() = default;
    // `legacy` and `any_layout` as negotiated; `slot_bytes` is more than kHeaderRoom.
    constexpr FrameLayout(bool legacy, bool any_layout, std::uint32_t slot_bytes)
        : header_bytes_(legacy ? kLegacyHeaderBytes : kModernHeaderBytes), split_(legacy && !any_layout),
          slot_bytes_(slot_bytes) {}

    constexpr std::uint32_t header_bytes() const { return header_bytes_; }
    // Descriptors of one frame: a legacy device without ANY_LAYOUT wants the header in one of its own (5.1.6.6.1).
    constexpr std::uint32_t pieces() const { return split_ ? 2 : 1; }
    constexpr std::uint16_t header_offset() const { return static_cast<std::uint16_t>(kHeaderRoom - header_bytes_); }

    // Piece `index` of a chain whose frame has `frame_bytes` and stands at `frame_offset` (at least kHeaderRoom).
    constexpr Piece piece(std::uint32_t index, std::uint32_t frame_offset, std::uint32_t frame_bytes) const {
        const std::uint32_t start = frame_offset - header_bytes_;
        if (!split_)
            return {static_cast<std::uint16_t>(start), static_cast<std::uint16_t>(header_bytes_ + frame_bytes)};
        if (index == 0)
            return {static_cast<std::uint16_t>(start), static_cast<std::uint16_t>(header_bytes_)};
        return {static_cast<std::uint16_t>(frame_offset), static_cast<std::uint16_t>(frame_bytes)};
    }
    // Room for a received frame: all of the slot behind the header.
    constexpr std::uint32_t receive_bytes() const { return slot_bytes_ - kHeaderRoom; }

    // Bytes of frame in a receive slot into which the device wrote `written`; nothing when that is no frame.
    constexpr std::optional<std::uint32_t> received(std::uint32_t written) const {
        if (written < header_bytes_ + kMinimumFrame || written > header_bytes_ + receive_bytes())
            return std::nullopt;
        return written - header_bytes_;
    }
    // Whether a frame that the stack wants sent can be described.
    constexpr bool sendable(std::uint32_t offset, std::uint32_t bytes) const {
        return offset >= kHeaderRoom && bytes >= kMinimumFrame && bytes <= slot_bytes_ && offset <= slot_bytes_ - bytes;
    }

private:
    std::uint32_t header_bytes_ = kModernHeaderBytes;
    bool split_ = false;
    std::uint32_t slot_bytes_ = 2048;
};

}  // namespace capos::virtio_net
