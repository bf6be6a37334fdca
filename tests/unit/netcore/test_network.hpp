// The stack joined to a scripted neighbourhood: every frame it sends is taken apart, answered by hand or by a small
// DHCP server and a gateway that answers ARP, and frames of any shape can be given to it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/netcore/stack.hpp"
#include "tests/unit/netcore/dhcp_server_script.hpp"

namespace capos::netcore::testing_support {

using Bytes = std::vector<std::uint8_t>;

inline constexpr MacAddress kOwnMac{0x42, 0x01, 0x0a, 0x80, 0x00, 0x09};
inline constexpr MacAddress kGatewayMac{0x42, 0x01, 0x0a, 0x80, 0x00, 0x01};
inline constexpr MacAddress kBroadcastMac{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

inline void put16(Bytes& bytes, std::size_t at, std::uint32_t value) {
    bytes[at] = static_cast<std::uint8_t>(value >> 8);
    bytes[at + 1] = static_cast<std::uint8_t>(value);
}
inline void put32(Bytes& bytes, std::size_t at, std::uint32_t value) {
    put16(bytes, at, value >> 16);
    put16(bytes, at + 2, value);
}
inline std::uint16_t get16(const Bytes& bytes, std::size_t at) {
    return static_cast<std::uint16_t>(bytes.at(at) << 8 | bytes.at(at + 1));
}
inline std::uint32_t get32(const Bytes& bytes, std::size_t at) {
    return std::uint32_t{get16(bytes, at)} << 16 | get16(bytes, at + 2);
}

// RFC 1071 over bytes, with a start value, big-endian.
inline std::uint16_t sum16(std::span<const std::uint8_t> bytes, std::uint32_t sum = 0) {
    for (std::size_t i = 0; i < bytes.size(); i += 2)
        sum += static_cast<std::uint32_t>(bytes[i]) << 8 | (i + 1 < bytes.size() ? bytes[i + 1] : 0u);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(sum);
}

inline Bytes ethernet(const MacAddress& to, const MacAddress& from, std::uint16_t type, const Bytes& payload) {
    Bytes frame(14);
    std::memcpy(frame.data(), to.data(), 6);
    std::memcpy(frame.data() + 6, from.data(), 6);
    put16(frame, 12, type);
    frame.insert(frame.end(), payload.begin(), payload.end());
    return frame;
}

inline Bytes ipv4(Ipv4 from, Ipv4 to, std::uint8_t protocol, Bytes payload, std::uint16_t fragment = 0,
                  std::uint16_t identification = 1) {
    Bytes packet(20);
    packet[0] = 0x45;
    put16(packet, 2, static_cast<std::uint32_t>(20 + payload.size()));
    put16(packet, 4, identification);
    put16(packet, 6, fragment);
    packet[8] = 64;
    packet[9] = protocol;
    put32(packet, 12, from);
    put32(packet, 16, to);
    put16(packet, 10, static_cast<std::uint16_t>(~sum16(packet)));
    packet.insert(packet.end(), payload.begin(), payload.end());
    return packet;
}

// Sums a TCP or UDP payload with its pseudo header and stores the result at `at`.
inline void seal(Bytes& payload, std::size_t at, Ipv4 from, Ipv4 to, std::uint8_t protocol) {
    Bytes pseudo(12);
    put32(pseudo, 0, from);
    put32(pseudo, 4, to);
    pseudo[9] = protocol;
    put16(pseudo, 10, static_cast<std::uint32_t>(payload.size()));
    put16(payload, at, 0);
    put16(payload, at, static_cast<std::uint16_t>(~sum16(payload, sum16(pseudo))));
}

inline Bytes udp(Ipv4 from, std::uint16_t from_port, Ipv4 to, std::uint16_t to_port, const Bytes& data) {
    Bytes payload(8);
    put16(payload, 0, from_port);
    put16(payload, 2, to_port);
    put16(payload, 4, static_cast<std::uint32_t>(8 + data.size()));
    payload.insert(payload.end(), data.begin(), data.end());
    seal(payload, 6, from, to, 17);
    return ipv4(from, to, 17, payload);
}

enum TcpFlag : std::uint8_t { kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16 };

struct Segment {
    Ipv4 from = 0, to = 0;
    std::uint16_t from_port = 0, to_port = 0;
    std::uint32_t sequence = 0, acknowledged = 0;
    std::uint8_t flags = 0;
    std::uint16_t window = 0xffff;
    Bytes options = {};
    Bytes data = {};

    Bytes packet() const {
        Bytes payload(20);
        put16(payload, 0, from_port);
        put16(payload, 2, to_port);
        put32(payload, 4, sequence);
        put32(payload, 8, acknowledged);
        payload[12] = static_cast<std::uint8_t>((20 + options.size()) / 4 << 4);
        payload[13] = flags;
        put16(payload, 14, window);
        payload.insert(payload.end(), options.begin(), options.end());
        payload.insert(payload.end(), data.begin(), data.end());
        seal(payload, 16, from, to, 6);
        return ipv4(from, to, 6, payload);
    }
    bool has(std::uint8_t wanted) const { return (flags & wanted) == wanted; }
};

// A frame that the stack sent, taken apart as far as it goes; checksums are verified on the way.
struct SentFrame {
    Bytes bytes;
    MacAddress to{};
    std::uint16_t type = 0;
    // ARP
    std::uint16_t arp_operation = 0;
    Ipv4 arp_target = 0;
    Ipv4 arp_sender = 0;
    // IPv4
    std::uint8_t protocol = 0;
    Ipv4 source = 0, destination = 0;
    Bytes payload;

    static SentFrame parse(Bytes frame) {
        SentFrame sent;
        sent.bytes = frame;
        std::memcpy(sent.to.data(), frame.data(), 6);
        sent.type = get16(frame, 12);
        if (sent.type == 0x0806) {
            sent.arp_operation = get16(frame, 20);
            sent.arp_sender = get32(frame, 28);
            sent.arp_target = get32(frame, 38);
        }
        if (sent.type == 0x0800) {
            const Bytes header(frame.begin() + 14, frame.begin() + 34);
            EXPECT_EQ(sum16(header), 0xffff) << "header checksum";
            const std::size_t length = get16(frame, 16);
            EXPECT_LE(14 + length, frame.size());
            sent.protocol = frame[23];
            sent.source = get32(frame, 26);
            sent.destination = get32(frame, 30);
            sent.payload.assign(frame.begin() + 34, frame.begin() + static_cast<std::ptrdiff_t>(14 + length));
            if (sent.protocol == 6 || sent.protocol == 17) {
                Bytes pseudo(12);
                put32(pseudo, 0, sent.source);
                put32(pseudo, 4, sent.destination);
                pseudo[9] = sent.protocol;
                put16(pseudo, 10, static_cast<std::uint32_t>(sent.payload.size()));
                EXPECT_EQ(sum16(sent.payload, sum16(pseudo)), 0xffff) << "payload checksum";
            }
        }
        return sent;
    }
    bool is_tcp() const { return type == 0x0800 && protocol == 6; }
    bool is_dhcp() const { return type == 0x0800 && protocol == 17 && get16(payload, 2) == 67; }
    Segment segment() const {
        Segment segment;
        segment.from = source;
        segment.to = destination;
        segment.from_port = get16(payload, 0);
        segment.to_port = get16(payload, 2);
        segment.sequence = get32(payload, 4);
        segment.acknowledged = get32(payload, 8);
        segment.flags = payload[13];
        segment.window = get16(payload, 14);
        const std::size_t header = static_cast<std::size_t>(payload[12] >> 4) * 4;
        segment.options.assign(payload.begin() + 20, payload.begin() + static_cast<std::ptrdiff_t>(header));
        segment.data.assign(payload.begin() + static_cast<std::ptrdiff_t>(header), payload.end());
        return segment;
    }
};

// One clock for all tests of the process: lwIP's timers must not see time run backwards.
inline std::uint64_t& test_clock() {
    static std::uint64_t now = 1'000'000'000;
    return now;
}
inline std::span<std::byte> test_packet_memory() {
    static std::vector<std::byte> memory(65 * PacketMemory::kSlabBytes);
    return memory;
}

class TestNetwork : public testing::Test, public StackHost {
public:
    static constexpr Ipv4 kOwn = ip(10, 128, 0, 9);
    static constexpr Ipv4 kGateway = ip(10, 128, 0, 1);
    static constexpr Ipv4 kPeer = ip(93, 184, 216, 34);

    void SetUp() override {
        used_before_ = packet_memory().used();
        Random::Secret secret{{11, 12}, {13, 14}};
        auto made = Stack::create(*this, {secret, test_packet_memory()});
        ASSERT_TRUE(made.has_value());
        stack = std::move(*made);
    }
    void TearDown() override {
        stack.reset();
        EXPECT_EQ(packet_memory().used(), used_before_) << "packets leaked";
    }

    // StackHost
    std::uint64_t now_ns() override { return test_clock(); }
    void broken(std::string_view what) override {
        std::fprintf(stderr, "lwIP: %.*s\n", static_cast<int>(what.size()), what.data());
        std::abort();
    }
    std::span<std::byte> begin_frame(std::size_t bytes) override {
        if (room == 0)
            return {};
        return std::span(buffer_).first(bytes);
    }
    void end_frame(std::size_t bytes) override {
        --room;
        Bytes frame(bytes);
        std::memcpy(frame.data(), buffer_.data(), bytes);
        outgoing.push_back(SentFrame::parse(std::move(frame)));
    }
    void say(std::string_view line) override { lines.emplace_back(line); }

    // Gives a frame to the stack as the driver would, from memory of exactly its size.
    void give(const Bytes& frame) {
        const std::unique_ptr<std::byte[]> exact(new std::byte[frame.size()]);
        std::copy_n(reinterpret_cast<const std::byte*>(frame.data()), frame.size(), exact.get());
        Stack::Batch batch;
        stack->copy({exact.get(), frame.size()}, batch);
        stack->receive(batch);
    }
    // Frames that arrive together.
    void give_together(const std::vector<Bytes>& packets) {
        Stack::Batch batch;
        for (const Bytes& packet : packets) {
            const Bytes frame = ethernet(kOwnMac, kGatewayMac, 0x0800, packet);
            stack->copy(std::as_bytes(std::span(frame)), batch);
        }
        stack->receive(batch);
    }
    void give_packet(const Bytes& packet, const MacAddress& to = kOwnMac) {
        give(ethernet(to, kGatewayMac, 0x0800, packet));
    }
    // The next frame that was sent, if any.
    std::optional<SentFrame> next() {
        if (outgoing.empty())
            return std::nullopt;
        SentFrame frame = std::move(outgoing.front());
        outgoing.pop_front();
        return frame;
    }
    // Lets time pass, with the stack's timers run as they come due.
    void advance(std::uint64_t ns) {
        const std::uint64_t end = test_clock() + ns;
        while (stack->next_deadline_ns() <= end) {
            test_clock() = std::max(test_clock(), stack->next_deadline_ns());
            stack->run_timers();
        }
        test_clock() = end;
    }

    Bytes dhcp_packet(const DhcpMessage& message, Ipv4 to = 0xffffffff) {
        const auto bytes = message.bytes();
        Bytes data(bytes.size());
        std::memcpy(data.data(), bytes.data(), bytes.size());
        return udp(ip(169, 254, 169, 254), 67, to, 68, data);
    }
    static ParsedRequest dhcp_request(const SentFrame& frame) {
        return parse_request(std::as_bytes(std::span(frame.payload)).subspan(8));
    }
    void answer_arp(Ipv4 target, const MacAddress& mac = kGatewayMac) {
        Bytes arp(28);
        put16(arp, 0, 1);
        put16(arp, 2, 0x0800);
        arp[4] = 6;
        arp[5] = 4;
        put16(arp, 6, 2);
        std::memcpy(&arp[8], mac.data(), 6);
        put32(arp, 14, target);
        std::memcpy(&arp[18], kOwnMac.data(), 6);
        put32(arp, 24, kOwn);
        give(ethernet(kOwnMac, mac, 0x0806, arp));
    }
    // Attaches a driver and goes through DHCP as GCE does it; afterwards the gateway is a known neighbour.
    void bind() {
        ASSERT_TRUE(stack->attach(kOwnMac, 1500));
        auto discover = next();
        ASSERT_TRUE(discover && discover->is_dhcp());
        give_packet(dhcp_packet(gce_reply(DhcpType::Offer, dhcp_request(*discover).transaction, kOwnMac)), kBroadcastMac);
        auto request = next();
        ASSERT_TRUE(request && request->is_dhcp());
        give_packet(dhcp_packet(gce_reply(DhcpType::Ack, dhcp_request(*request).transaction, kOwnMac)), kBroadcastMac);
        ASSERT_EQ(stack->config().address, kOwn);
        answer_arp(kGateway);
        outgoing.clear();
        // An ARP reply nobody asked for creates no entry: the gateway is resolved by the first packet.
        struct Ignored : Ping::Events {
            void ping_done() override {}
        } ignored;
        Ping ping(ignored);
        stack->start(ping, kGateway, 1);
        answer_arp(kGateway);
        outgoing.clear();
    }

    std::unique_ptr<Stack> stack;
    std::deque<SentFrame> outgoing;
    std::vector<std::string> lines;
    std::size_t room = 1'000'000;   // frames that the driver still takes

private:
    std::array<std::byte, 2048> buffer_;
    std::size_t used_before_ = 0;
};

}  // namespace capos::netcore::testing_support
