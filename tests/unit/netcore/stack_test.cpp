// Frames in, frames out: addresses, neighbours, routes, echo, and what arrives from people who mean harm.
#include <random>

#include "lwip/stats.h"
#include "tests/unit/netcore/test_network.hpp"

namespace capos::netcore {
namespace {

using namespace testing_support;

struct StackTest : TestNetwork {
    struct Done : Ping::Events {
        int calls = 0;
        void ping_done() override { ++calls; }
    } done;

    Bytes echo_request(Ipv4 from, std::size_t bytes = 32, std::uint16_t sequence = 1) {
        Bytes payload(8 + bytes, 0x5a);
        payload[0] = 8;
        payload[1] = 0;
        put16(payload, 2, 0);
        put16(payload, 4, 77);
        put16(payload, 6, sequence);
        put16(payload, 2, static_cast<std::uint16_t>(~sum16(payload)));
        return ipv4(from, kOwn, 1, payload);
    }
    std::size_t count_sent(const std::function<bool(const SentFrame&)>& which) {
        std::size_t count = 0;
        for (const auto& frame : outgoing)
            count += which(frame);
        return count;
    }
};

TEST_F(StackTest, DiscoverIsBroadcastFromNoAddressAsSoonAsADriverAttaches) {
    EXPECT_EQ(stack->config().state, DhcpClient::State::Stopped);
    ASSERT_TRUE(stack->attach(kOwnMac, 1500));
    const auto frame = next();
    ASSERT_TRUE(frame && frame->is_dhcp());
    EXPECT_EQ(frame->to, kBroadcastMac);
    EXPECT_EQ(frame->source, 0u);
    EXPECT_EQ(frame->destination, 0xffffffffu);
    EXPECT_TRUE(dhcp_request(*frame).broadcast);
    EXPECT_TRUE(outgoing.empty()) << "no ARP, nothing else before there is a lease";
}

TEST_F(StackTest, GceLeaseConfiguresAddressRoutesAndMtu) {
    bind();
    const NetworkConfig config = stack->config();
    EXPECT_EQ(config.prefix, 32);
    EXPECT_EQ(config.gateway, kGateway);
    EXPECT_EQ(config.mtu, 1460);
    EXPECT_EQ(config.dns_count, 1u);
    EXPECT_EQ(config.lease_seconds, 86400u);
    EXPECT_TRUE(config.link_up);
    EXPECT_EQ(stack->routes().routes().size(), 2u);
    EXPECT_EQ(config.attachments, 1u);
}

TEST_F(StackTest, AnswerByUnicastToTheNewAddressIsTakenAsWell) {
    ASSERT_TRUE(stack->attach(kOwnMac, 1500));
    const auto discover = next();
    give_packet(dhcp_packet(gce_reply(DhcpType::Offer, dhcp_request(*discover).transaction, kOwnMac), kOwn));
    const auto request = next();
    ASSERT_TRUE(request && request->is_dhcp());
    EXPECT_EQ(request->source, 0u) << "still without an address";
    give_packet(dhcp_packet(gce_reply(DhcpType::Ack, dhcp_request(*request).transaction, kOwnMac), kOwn));
    EXPECT_EQ(stack->config().address, kOwn);
}

TEST_F(StackTest, NoServerMeansRetriesAndALineEachAndAnAddressOnceItAppears) {
    ASSERT_TRUE(stack->attach(kOwnMac, 1500));
    advance(60'000'000'000);
    EXPECT_GE(outgoing.size(), 6u);
    EXPECT_EQ(lines[0], "dhcp: discovering");
    EXPECT_NE(lines[1].find("no answer from a DHCP server yet"), std::string::npos);
    const auto transaction = dhcp_request(outgoing.back()).transaction;
    outgoing.clear();
    give_packet(dhcp_packet(gce_reply(DhcpType::Offer, transaction, kOwnMac)), kBroadcastMac);
    give_packet(dhcp_packet(gce_reply(DhcpType::Ack, transaction, kOwnMac)), kBroadcastMac);
    EXPECT_EQ(stack->config().address, kOwn);
}

TEST_F(StackTest, LinkLocalDestinationGoesToTheGatewayAndIsNeverAskedForByArp) {
    ASSERT_TRUE(stack->attach(kOwnMac, 1500));
    const auto transaction = dhcp_request(*next()).transaction;
    give_packet(dhcp_packet(gce_reply(DhcpType::Offer, transaction, kOwnMac)), kBroadcastMac);
    give_packet(dhcp_packet(gce_reply(DhcpType::Ack, transaction, kOwnMac)), kBroadcastMac);
    outgoing.clear();
    Ping ping(done);
    stack->start(ping, ip(169, 254, 169, 254), 1000);
    const auto question = next();
    ASSERT_TRUE(question);
    EXPECT_EQ(question->type, 0x0806);
    EXPECT_EQ(question->arp_target, kGateway) << "not 169.254.169.254";
    answer_arp(kGateway);
    const auto echo = next();
    ASSERT_TRUE(echo);
    EXPECT_EQ(echo->destination, ip(169, 254, 169, 254));
    EXPECT_EQ(echo->to, kGatewayMac);
    EXPECT_TRUE(outgoing.empty());
}

TEST_F(StackTest, OtherInstanceOfTheSameNetworkIsReachedThroughTheGateway) {
    bind();
    Ping ping(done);
    stack->start(ping, ip(10, 128, 0, 7), 1000);
    const auto echo = next();
    ASSERT_TRUE(echo && echo->type == 0x0800);
    EXPECT_EQ(echo->to, kGatewayMac);
}

TEST_F(StackTest, NeighbourOnTheSameSubnetIsAskedForDirectly) {
    ASSERT_TRUE(stack->attach(kOwnMac, 1500));
    const auto transaction = dhcp_request(*next()).transaction;
    give_packet(dhcp_packet(home_reply(DhcpType::Offer, transaction, kOwnMac)), kBroadcastMac);
    give_packet(dhcp_packet(home_reply(DhcpType::Ack, transaction, kOwnMac)), kBroadcastMac);
    outgoing.clear();
    Ping ping(done);
    stack->start(ping, ip(10, 0, 2, 99), 1000);
    EXPECT_EQ(next()->arp_target, ip(10, 0, 2, 99));
    Ping far(done);
    stack->start(far, ip(8, 8, 8, 8), 1000);
    EXPECT_EQ(next()->arp_target, ip(10, 0, 2, 2));
}

TEST_F(StackTest, PingIsAnsweredTimedOutWithoutRouteOrWithoutAddress) {
    Ping early(done);
    stack->start(early, kPeer, 1000);
    EXPECT_EQ(early.outcome(), Ping::Outcome::NoAddress);
    bind();
    Ping ping(done);
    stack->start(ping, kPeer, 1000);
    const auto request = next();
    ASSERT_TRUE(request && request->protocol == 1);
    test_clock() += 3'000'000;
    Bytes reply = request->payload;
    reply[0] = 0;
    put16(reply, 2, 0);
    put16(reply, 2, static_cast<std::uint16_t>(~sum16(reply)));
    give_packet(ipv4(kPeer, kOwn, 1, reply));
    EXPECT_EQ(ping.outcome(), Ping::Outcome::Answered);
    EXPECT_EQ(ping.round_trip_ns(), 3'000'000u);
    EXPECT_EQ(done.calls, 1);
    give_packet(ipv4(kPeer, kOwn, 1, reply));
    EXPECT_EQ(done.calls, 1) << "an answer counts once";

    stack->start(ping, kPeer, 500);
    advance(600'000'000);
    EXPECT_EQ(ping.outcome(), Ping::Outcome::TimedOut);
    EXPECT_EQ(done.calls, 2);
    {
        Ping abandoned(done);
        stack->start(abandoned, kPeer, 500);
    }
    advance(1'000'000'000);
    EXPECT_EQ(done.calls, 2) << "one that is gone is not told";
}

TEST_F(StackTest, PingOfTheOwnAddressIsAnsweredAndOneThatCannotLeaveSaysSo) {
    bind();
    Ping own(done);
    stack->start(own, kOwn, 1000);
    EXPECT_EQ(own.outcome(), Ping::Outcome::Answered);
    EXPECT_TRUE(outgoing.empty()) << "and nobody is asked for it";
    room = 0;
    Ping stuck(done);
    stack->start(stuck, kPeer, 1000);
    EXPECT_EQ(stuck.outcome(), Ping::Outcome::NotSent);
    advance(2'000'000'000);
    EXPECT_EQ(stuck.outcome(), Ping::Outcome::NotSent);
    EXPECT_EQ(done.calls, 0);
}

TEST_F(StackTest, WhatIsNoSingleHostsAddressIsNotPinged) {
    Ping ping(done);
    stack->start(ping, ip(127, 0, 0, 1), 1000);
    EXPECT_EQ(ping.outcome(), Ping::Outcome::NotAHost) << "with or without an address of our own";
    bind();
    for (const Ipv4 address : {Ipv4{0}, ip(0, 0, 0, 1), ip(127, 0, 0, 1), ip(224, 0, 0, 1), ip(250, 1, 1, 1), Ipv4{0xffffffff}}) {
        stack->start(ping, address, 1000);
        EXPECT_EQ(ping.outcome(), Ping::Outcome::NotAHost) << address;
    }
    EXPECT_TRUE(outgoing.empty());
    EXPECT_EQ(done.calls, 0);
}

TEST_F(StackTest, AnArpAnswerIsNotCountedAsARequest) {
    ASSERT_TRUE(stack->attach(kOwnMac, 1500));
    const auto transaction = dhcp_request(*next()).transaction;
    give_packet(dhcp_packet(home_reply(DhcpType::Offer, transaction, kOwnMac)), kBroadcastMac);
    give_packet(dhcp_packet(home_reply(DhcpType::Ack, transaction, kOwnMac)), kBroadcastMac);
    outgoing.clear();
    const auto requests = stack->counters().arp_requests;
    Ping ping(done);
    stack->start(ping, ip(10, 0, 2, 99), 1000);
    EXPECT_EQ(next()->arp_operation, 1);
    EXPECT_EQ(stack->counters().arp_requests, requests + 1);
    Bytes question(28);
    put16(question, 0, 1);
    put16(question, 2, 0x0800);
    question[4] = 6;
    question[5] = 4;
    put16(question, 6, 1);
    std::memcpy(&question[8], kGatewayMac.data(), 6);
    put32(question, 14, ip(10, 0, 2, 2));
    put32(question, 24, ip(10, 0, 2, 15));
    give(ethernet(kBroadcastMac, kGatewayMac, 0x0806, question));
    EXPECT_EQ(next()->arp_operation, 2);
    EXPECT_EQ(stack->counters().arp_requests, requests + 1) << "an answer is no request";
}

TEST_F(StackTest, OnlyEchoesThatWereAnsweredAreCountedAsAnswered) {
    bind();
    const auto echoes = protocol_counters().echo_answered;
    Bytes broken = echo_request(kPeer, 100);
    broken.back() ^= 1;
    give_packet(broken);
    EXPECT_TRUE(outgoing.empty());
    EXPECT_EQ(protocol_counters().echo_answered, echoes) << "its checksum is wrong: no answer";
    give_packet(echo_request(kPeer, 100));
    EXPECT_EQ(protocol_counters().echo_answered, echoes + 1);
}

TEST_F(StackTest, EchoIsAnsweredWithItsBytes) {
    bind();
    give_packet(echo_request(kPeer, 100));
    const auto reply = next();
    ASSERT_TRUE(reply && reply->protocol == 1);
    EXPECT_EQ(reply->payload[0], 0);
    EXPECT_EQ(reply->payload.size(), 108u);
    EXPECT_EQ(reply->payload[50], 0x5a);
    EXPECT_EQ(reply->destination, kPeer);
    EXPECT_EQ(sum16(reply->payload), 0xffff);
}

TEST_F(StackTest, EchoInFragmentsIsAnsweredWhole) {
    bind();
    const Bytes whole = echo_request(kPeer, 2000);
    const Bytes payload(whole.begin() + 20, whole.end());
    const Bytes first(payload.begin(), payload.begin() + 1024), second(payload.begin() + 1024, payload.end());
    give_packet(ipv4(kPeer, kOwn, 1, second, 128, 9));
    EXPECT_TRUE(outgoing.empty());
    give_packet(ipv4(kPeer, kOwn, 1, first, 0x2000, 9));
    ASSERT_EQ(outgoing.size(), 2u) << "the answer is cut for the MTU as well";
    EXPECT_LE(outgoing[0].bytes.size(), 14u + 1460u);
}

TEST_F(StackTest, FloodOfEchoRequestsIsAnsweredAtABoundedRate) {
    bind();
    const auto before = port_counters().echo_dropped;
    for (int i = 0; i < 1000; ++i) {
        give_packet(echo_request(kPeer));
        test_clock() += 10'000;   // ten milliseconds in all
    }
    EXPECT_LE(outgoing.size(), 230u);
    EXPECT_GE(outgoing.size(), 190u);
    EXPECT_GT(port_counters().echo_dropped, before);
}

TEST_F(StackTest, ArpForOurAddressIsAnswered) {
    bind();
    Bytes arp(28);
    put16(arp, 0, 1);
    put16(arp, 2, 0x0800);
    arp[4] = 6;
    arp[5] = 4;
    put16(arp, 6, 1);
    std::memcpy(&arp[8], kGatewayMac.data(), 6);
    put32(arp, 14, kGateway);
    put32(arp, 24, kOwn);
    give(ethernet(kBroadcastMac, kGatewayMac, 0x0806, arp));
    const auto reply = next();
    ASSERT_TRUE(reply && reply->type == 0x0806);
    EXPECT_EQ(reply->arp_operation, 2);
    EXPECT_EQ(reply->arp_sender, kOwn);
    Neighbour neighbours[4];
    ASSERT_EQ(stack->neighbours(neighbours), 1u);
    EXPECT_EQ(neighbours[0].address, kGateway);
    EXPECT_EQ(neighbours[0].mac, kGatewayMac);
}

TEST_F(StackTest, PacketsForOthersAndBrokenSumsAreDropped) {
    bind();
    give_packet(ipv4(kPeer, ip(10, 128, 0, 10), 1, Bytes(8)));
    Bytes broken = echo_request(kPeer);
    broken[25] ^= 1;
    const auto before = protocol_counters().checksum_errors;
    give_packet(broken);
    Bytes header = echo_request(kPeer);
    header[10] ^= 1;
    give_packet(header);
    EXPECT_TRUE(outgoing.empty());
    EXPECT_EQ(protocol_counters().checksum_errors, before + 2);
}

TEST_F(StackTest, FramesTooShortOrTooLongAreCountedAndDropped) {
    bind();
    const auto before = stack->counters().dropped_in;
    for (const std::size_t size : {0u, 1u, 13u, 1515u, 2048u})
        give(Bytes(size));
    EXPECT_EQ(stack->counters().dropped_in, before + 5);
    for (std::size_t size = 14; size < 80; ++size)
        for (const std::uint16_t type : {0x0800, 0x0806, 0x86dd, 0x8100}) {
            Bytes frame(size, 0x45);
            std::memcpy(frame.data(), kOwnMac.data(), 6);
            put16(frame, 12, type);
            give(frame);
        }
}

TEST_F(StackTest, NewDriverKeepsTheLeaseAndCountsAttachments) {
    bind();
    const auto sent = stack->dhcp().sent();
    ASSERT_TRUE(stack->attach(kOwnMac, 1500));
    EXPECT_EQ(stack->config().address, kOwn);
    EXPECT_EQ(stack->config().mtu, 1460);
    EXPECT_EQ(stack->dhcp().sent(), sent);
    EXPECT_EQ(stack->config().attachments, 2u);
}

TEST_F(StackTest, AttachRefusesWhatIsNoStationAddressOrTooSmallAnMtu) {
    EXPECT_EQ(stack->attach({1, 2, 3, 4, 5, 6}, 1500).error(), Error::InvalidArgument);
    EXPECT_EQ(stack->attach({}, 1500).error(), Error::InvalidArgument);
    EXPECT_EQ(stack->attach(kOwnMac, 500).error(), Error::InvalidArgument);
    EXPECT_EQ(stack->config().attachments, 0u);
}

TEST_F(StackTest, ExpiredLeaseTakesTheAddressDown) {
    bind();
    advance(86'400'000'000'000ull + 1'000'000'000ull);
    EXPECT_EQ(stack->config().address, 0u);
    EXPECT_EQ(stack->config().state, DhcpClient::State::Discovering);
    outgoing.clear();
    give_packet(echo_request(kPeer));
    EXPECT_EQ(count_sent([](const SentFrame& frame) { return frame.protocol == 1; }), 0u);
}

TEST_F(StackTest, RenewalGoesToTheServerByTheRoutes) {
    bind();
    advance(43'200'000'000'000ull + 1'000'000ull);
    std::optional<SentFrame> renewal;
    while (auto frame = next())
        if (frame->is_dhcp())
            renewal = frame;
        else if (frame->type == 0x0806)
            answer_arp(kGateway);
    ASSERT_TRUE(renewal);
    EXPECT_EQ(renewal->destination, ip(169, 254, 169, 254));
    EXPECT_EQ(renewal->to, kGatewayMac) << "link-local, and still by the gateway";
    EXPECT_EQ(renewal->source, kOwn);
    EXPECT_EQ(dhcp_request(*renewal).client, kOwn);
}

TEST_F(StackTest, IdleStackWakesOnceASecondAtMost) {
    bind();
    int wakes = 0;
    const std::uint64_t end = test_clock() + 60'000'000'000;
    while (stack->next_deadline_ns() <= end) {
        test_clock() = stack->next_deadline_ns();
        stack->run_timers();
        ++wakes;
    }
    EXPECT_LE(wakes, 61);
}

// Random damage to all kinds of real traffic: nothing may crash, hang or leak (TearDown counts).
TEST_F(StackTest, DamagedFramesAreHarmless) {
    bind();
    ConnectionBudget budget{.limit = 8};
    auto listener = Listener::open(80, 8, budget);
    ASSERT_TRUE(listener.has_value());
    std::mt19937 random(5);
    const auto transaction = 7u;
    Segment syn{.from = kPeer, .to = kOwn, .from_port = 1000, .to_port = 80, .flags = kSyn};
    syn.options = {2, 4, 5, 180, 3, 3, 7, 4, 2, 1, 1, 0};
    Segment data{.from = kPeer, .to = kOwn, .from_port = 1000, .to_port = 80, .flags = kAck | kPsh};
    data.data = Bytes(700, 'x');
    const std::vector<Bytes> traffic = {
        ethernet(kOwnMac, kGatewayMac, 0x0800, syn.packet()),
        ethernet(kOwnMac, kGatewayMac, 0x0800, data.packet()),
        ethernet(kOwnMac, kGatewayMac, 0x0800, echo_request(kPeer, 64)),
        ethernet(kOwnMac, kGatewayMac, 0x0800, ipv4(kPeer, kOwn, 1, Bytes(600), 0x2000, 3)),
        ethernet(kOwnMac, kGatewayMac, 0x0800, ipv4(kPeer, kOwn, 1, Bytes(608), 40, 3)),
        ethernet(kBroadcastMac, kGatewayMac, 0x0800, dhcp_packet(gce_reply(DhcpType::Offer, transaction, kOwnMac))),
        ethernet(kOwnMac, kGatewayMac, 0x0806, Bytes(28, 1)),
    };
    for (int round = 0; round < 60000; ++round) {
        Bytes frame = traffic[random() % traffic.size()];
        for (unsigned i = random() % 5; i > 0; --i)
            frame[random() % std::min<std::size_t>(frame.size(), 60)] = static_cast<std::uint8_t>(random());
        if (random() % 4 == 0)
            frame.resize(random() % (frame.size() + 1));
        if (frame.size() >= 34 && random() % 2) {   // sums that hold, so that it gets further in
            Bytes header(frame.begin() + 14, frame.begin() + 34);
            put16(header, 10, 0);
            put16(frame, 24, static_cast<std::uint16_t>(~sum16(header)));
        }
        give(frame);
        if (round % 64 == 0) {
            advance(50'000'000);
            outgoing.clear();
            while (auto connection = (*listener)->accept()) {
            }
        }
    }
    advance(10'000'000'000);
}

}  // namespace
}  // namespace capos::netcore
