#include "lib/netcore/dhcp_client.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/unit/netcore/dhcp_server_script.hpp"

namespace capos::netcore {
namespace {

using namespace testing_support;
using State = DhcpClient::State;

constexpr MacAddress kMac{0x52, 0x54, 0, 1, 2, 3};
constexpr std::uint64_t kSecond = 1'000'000'000;

struct DhcpClientTest : testing::Test, DhcpClient::Host {
    void send_dhcp(std::span<const std::byte> message, Ipv4 server) override {
        sent.push_back(parse_request(message));
        sent_to.push_back(server);
    }
    std::uint16_t lease_gained(const DhcpReply& lease) override {
        address = lease.address;
        ++gained;
        return 1400;
    }
    void lease_lost() override { address = 0; }
    void say(std::string_view line) override { lines.emplace_back(line); }

    void give(const DhcpMessage& message) { client.receive(message.bytes(), ip(10, 9, 0, 1), now); }
    // Lets time pass until the client has asked to be called.
    void advance_to_deadline() {
        now = std::max(now, client.deadline_ns());
        client.tick(now);
    }
    std::uint32_t transaction() const { return sent.back().transaction; }
    bool said(std::string_view what) const {
        for (const auto& line : lines)
            if (line.find(what) != std::string::npos)
                return true;
        return false;
    }
    void bind() {
        client.start(kMac, now);
        give(home_reply(DhcpType::Offer, transaction(), kMac));
        give(home_reply(DhcpType::Ack, transaction(), kMac));
        ASSERT_EQ(client.state(), State::Bound);
    }

    Random random{{{1, 2}, {3, 4}}};
    DhcpClient client{*this, random};
    std::uint64_t now = 100 * kSecond;
    std::vector<ParsedRequest> sent;
    std::vector<Ipv4> sent_to;
    std::vector<std::string> lines;
    Ipv4 address = 0;
    int gained = 0;
};

TEST_F(DhcpClientTest, FourMessagesGiveALeaseAndOneLinePerState) {
    client.start(kMac, now);
    ASSERT_EQ(sent.size(), 1u) << "no waiting before the first DISCOVER";
    EXPECT_EQ(sent[0].type, DhcpType::Discover);
    EXPECT_TRUE(sent[0].broadcast);
    EXPECT_EQ(sent_to[0], 0u);
    give(gce_reply(DhcpType::Offer, transaction(), kMac));
    ASSERT_EQ(sent.size(), 2u);
    EXPECT_EQ(sent[1].type, DhcpType::Request);
    EXPECT_EQ(sent[1].requested, ip(10, 128, 0, 9));
    EXPECT_EQ(sent[1].server, ip(169, 254, 169, 254));
    EXPECT_EQ(sent[1].client, 0u);
    EXPECT_EQ(address, 0u) << "an offer is no lease";
    give(gce_reply(DhcpType::Ack, transaction(), kMac));
    EXPECT_EQ(client.state(), State::Bound);
    EXPECT_EQ(address, ip(10, 128, 0, 9)) << "at once: no address check";
    ASSERT_EQ(lines.size(), 3u);
    EXPECT_EQ(lines[0], "dhcp: discovering");
    EXPECT_EQ(lines[1], "dhcp: requesting 10.128.0.9 from 169.254.169.254");
    EXPECT_EQ(lines[2], "dhcp: bound 10.128.0.9/32 gateway 10.128.0.1 dns 169.254.169.254 mtu 1400 lease 86400 s from "
                        "169.254.169.254");
}

TEST_F(DhcpClientTest, WithoutAServerItAsksForEverEverySixteenSecondsAtMost) {
    client.start(kMac, now);
    std::uint64_t before = now;
    for (int i = 0; i < 500; ++i) {
        advance_to_deadline();
        ASSERT_EQ(client.state(), State::Discovering);
        EXPECT_LE(now - before, 18 * kSecond);
        EXPECT_GE(now - before, kSecond / 2);
        before = now;
    }
    EXPECT_EQ(sent.size(), 501u);
    EXPECT_TRUE(said("no answer from a DHCP server yet, trying again in 2 s"));
    EXPECT_TRUE(said("trying again in 16 s") || said("trying again in 15 s") || said("trying again in 17 s"));
    EXPECT_LT(lines.size(), 40u) << "said often at first, seldom later";
    give(home_reply(DhcpType::Offer, transaction(), kMac));
    give(home_reply(DhcpType::Ack, transaction(), kMac));
    EXPECT_EQ(client.state(), State::Bound) << "the server appeared after hours";
}

TEST_F(DhcpClientTest, FirstRetriesComeAfterOneTwoFourSeconds) {
    client.start(kMac, now);
    for (const std::uint64_t expected : {1, 2, 4, 8, 16, 16}) {
        EXPECT_NEAR(static_cast<double>(client.deadline_ns() - now), static_cast<double>(expected * kSecond),
                    static_cast<double>(expected * kSecond) / 7);
        advance_to_deadline();
    }
}

TEST_F(DhcpClientTest, SlowServerIsTakenUpOnAnEarlierMessage) {
    client.start(kMac, now);
    advance_to_deadline();
    advance_to_deadline();
    EXPECT_EQ(sent[0].transaction, sent[2].transaction) << "so an answer to any of them counts";
    give(home_reply(DhcpType::Offer, sent[0].transaction, kMac));
    EXPECT_EQ(client.state(), State::Requesting);
}

TEST_F(DhcpClientTest, SecondOfferAndCopiesAreIgnored) {
    client.start(kMac, now);
    give(home_reply(DhcpType::Offer, transaction(), kMac));
    give(home_reply(DhcpType::Offer, transaction(), kMac));
    give(home_reply(DhcpType::Offer, transaction(), kMac, ip(192, 168, 0, 5), ip(192, 168, 0, 1)));
    EXPECT_EQ(sent.size(), 2u);
    give(home_reply(DhcpType::Ack, transaction(), kMac, ip(192, 168, 0, 5), ip(192, 168, 0, 1)));
    EXPECT_EQ(client.state(), State::Requesting) << "not the server that was asked";
    give(home_reply(DhcpType::Ack, transaction(), kMac));
    EXPECT_EQ(address, ip(10, 0, 2, 15));
    give(home_reply(DhcpType::Ack, transaction(), kMac));
    EXPECT_EQ(gained, 1);
}

TEST_F(DhcpClientTest, AnswersForOthersAreIgnored) {
    client.start(kMac, now);
    MacAddress other = kMac;
    other[5] = 9;
    give(home_reply(DhcpType::Offer, transaction(), other));
    give(home_reply(DhcpType::Offer, transaction() + 1, kMac));
    give(home_reply(DhcpType::Ack, transaction(), kMac));
    give(home_reply(DhcpType::Nak, transaction(), kMac));
    give(home_reply(DhcpType::Offer, transaction(), kMac, 0));
    EXPECT_EQ(client.state(), State::Discovering);
    EXPECT_EQ(client.ignored(), 5u);
    client.receive({}, 0, now);
    EXPECT_EQ(client.ignored(), 6u);
}

TEST_F(DhcpClientTest, LostRequestIsRepeatedAndThenDiscoveryBeginsAnew) {
    client.start(kMac, now);
    give(home_reply(DhcpType::Offer, transaction(), kMac));
    for (int i = 0; i < 3; ++i) {
        advance_to_deadline();
        EXPECT_EQ(sent.back().type, DhcpType::Request);
    }
    advance_to_deadline();
    EXPECT_EQ(client.state(), State::Discovering);
    EXPECT_TRUE(said("offered and then did not answer"));
    EXPECT_NE(sent[0].transaction, transaction());
}

TEST_F(DhcpClientTest, NakStartsAgainAtOnceAndThenEverMoreSlowly) {
    client.start(kMac, now);
    std::vector<std::uint64_t> waits;
    for (int i = 0; i < 6; ++i) {
        give(home_reply(DhcpType::Offer, transaction(), kMac));
        const std::size_t before = sent.size();
        give(home_reply(DhcpType::Nak, transaction(), kMac));
        EXPECT_EQ(client.state(), State::Discovering);
        const std::uint64_t start = now;
        while (sent.size() == before)
            advance_to_deadline();
        waits.push_back((now - start) / kSecond);
        EXPECT_EQ(sent.back().type, DhcpType::Discover);
    }
    EXPECT_EQ(waits[0], 0u);
    EXPECT_GE(waits[5], 13u);
    EXPECT_TRUE(said("refused 10.0.2.15"));
}

TEST_F(DhcpClientTest, RenewsAtHalfTimeByUnicastWithoutTouchingTheInterface) {
    bind();
    EXPECT_EQ(client.deadline_ns(), now + 1800 * kSecond);
    advance_to_deadline();
    EXPECT_EQ(client.state(), State::Renewing);
    EXPECT_EQ(sent_to.back(), ip(10, 0, 2, 2));
    EXPECT_EQ(sent.back().client, ip(10, 0, 2, 15));
    EXPECT_EQ(sent.back().requested, 0u);
    EXPECT_EQ(sent.back().server, 0u);
    EXPECT_FALSE(sent.back().broadcast);
    give(home_reply(DhcpType::Ack, transaction(), kMac));
    EXPECT_EQ(client.state(), State::Bound);
    EXPECT_EQ(gained, 1) << "nothing has changed";
    EXPECT_EQ(client.deadline_ns(), now + 1800 * kSecond);
    EXPECT_EQ(lines.back(), "dhcp: renewed for 3600 s by 10.0.2.2");
}

TEST_F(DhcpClientTest, ServerThatGoesAwayIsFollowedByAnyOtherAndThenTheLeaseEnds) {
    bind();
    const std::uint64_t bound_at = now;
    while (client.state() != State::Rebinding) {
        advance_to_deadline();
        ASSERT_LE(now - bound_at, 3600 * kSecond);
    }
    EXPECT_EQ(now - bound_at, 3150 * kSecond) << "seven eighths";
    EXPECT_EQ(sent_to.back(), 0u) << "broadcast";
    EXPECT_EQ(address, ip(10, 0, 2, 15)) << "still good";
    give(home_reply(DhcpType::Ack, transaction(), kMac, ip(10, 0, 2, 15), ip(10, 0, 2, 4)));
    EXPECT_EQ(client.state(), State::Bound) << "another server took it over";
    EXPECT_EQ(client.lease().server, ip(10, 0, 2, 4));
    EXPECT_EQ(gained, 2) << "its gateway is another one";

    const std::uint64_t bound_again = now;
    while (client.has_lease())
        advance_to_deadline();
    EXPECT_EQ(now - bound_again, 3600 * kSecond);
    EXPECT_EQ(address, 0u);
    EXPECT_TRUE(said("the lease has expired"));
    EXPECT_EQ(client.state(), State::Discovering);
    EXPECT_LT(sent.size(), 60u) << "renewal is asked for at a measured pace";
}

TEST_F(DhcpClientTest, ServerWhoseLeasesOfASecondAllExpireIsAskedEverMoreSeldom) {
    client.start(kMac, now);
    const std::uint64_t started = now;
    while (now - started < 200 * kSecond) {
        advance_to_deadline();
        if (sent.back().type == DhcpType::Discover)
            give(home_reply(DhcpType::Offer, transaction(), kMac));
        if (client.state() != State::Requesting)
            continue;
        auto ack = home_reply(DhcpType::Ack, transaction(), kMac);
        give(ack.option32(51, 1));
    }
    EXPECT_GT(gained, 5);
    EXPECT_LT(gained, 30);
    EXPECT_LT(lines.size(), 150u) << "of 200 seconds";
}

TEST_F(DhcpClientTest, NakAtRenewalTakesTheAddressDown) {
    bind();
    advance_to_deadline();
    give(home_reply(DhcpType::Nak, transaction(), kMac));
    EXPECT_EQ(address, 0u);
    EXPECT_EQ(client.state(), State::Discovering);
    EXPECT_EQ(sent.back().type, DhcpType::Discover);
}

TEST_F(DhcpClientTest, RenewalWithAnotherAddressReconfigures) {
    bind();
    advance_to_deadline();
    give(home_reply(DhcpType::Ack, transaction(), kMac, ip(10, 0, 2, 77)));
    EXPECT_EQ(address, ip(10, 0, 2, 77));
    EXPECT_EQ(gained, 2);
}

TEST_F(DhcpClientTest, NewDriverForTheSameDeviceKeepsTheLeaseAndAnotherDeviceDoesNot) {
    bind();
    const std::size_t before = sent.size();
    client.start(kMac, now + kSecond);
    EXPECT_EQ(client.state(), State::Bound);
    EXPECT_EQ(sent.size(), before);
    MacAddress other = kMac;
    other[5] = 77;
    client.start(other, now + kSecond);
    EXPECT_EQ(address, 0u);
    EXPECT_EQ(client.state(), State::Discovering);
    EXPECT_EQ(sent.back().mac, other);
}

TEST_F(DhcpClientTest, TimesOfTheServerAreUsedWhenTheyMakeSense) {
    client.start(kMac, now);
    give(home_reply(DhcpType::Offer, transaction(), kMac));
    auto ack = home_reply(DhcpType::Ack, transaction(), kMac);
    ack.option32(58, 100).option32(59, 200);
    give(ack);
    EXPECT_EQ(client.deadline_ns(), now + 100 * kSecond);
    advance_to_deadline();
    auto senseless = home_reply(DhcpType::Ack, transaction(), kMac);
    senseless.option32(58, 5000).option32(59, 4000);
    give(senseless);
    EXPECT_EQ(client.deadline_ns(), now + 1800 * kSecond);
}

TEST_F(DhcpClientTest, LeaseWithoutEndIsNeverRenewedAndOneWithoutTimeIsNoLease) {
    client.start(kMac, now);
    give(home_reply(DhcpType::Offer, transaction(), kMac));
    auto none = home_reply(DhcpType::Ack, transaction(), kMac);
    none.option32(51, 0);
    give(none);
    EXPECT_EQ(client.state(), State::Requesting);
    auto endless = home_reply(DhcpType::Ack, transaction(), kMac);
    endless.option32(51, kInfiniteLease);
    give(endless);
    EXPECT_EQ(client.deadline_ns(), DhcpClient::kNever);
    EXPECT_TRUE(said("lease without end"));
}

TEST_F(DhcpClientTest, AddressesThatNoHostMayHaveAreNeitherRequestedNorTaken) {
    const Ipv4 refused[] = {0, ip(0, 1, 2, 3), ip(127, 0, 0, 1), ip(224, 0, 0, 5), ip(239, 255, 255, 255), ip(240, 0, 0, 1),
                            0xffffffff};
    client.start(kMac, now);
    for (const Ipv4 address : refused)
        give(home_reply(DhcpType::Offer, transaction(), kMac, address));
    EXPECT_EQ(client.state(), State::Discovering);
    EXPECT_EQ(client.ignored(), std::size(refused));
    give(home_reply(DhcpType::Offer, transaction(), kMac));
    for (const Ipv4 address : refused)
        give(home_reply(DhcpType::Ack, transaction(), kMac, address));
    EXPECT_EQ(client.state(), State::Requesting);
    EXPECT_EQ(client.ignored(), 2 * std::size(refused));
    ASSERT_EQ(lines.size(), 3u) << "said once";
    EXPECT_EQ(lines[1], "dhcp: answer of 10.9.0.1 ignored: yiaddr: an address that no host may have");
    give(home_reply(DhcpType::Ack, transaction(), kMac, ip(223, 255, 255, 254)));
    EXPECT_EQ(address, ip(223, 255, 255, 254));
}

TEST_F(DhcpClientTest, AnAnswerThatCannotBeUsedIsSaidOnceWithItsFieldAndIsNotCalledSilence) {
    client.start(kMac, now);
    auto broken = home_reply(DhcpType::Offer, transaction(), kMac);
    broken.option(51, {1, 2, 3});
    for (int i = 0; i < 12; ++i) {
        give(broken);
        advance_to_deadline();
    }
    EXPECT_EQ(client.ignored(), 12u);
    EXPECT_EQ(lines[1], "dhcp: answer of 10.9.0.1 ignored: lease time (option 51): not 4 bytes");
    EXPECT_EQ(std::ranges::count(lines, lines[1]), 1);
    EXPECT_FALSE(said("no answer from a DHCP server yet"));
    EXPECT_TRUE(said("no answer yet that can be used, trying again in 2 s"));
    give(home_reply(DhcpType::Offer, transaction(), kMac, ip(10, 0, 2, 15), 0));
    EXPECT_EQ(lines.back(), "dhcp: answer of 10.9.0.1 ignored: server identifier (option 54): missing or 0");
    auto cut = broken;
    cut.raw().resize(200);
    give(cut);
    EXPECT_EQ(lines.back(), "dhcp: answer of 10.9.0.1 ignored: message: shorter than its header");
    // Once there is a lease the same is news again; what is for others is not ours to speak of.
    give(home_reply(DhcpType::Offer, transaction(), kMac));
    give(home_reply(DhcpType::Ack, transaction(), kMac));
    advance_to_deadline();
    ASSERT_EQ(client.state(), State::Renewing);
    auto renewal = home_reply(DhcpType::Ack, transaction() + 1, kMac);
    renewal.option(51, {1, 2, 3});
    const std::size_t before = lines.size();
    give(renewal);
    EXPECT_EQ(lines.size(), before);
    renewal.put32(4, transaction());
    give(renewal);
    EXPECT_EQ(lines.back(), "dhcp: answer of 10.9.0.1 ignored: lease time (option 51): not 4 bytes");
    while (client.state() == State::Renewing)
        advance_to_deadline();
    EXPECT_EQ(lines.back(), "dhcp: the server does not answer as it should, asking any");
}

TEST_F(DhcpClientTest, AnAcknowledgementWithoutALeaseTimeIsSaid) {
    client.start(kMac, now);
    give(home_reply(DhcpType::Offer, transaction(), kMac));
    auto none = home_reply(DhcpType::Ack, transaction(), kMac);
    none.option32(51, 0);
    for (int i = 0; i < 4; ++i) {
        give(none);
        advance_to_deadline();
    }
    EXPECT_EQ(client.state(), State::Discovering);
    EXPECT_EQ(client.ignored(), 4u);
    ASSERT_EQ(lines.size(), 5u);
    EXPECT_EQ(lines[2], "dhcp: answer of 10.9.0.1 ignored: lease time (option 51): missing or 0");
    EXPECT_EQ(lines[3], "dhcp: the server offered and then did not answer as it should");
}

TEST_F(DhcpClientTest, OptionsThatAreNotUsedAreSaidAndTheRestIs) {
    const auto answer = [&](DhcpType type) {
        auto message = home_reply(type, transaction(), kMac);
        message.option(26, {0, 67}).option(121, {0x40, 1, 2, 3});
        return message;
    };
    client.start(kMac, now);
    give(answer(DhcpType::Offer));
    give(answer(DhcpType::Ack));
    EXPECT_EQ(address, ip(10, 0, 2, 15));
    ASSERT_EQ(lines.size(), 5u);
    EXPECT_EQ(lines[2], "dhcp: option of 10.9.0.1 not used: MTU (option 26): below 576");
    EXPECT_EQ(lines[3], "dhcp: option of 10.9.0.1 not used: static routes (option 121): malformed");
    EXPECT_NE(lines[4].find("gateway 10.0.2.2"), std::string::npos) << lines[4];
    EXPECT_EQ(client.ignored(), 2u);
    advance_to_deadline();
    give(answer(DhcpType::Ack));
    EXPECT_EQ(lines.size(), 7u) << "renewing, renewed";
    EXPECT_EQ(client.ignored(), 4u);
}

TEST_F(DhcpClientTest, AShortLeaseIsNeverHeldBeyondItsEnd) {
    for (const std::uint32_t seconds : {1u, 2u, 5u, 9u}) {
        MacAddress mac = kMac;
        mac[5] = static_cast<std::uint8_t>(seconds);   // another device: from the beginning
        client.start(mac, now);
        const auto answer = [&](DhcpType type) {
            auto message = home_reply(type, transaction(), mac);
            message.option32(51, seconds);
            return message;
        };
        give(answer(DhcpType::Offer));
        const std::uint64_t requested = now;
        now += kSecond / 2;   // the answer took that long
        give(answer(DhcpType::Ack));
        ASSERT_EQ(client.state(), State::Bound);
        while (client.has_lease())
            advance_to_deadline();
        EXPECT_EQ(now - requested, seconds * kSecond);
        EXPECT_EQ(address, 0u);
    }
}

TEST_F(DhcpClientTest, AShortLeaseIsRenewedWithoutALineEachTimeAndOneThatIsOverIsNotTaken) {
    client.start(kMac, now);
    const auto answer = [&](DhcpType type) {
        auto message = home_reply(type, transaction(), kMac);
        message.option32(51, 4);
        return message;
    };
    give(answer(DhcpType::Offer));
    give(answer(DhcpType::Ack));
    for (int i = 0; i < 20; ++i) {
        advance_to_deadline();
        ASSERT_EQ(client.state(), State::Renewing);
        give(answer(DhcpType::Ack));
        ASSERT_EQ(client.state(), State::Bound);
    }
    EXPECT_EQ(lines.size(), 5u);
    advance_to_deadline();
    now += 4 * kSecond;
    give(answer(DhcpType::Ack));
    EXPECT_EQ(client.state(), State::Renewing);
    EXPECT_EQ(lines.back(), "dhcp: answer of 10.9.0.1 ignored: lease time (option 51): over before the answer came");
    client.tick(now);
    EXPECT_EQ(address, 0u) << "the old one is over as well";
}

TEST_F(DhcpClientTest, NothingHappensBeforeTheDeadlineOrBeforeTheStart) {
    client.tick(now);
    client.receive(home_reply(DhcpType::Offer, 0, kMac).bytes(), 0, now);
    EXPECT_TRUE(sent.empty());
    client.start(kMac, now);
    client.tick(now + 1);
    EXPECT_EQ(sent.size(), 1u);
}

}  // namespace
}  // namespace capos::netcore
