#include "lib/netcore/route_table.hpp"

#include <gtest/gtest.h>

namespace capos::netcore {
namespace {

constexpr Ipv4 ip(unsigned a, unsigned b, unsigned c, unsigned d) { return a << 24 | b << 16 | c << 8 | d; }

TEST(RouteTableTest, LongestPrefixWinsWhateverTheOrder) {
    RouteTable table;
    ASSERT_TRUE(table.add({0, 0, ip(10, 0, 0, 1)}));
    ASSERT_TRUE(table.add({ip(10, 0, 0, 0), 24, 0}));
    ASSERT_TRUE(table.add({ip(10, 0, 0, 128), 25, ip(10, 0, 0, 2)}));
    EXPECT_EQ(table.next_hop(ip(10, 0, 0, 7)), ip(10, 0, 0, 7));
    EXPECT_EQ(table.next_hop(ip(10, 0, 0, 200)), ip(10, 0, 0, 2));
    EXPECT_EQ(table.next_hop(ip(8, 8, 8, 8)), ip(10, 0, 0, 1));
}

TEST(RouteTableTest, GceLeaseReachesEverythingThroughTheGatewayOutsideItsSubnet) {
    RouteTable table;   // 10.128.0.9/32, option 121: 10.128.0.1/32 on the link, default via 10.128.0.1
    ASSERT_TRUE(table.add({ip(10, 128, 0, 1), 32, 0}));
    ASSERT_TRUE(table.add({0, 0, ip(10, 128, 0, 1)}));
    EXPECT_EQ(table.next_hop(ip(169, 254, 169, 254)), ip(10, 128, 0, 1)) << "link-local is no exception";
    EXPECT_EQ(table.next_hop(ip(10, 128, 0, 5)), ip(10, 128, 0, 1)) << "neither is another instance";
    EXPECT_EQ(table.next_hop(ip(10, 128, 0, 1)), ip(10, 128, 0, 1));
}

TEST(RouteTableTest, RouterOfAHostLeaseIsTakenToBeOnTheLink) {
    RouteTable table;   // /32 and a router option, nothing else
    ASSERT_TRUE(table.add({0, 0, ip(10, 128, 0, 1)}));
    EXPECT_EQ(table.next_hop(ip(10, 128, 0, 1)), ip(10, 128, 0, 1));
    EXPECT_EQ(table.next_hop(ip(1, 1, 1, 1)), ip(10, 128, 0, 1));
}

TEST(RouteTableTest, GatewayBehindAnotherGatewayIsFollowedOnce) {
    RouteTable table;
    ASSERT_TRUE(table.add({0, 0, ip(192, 168, 7, 1)}));
    ASSERT_TRUE(table.add({ip(192, 168, 7, 0), 24, ip(10, 0, 0, 1)}));
    ASSERT_TRUE(table.add({ip(10, 0, 0, 0), 8, 0}));
    EXPECT_EQ(table.next_hop(ip(1, 1, 1, 1)), ip(10, 0, 0, 1));
}

TEST(RouteTableTest, LoopOfGatewaysEnds) {
    RouteTable table;
    ASSERT_TRUE(table.add({ip(1, 0, 0, 0), 8, ip(2, 0, 0, 1)}));
    ASSERT_TRUE(table.add({ip(2, 0, 0, 0), 8, ip(1, 0, 0, 1)}));
    EXPECT_TRUE(table.next_hop(ip(1, 2, 3, 4)).has_value());
}

TEST(RouteTableTest, NothingMatchesInAnEmptyTable) { EXPECT_FALSE(RouteTable().next_hop(ip(1, 1, 1, 1))); }

TEST(RouteTableTest, SameDestinationReplacesAndBitsBeyondThePrefixAreDropped) {
    RouteTable table;
    ASSERT_TRUE(table.add({ip(10, 0, 0, 77), 24, ip(1, 1, 1, 1)}));
    ASSERT_TRUE(table.add({ip(10, 0, 0, 0), 24, ip(2, 2, 2, 2)}));
    ASSERT_EQ(table.routes().size(), 1u);
    EXPECT_EQ(table.routes()[0], (Route{ip(10, 0, 0, 0), 24, ip(2, 2, 2, 2)}));
}

TEST(RouteTableTest, BadPrefixAndFullTableAreErrors) {
    RouteTable table;
    EXPECT_EQ(table.add({0, 33, 0}).error(), Error::InvalidArgument);
    for (std::size_t i = 0; i < RouteTable::kMaxRoutes; ++i)
        ASSERT_TRUE(table.add({static_cast<Ipv4>(i + 1), 32, 0}));
    EXPECT_EQ(table.add({0, 0, 1}).error(), Error::Exhausted);
    table.clear();
    EXPECT_TRUE(table.add({0, 0, 1}));
    EXPECT_EQ(table.default_gateway(), 1u);
}

TEST(RouteTableTest, MasksConvertBothWays) {
    for (unsigned prefix = 0; prefix <= 32; ++prefix)
        EXPECT_EQ(prefix_of(netmask(prefix)), prefix);
    EXPECT_FALSE(prefix_of(0xff00ff00));
    EXPECT_FALSE(prefix_of(1));
}

}  // namespace
}  // namespace capos::netcore
