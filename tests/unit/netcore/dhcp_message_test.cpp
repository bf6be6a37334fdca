#include "lib/netcore/dhcp_message.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/unit/netcore/dhcp_server_script.hpp"

namespace capos::netcore {
namespace {

using namespace testing_support;

constexpr MacAddress kMac{0x52, 0x54, 0, 1, 2, 3};

TEST(DhcpMessageTest, DiscoverAsksForRoutesBeforeTheRouterAndForTheMtu) {
    std::array<std::byte, kDhcpRequestBytes> bytes;
    DhcpRequest request{.type = DhcpType::Discover, .transaction = 0x12345678, .mac = kMac};
    request.broadcast_reply = true;
    ASSERT_EQ(build_dhcp_request(request, bytes), 300u);
    const ParsedRequest parsed = parse_request(bytes);
    EXPECT_EQ(parsed.type, DhcpType::Discover);
    EXPECT_EQ(parsed.transaction, 0x12345678u);
    EXPECT_TRUE(parsed.broadcast);
    EXPECT_EQ(parsed.mac, kMac);
    EXPECT_EQ(parsed.requested, 0u);
    const auto at = [&](std::uint8_t code) { return std::find(parsed.wanted.begin(), parsed.wanted.end(), code); };
    EXPECT_LT(at(121), at(3));
    EXPECT_NE(at(26), parsed.wanted.end());
}

TEST(DhcpMessageTest, GceOfferIsReadInFull) {
    const auto reply = parse_dhcp_reply(gce_reply(DhcpType::Offer, 7, kMac).bytes());
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->address, ip(10, 128, 0, 9));
    EXPECT_EQ(reply->prefix, 32);
    EXPECT_EQ(reply->router, ip(10, 128, 0, 1));
    EXPECT_EQ(reply->mtu, 1460);
    EXPECT_EQ(reply->lease_seconds, 86400u);
    EXPECT_EQ(reply->dns[0], ip(169, 254, 169, 254));
    ASSERT_TRUE(reply->has_static_routes);
    ASSERT_EQ(reply->route_count, 2u);
    EXPECT_EQ(reply->routes[0], (Route{ip(10, 128, 0, 1), 32, 0}));
    EXPECT_EQ(reply->routes[1], (Route{0, 0, ip(10, 128, 0, 1)}));
    const RouteTable routes = routes_of(*reply);
    EXPECT_EQ(routes.next_hop(ip(169, 254, 169, 254)), ip(10, 128, 0, 1));
    EXPECT_EQ(routes.default_gateway(), ip(10, 128, 0, 1));
}

TEST(DhcpMessageTest, RoutesReplaceTheRouter) {
    auto message = home_reply(DhcpType::Ack, 7, kMac);
    message.option(121, {8, 20, 10, 0, 2, 99});
    const RouteTable routes = routes_of(*parse_dhcp_reply(message.bytes()));
    EXPECT_EQ(routes.default_gateway(), 0u) << "RFC 3442: the router option is ignored when option 121 is there";
    EXPECT_EQ(routes.next_hop(ip(20, 1, 1, 1)), ip(10, 0, 2, 99));
    EXPECT_FALSE(routes.next_hop(ip(8, 8, 8, 8)));
    EXPECT_EQ(routes.next_hop(ip(169, 254, 1, 1)), ip(169, 254, 1, 1)) << "without a default, link-local is on the link";
}

TEST(DhcpMessageTest, MalformedRoutesLeaveTheRouterInForce) {
    for (const std::vector<std::uint8_t>& value :
         {std::vector<std::uint8_t>{33, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {24, 10, 0}, {0, 10, 0, 2}, {8, 20, 10, 0, 2, 99, 16}, {}}) {
        auto message = home_reply(DhcpType::Ack, 7, kMac);
        message.option(121, value);
        const auto reply = parse_dhcp_reply(message.bytes());
        ASSERT_TRUE(reply.has_value());
        EXPECT_FALSE(reply->has_static_routes);
        EXPECT_EQ(routes_of(*reply).default_gateway(), ip(10, 0, 2, 2));
    }
}

TEST(DhcpMessageTest, RoutesSplitOverSeveralOptionsAreJoined) {
    auto message = home_reply(DhcpType::Ack, 7, kMac);
    message.option(121, {32, 10, 128}).option(121, {0, 1, 0, 0, 0, 0, 0, 10}).option(121, {128, 0, 1});
    const auto reply = parse_dhcp_reply(message.bytes());
    ASSERT_TRUE(reply && reply->has_static_routes);
    EXPECT_EQ(reply->route_count, 2u);
    EXPECT_EQ(reply->routes[1].gateway, ip(10, 128, 0, 1));
}

TEST(DhcpMessageTest, RouteBitsBeyondThePrefixAreDropped) {
    std::array<Route, 4> routes;
    const std::uint8_t value[] = {20, 10, 1, 0xff, 1, 2, 3, 4};
    ASSERT_EQ(parse_static_routes(std::as_bytes(std::span(value)), routes).value(), 1u);
    EXPECT_EQ(routes[0], (Route{ip(10, 1, 0xf0, 0), 20, ip(1, 2, 3, 4)}));
}

TEST(DhcpMessageTest, OverloadedFieldsAreRead) {
    DhcpMessage message(DhcpType::Ack, 7, kMac, ip(10, 0, 2, 15));
    message.option(52, {3});
    const std::uint8_t in_file[] = {1, 4, 255, 255, 255, 0, 255};
    const std::uint8_t in_name[] = {26, 2, 5, 180, 255};
    std::memcpy(&message.raw()[108], in_file, sizeof in_file);
    std::memcpy(&message.raw()[44], in_name, sizeof in_name);
    const auto reply = parse_dhcp_reply(message.bytes());
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->prefix, 24);
    EXPECT_EQ(reply->mtu, 1460);
}

TEST(DhcpMessageTest, WhatIsMalformedIsRefused) {
    const auto good = gce_reply(DhcpType::Ack, 7, kMac);
    const auto refused = [](DhcpMessage message) {
        return parse_dhcp_reply(message.bytes()).error_or(Error::None) == Error::Malformed;
    };
    auto broken = good;
    broken.raw()[0] = 1;
    EXPECT_TRUE(refused(broken)) << "a request";
    broken = good;
    broken.raw()[2] = 8;
    EXPECT_TRUE(refused(broken)) << "not Ethernet";
    broken = good;
    broken.put32(236, 1);
    EXPECT_TRUE(refused(broken)) << "no cookie";
    broken = good;
    broken.raw()[240] = 200;   // the message type becomes some other option
    EXPECT_TRUE(refused(broken)) << "no message type";
    for (const std::uint8_t code : {1, 3, 6, 26, 51, 52, 53, 54, 58, 59}) {
        broken = good;
        broken.option(code, {1, 2, 3});
        EXPECT_TRUE(refused(broken)) << int(code) << " of a wrong length";
    }
    broken = good;
    broken.option32(1, 0xff00ff00);
    EXPECT_TRUE(refused(broken)) << "a mask with holes";
    broken = good;
    broken.raw().push_back(15);
    EXPECT_EQ(parse_dhcp_reply(broken.bytes(false)).error(), Error::Malformed) << "ends inside an option";
    broken.raw().push_back(20);
    EXPECT_EQ(parse_dhcp_reply(broken.bytes(false)).error(), Error::Malformed) << "runs past the end";
}

TEST(DhcpMessageTest, EveryTruncationAndEveryFlippedByteIsHarmless) {
    auto message = gce_reply(DhcpType::Ack, 7, kMac);
    message.option(52, {3});
    const auto bytes = message.bytes();
    for (std::size_t length = 0; length < bytes.size(); ++length)
        (void)parse_dhcp_reply(std::vector(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)));
    std::mt19937 random(4);
    for (int round = 0; round < 20000; ++round) {
        auto mutant = bytes;
        for (unsigned i = random() % 6 + 1; i > 0; --i)
            mutant[random() % 3 ? 240 + random() % (mutant.size() - 240) : random() % mutant.size()] =
                static_cast<std::byte>(random());
        if (const auto reply = parse_dhcp_reply(mutant)) {
            ASSERT_LE(reply->prefix, 32);
            ASSERT_LE(reply->route_count, DhcpReply::kMaxRoutes);
            ASSERT_LE(reply->dns_count, DhcpReply::kMaxDns);
            (void)routes_of(*reply).next_hop(random());
        }
    }
}

TEST(DhcpMessageTest, MoreThanFitsIsLeftOut) {
    auto message = home_reply(DhcpType::Ack, 7, kMac);
    for (std::uint8_t i = 0; i < 60; ++i)
        message.option(121, {24, 20, 0, i, 10, 0, 2, 2});
    message.option(121, {0, 10, 0, 2, 77});
    for (int i = 0; i < 5; ++i)
        message.option32(6, ip(9, 9, 9, 9));
    const auto reply = parse_dhcp_reply(message.bytes());
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->route_count, DhcpReply::kMaxRoutes);
    EXPECT_EQ(routes_of(*reply).default_gateway(), ip(10, 0, 2, 77)) << "the default route is kept, wherever it stands";
    EXPECT_EQ(reply->dns_count, DhcpReply::kMaxDns);
    message.option(26, {0, 10});
    EXPECT_EQ(parse_dhcp_reply(message.bytes())->mtu, 0) << "an MTU nothing fits into is ignored";
}

}  // namespace
}  // namespace capos::netcore
