// Segments that arrive together and are joined: nothing may be lost, reordered or believed without its checksum.
#include "lib/netcore/segments.hpp"

#include <random>

#include "lwip/pbuf.h"
#include "tests/unit/netcore/test_network.hpp"

namespace capos::netcore {
namespace {

using namespace testing_support;

struct SegmentsTest : TestNetwork, SegmentJoiner::Sink {
    struct Delivered {
        Bytes bytes;
        bool verified;
        std::size_t pieces;
    };
    void deliver(pbuf* packet, bool verified) override {
        Delivered one{Bytes(packet->tot_len), verified, 0};
        pbuf_copy_partial(packet, one.bytes.data(), packet->tot_len, 0);
        std::size_t length = 0;
        for (const pbuf* piece = packet; piece != nullptr; piece = piece->next) {
            EXPECT_EQ(piece->tot_len, packet->tot_len - length) << "each link counts what follows";
            length += piece->len;
            ++one.pieces;
        }
        EXPECT_EQ(length, packet->tot_len);
        delivered.push_back(one);
        pbuf_free(packet);
    }
    void add(const Bytes& packet, std::size_t padding = 0) {
        Bytes frame = ethernet(kOwnMac, kGatewayMac, 0x0800, packet);
        frame.resize(frame.size() + padding);
        pbuf* buffer = pbuf_alloc(PBUF_RAW, static_cast<u16_t>(frame.size()), PBUF_RAM);
        ASSERT_NE(buffer, nullptr);
        pbuf_take(buffer, frame.data(), static_cast<u16_t>(frame.size()));
        joiner.add(buffer);
    }
    static Segment data(std::uint32_t sequence, std::size_t bytes, char letter = 'd', std::uint16_t port = 1000) {
        Segment segment{.from = kPeer, .to = kOwn, .from_port = port, .to_port = 80, .sequence = sequence,
                        .acknowledged = 77, .flags = kAck};
        segment.data = Bytes(bytes, static_cast<std::uint8_t>(letter));
        return segment;
    }
    static Segment acknowledgement(std::uint32_t acknowledged, std::uint16_t window = 1000) {
        Segment segment = data(5, 0);
        segment.acknowledged = acknowledged;
        segment.window = window;
        return segment;
    }
    Segment segment(std::size_t which) const {
        const Bytes& bytes = delivered.at(which).bytes;
        SentFrame frame;
        frame.payload.assign(bytes.begin() + 34, bytes.begin() + 14 + get16(bytes, 16));
        return frame.segment();
    }

    std::vector<Delivered> delivered;
    SegmentJoiner joiner{*this};
};

TEST_F(SegmentsTest, ConsecutiveDataOfOneConnectionBecomesOneSegment) {
    add(data(1000, 100, 'a').packet());
    add(data(1100, 100, 'b').packet());
    Segment last = data(1200, 50, 'c');
    last.flags |= kPsh;
    last.window = 4321;
    last.acknowledged = 99;
    add(last.packet());
    EXPECT_TRUE(delivered.empty()) << "more may come";
    joiner.flush();
    ASSERT_EQ(delivered.size(), 1u);
    EXPECT_TRUE(delivered[0].verified);
    EXPECT_EQ(delivered[0].pieces, 3u);
    const Segment joined = segment(0);
    EXPECT_EQ(joined.sequence, 1000u);
    EXPECT_EQ(joined.acknowledged, 99u);
    EXPECT_EQ(joined.window, 4321);
    EXPECT_TRUE(joined.has(kPsh));
    EXPECT_EQ(joined.data.size(), 250u);
    EXPECT_EQ(joined.data[99], 'a');
    EXPECT_EQ(joined.data[100], 'b');
    EXPECT_EQ(joined.data[249], 'c');
    EXPECT_EQ(joiner.joined(), 2u);
}

TEST_F(SegmentsTest, WhatDoesNotContinueTheStreamStandsAlone) {
    const Segment start = data(1000, 100);
    const auto stands_alone = [&](const Bytes& next) {
        delivered.clear();
        add(start.packet());
        add(next);
        joiner.flush();
        return delivered.size() == 2 && delivered[0].pieces == 1 && delivered[1].pieces == 1;
    };
    EXPECT_TRUE(stands_alone(data(1101, 10).packet())) << "a gap";
    EXPECT_TRUE(stands_alone(data(1000, 100).packet())) << "a copy";
    EXPECT_TRUE(stands_alone(data(1100, 10, 'x', 1001).packet())) << "another connection";
    EXPECT_TRUE(stands_alone(data(1100, 0).packet())) << "no data";
    Segment next = data(1100, 10);
    next.flags |= kFin;
    EXPECT_TRUE(stands_alone(next.packet())) << "an end";
    next = data(1100, 10);
    next.flags |= kRst;
    EXPECT_TRUE(stands_alone(next.packet())) << "a reset";
    next = data(1100, 10);
    next.options = {1, 1, 1, 1};
    EXPECT_TRUE(stands_alone(next.packet())) << "options";
    next = data(1100, 10);
    next.acknowledged = 76;
    EXPECT_TRUE(stands_alone(next.packet())) << "an older acknowledgement";
    EXPECT_TRUE(stands_alone(ipv4(kPeer, kOwn, 17, Bytes(8)))) << "not TCP";
    EXPECT_EQ(joiner.joined(), 0u);
}

TEST_F(SegmentsTest, SegmentWithABrokenSumIsNeverJoinedAndNeverVerified) {
    Bytes broken = data(1100, 100).packet();
    broken[70] ^= 1;
    Bytes header = data(1100, 100).packet();
    header[8] ^= 1;   // time to live: the IP header's own sum
    for (const Bytes& bad : {broken, header}) {
        delivered.clear();
        add(data(1000, 100).packet());
        add(bad);
        add(data(1200, 100).packet());
        joiner.flush();
        ASSERT_EQ(delivered.size(), 3u);
        EXPECT_TRUE(delivered[0].verified);
        EXPECT_FALSE(delivered[1].verified) << "the stack looks again, counts it and drops it";
        EXPECT_TRUE(delivered[2].verified);
    }
}

TEST_F(SegmentsTest, FragmentsAndOptionsAndImpossibleLengthsAreLeftToTheStack) {
    const Bytes good = data(1000, 100).packet();
    const auto left_alone = [&](Bytes packet) {
        put16(packet, 10, 0);
        put16(packet, 10, static_cast<std::uint16_t>(~sum16(std::span(packet).first(20))));
        delivered.clear();
        add(packet);
        joiner.flush();
        return delivered.size() == 1 && !delivered[0].verified;
    };
    Bytes packet = good;
    put16(packet, 6, 0x2000);
    EXPECT_TRUE(left_alone(packet)) << "more fragments follow";
    packet = good;
    put16(packet, 6, 5);
    EXPECT_TRUE(left_alone(packet)) << "a later fragment";
    packet = good;
    packet[0] = 0x46;
    EXPECT_TRUE(left_alone(packet)) << "IP options";
    packet = good;
    put16(packet, 2, 39);
    EXPECT_TRUE(left_alone(packet)) << "shorter than its headers";
    packet = good;
    put16(packet, 2, 2000);
    EXPECT_TRUE(left_alone(packet)) << "longer than the frame";
    packet = good;
    packet[32] = 0x40;
    EXPECT_TRUE(left_alone(packet)) << "a TCP header of 16 bytes";
    packet = good;
    packet[32] = 0xf0;
    packet.resize(60);
    put16(packet, 2, 60);
    EXPECT_TRUE(left_alone(packet)) << "a TCP header beyond the packet";
}

TEST_F(SegmentsTest, PaddingOfTheLinkIsNotData) {
    add(data(1000, 4, 'a').packet(), 2);
    add(data(1004, 4, 'b').packet(), 2);
    add(data(1008, 4, 'c').packet(), 2);
    joiner.flush();
    ASSERT_EQ(delivered.size(), 1u);
    EXPECT_EQ(segment(0).data, (Bytes{'a', 'a', 'a', 'a', 'b', 'b', 'b', 'b', 'c', 'c', 'c', 'c'}));
    EXPECT_EQ(delivered[0].bytes.size(), 14u + 40 + 12);
}

TEST_F(SegmentsTest, AcknowledgementThatALaterOneOvertakesIsDropped) {
    add(acknowledgement(1000).packet());
    add(acknowledgement(1400, 2000).packet());
    joiner.flush();
    ASSERT_EQ(delivered.size(), 1u);
    EXPECT_EQ(segment(0).acknowledged, 1400u);
    EXPECT_EQ(segment(0).window, 2000);
    EXPECT_EQ(joiner.skipped(), 1u);
}

TEST_F(SegmentsTest, DuplicateAcknowledgementsAndLongStepsAllCount) {
    for (int i = 0; i < 4; ++i)
        add(acknowledgement(1000).packet());
    joiner.flush();
    EXPECT_EQ(delivered.size(), 4u) << "three duplicates mean a lost segment";
    delivered.clear();
    add(acknowledgement(1000).packet());
    add(acknowledgement(1000 + 1461).packet());
    add(acknowledgement(900).packet());
    joiner.flush();
    EXPECT_EQ(delivered.size(), 3u) << "the congestion window counts acknowledgements";
}

TEST_F(SegmentsTest, JoinedSegmentStaysWithinAnIpPacketAndItsPieces) {
    std::uint32_t sequence = 1;
    for (int i = 0; i < 100; ++i) {
        add(data(sequence, 1448).packet());
        sequence += 1448;
    }
    joiner.flush();
    std::size_t total = 0;
    for (std::size_t i = 0; i < delivered.size(); ++i) {
        EXPECT_LE(delivered[i].pieces, SegmentJoiner::kMostPieces);
        total += segment(i).data.size();
    }
    EXPECT_EQ(total, 144800u);
}

TEST_F(SegmentsTest, AnyMixIsDeliveredInOrderAndWhole) {
    std::mt19937 random(9);
    for (int round = 0; round < 300; ++round) {
        delivered.clear();
        std::array<std::uint32_t, 2> sequence{1000, 5000};
        std::array<std::string, 2> sent, got;
        for (unsigned i = random() % 40; i > 0; --i) {
            const std::size_t which = random() % 8 == 0 ? 1 : 0;
            const auto letter = static_cast<char>('a' + random() % 26);
            Segment next = data(sequence[which], random() % 5 == 0 ? 0 : random() % 200, letter,
                                static_cast<std::uint16_t>(1000 + which));
            if (random() % 10 == 0)
                next.options = {1, 1, 1, 1};
            add(next.packet(), random() % 3);
            sequence[which] += static_cast<std::uint32_t>(next.data.size());
            sent[which].append(next.data.size(), letter);
        }
        joiner.flush();
        std::array<std::uint32_t, 2> expected{1000, 5000};
        for (std::size_t i = 0; i < delivered.size(); ++i) {
            const Segment one = segment(i);
            const std::size_t which = one.from_port - 1000u;
            ASSERT_EQ(one.sequence, expected[which]);
            expected[which] += static_cast<std::uint32_t>(one.data.size());
            got[which].append(one.data.begin(), one.data.end());
        }
        ASSERT_EQ(got, sent);
    }
}

}  // namespace
}  // namespace capos::netcore
