#include "lib/netcore/segments.hpp"

#include <cstring>

#include "lib/netcore/checksum.hpp"
#include "lwip/def.h"
#include "lwip/pbuf.h"

namespace capos::netcore {
namespace {

// Offsets in an Ethernet frame with IPv4 without options and TCP.
constexpr std::size_t kEthernetType = 12;
constexpr std::size_t kIp = 14;
constexpr std::size_t kIpLength = kIp + 2;
constexpr std::size_t kIpFragment = kIp + 6;
constexpr std::size_t kIpProtocol = kIp + 9;
constexpr std::size_t kIpAddresses = kIp + 12;
constexpr std::size_t kTcp = kIp + 20;
constexpr std::size_t kTcpSequence = kTcp + 4;
constexpr std::size_t kTcpAcknowledged = kTcp + 8;
constexpr std::size_t kTcpHeaderLength = kTcp + 12;
constexpr std::size_t kTcpFlags = kTcp + 13;
constexpr std::size_t kTcpWindow = kTcp + 14;
constexpr std::size_t kLeastTcp = kTcp + 20;

constexpr std::uint8_t kPush = 8;
constexpr std::uint8_t kAcknowledge = 16;
constexpr std::uint8_t kFlagBits = 0x3f;
constexpr std::size_t kLongestIp = 65535;
// Acknowledged bytes that one dropped acknowledgement may stand for: lwIP opens its congestion window by at most two
// segments for each one it sees.
constexpr std::uint32_t kMostOvertaken = 1460;

template <class T>
T load(const std::byte* bytes) {
    T value;
    std::memcpy(&value, bytes, sizeof value);
    return value;
}
template <class T>
void store(std::byte* bytes, T value) {
    std::memcpy(bytes, &value, sizeof value);
}

}  // namespace

bool SegmentJoiner::parse(const pbuf& frame, Segment& segment) {
    const auto* bytes = static_cast<const std::byte*>(frame.payload);
    if (frame.len < kLeastTcp || frame.next != nullptr ||
        load<std::uint16_t>(bytes + kEthernetType) != PP_HTONS(0x0800) || bytes[kIp] != std::byte{0x45} ||
        bytes[kIpProtocol] != std::byte{6} || (load<std::uint16_t>(bytes + kIpFragment) & PP_HTONS(0x3fff)) != 0)
        return false;
    const std::size_t length = lwip_ntohs(load<std::uint16_t>(bytes + kIpLength));
    if (length < 40 || length > frame.len - kIp)
        return false;
    const std::size_t tcp_bytes = length - 20;
    const std::size_t header = (static_cast<std::size_t>(bytes[kTcpHeaderLength]) >> 4) * 4;
    if (header < 20 || header > tcp_bytes || checksum_sum(bytes + kIp, 20) != 0xffff)
        return false;
    // The pseudo header: addresses, protocol and length; words in memory order.
    const std::uint64_t pseudo = std::uint64_t{load<std::uint32_t>(bytes + kIpAddresses)} +
                                 load<std::uint32_t>(bytes + kIpAddresses + 4) + PP_HTONS(6) +
                                 lwip_htons(static_cast<std::uint16_t>(tcp_bytes)) +
                                 checksum_sum(bytes + kTcp, tcp_bytes);
    if (fold_checksum(pseudo) != 0xffff)
        return false;
    segment.addresses = load<std::uint64_t>(bytes + kIpAddresses);
    segment.ports = load<std::uint32_t>(bytes + kTcp);
    segment.sequence = lwip_ntohl(load<std::uint32_t>(bytes + kTcpSequence));
    segment.acknowledged = lwip_ntohl(load<std::uint32_t>(bytes + kTcpAcknowledged));
    segment.window = load<std::uint16_t>(bytes + kTcpWindow);
    segment.payload = static_cast<std::uint16_t>(tcp_bytes - header);
    segment.header = static_cast<std::uint8_t>(header);
    segment.flags = static_cast<std::uint8_t>(bytes[kTcpFlags]) & kFlagBits;
    return true;
}

// The next piece of the stream that is held: same connection, nothing but data, no options.
bool SegmentJoiner::continues(const Segment& next) const {
    return count_ < kMostPieces && next.addresses == first_.addresses && next.ports == first_.ports &&
           next.payload != 0 && last_.payload != 0 && next.sequence == last_.sequence + last_.payload &&
           (next.flags & ~kPush) == kAcknowledge && (last_.flags & ~kPush) == kAcknowledge && next.header == 20 &&
           first_.header == 20 && static_cast<std::int32_t>(next.acknowledged - last_.acknowledged) >= 0 &&
           bytes_ + next.payload + 40 <= kLongestIp;
}

// A pure acknowledgement after another one of the same connection that says less.
bool SegmentJoiner::overtakes(const Segment& next) const {
    const std::uint32_t further = next.acknowledged - first_.acknowledged;
    return count_ == 1 && next.addresses == first_.addresses && next.ports == first_.ports && next.payload == 0 &&
           first_.payload == 0 && next.flags == kAcknowledge && first_.flags == kAcknowledge && next.header == 20 &&
           first_.header == 20 && next.sequence == first_.sequence && further != 0 && further <= kMostOvertaken;
}

void SegmentJoiner::hold(pbuf* frame, const Segment& segment) {
    pieces_[0] = frame;
    count_ = 1;
    bytes_ = segment.payload;
    first_ = last_ = segment;
}

void SegmentJoiner::add(pbuf* frame) {
    Segment next;
    if (!parse(*frame, next)) {
        flush();
        sink_.deliver(frame, false);
        return;
    }
    if (count_ != 0 && continues(next)) {
        pieces_[count_++] = frame;
        bytes_ += next.payload;
        last_ = next;
        ++joined_;
        return;
    }
    if (count_ != 0 && overtakes(next)) {
        pbuf_free(pieces_[0]);
        ++skipped_;
        count_ = 0;
    }
    flush();
    hold(frame, next);
}

void SegmentJoiner::flush() {
    if (count_ == 0)
        return;
    pbuf* const head = pieces_[0];
    if (count_ > 1) {
        // From the last piece to the first: each link's tot_len is what follows from there on.
        std::uint16_t total = 0;
        for (std::size_t i = count_; i-- > 0;) {
            pbuf& piece = *pieces_[i];
            const std::uint16_t length =
                lwip_ntohs(load<std::uint16_t>(static_cast<std::byte*>(piece.payload) + kIpLength));
            piece.len = static_cast<std::uint16_t>(length + kIp);   // padding of the link goes
            if (i != 0)
                pbuf_remove_header(&piece, kLeastTcp);
            total = static_cast<std::uint16_t>(total + piece.len);
            piece.tot_len = total;
            piece.next = i + 1 < count_ ? pieces_[i + 1] : nullptr;
        }
        auto* bytes = static_cast<std::byte*>(head->payload);
        store(bytes + kIpLength, lwip_htons(static_cast<std::uint16_t>(bytes_ + 40)));
        store(bytes + kTcpAcknowledged, lwip_htonl(last_.acknowledged));
        store(bytes + kTcpWindow, last_.window);
        bytes[kTcpFlags] |= static_cast<std::byte>(last_.flags);
    }
    count_ = 0;
    sink_.deliver(head, true);
}

}  // namespace capos::netcore
