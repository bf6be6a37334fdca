#include "lib/netcore/checksum.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "lib/netcore/lwip_port.hpp"
#include "lib/netcore/random.hpp"

namespace capos::netcore {
namespace {

// RFC 1071 as it is written: 16-bit words, one at a time.
std::uint16_t reference(const std::uint8_t* bytes, std::size_t length) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < length; i += 2) {
        const std::uint32_t low = bytes[i];
        const std::uint32_t high = i + 1 < length ? bytes[i + 1] : 0;
        sum += low | high << 8;   // memory order on a little-endian machine
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(sum);
}

// 0 and 0xffff are the same number in ones' complement.
std::uint16_t same(std::uint16_t sum) { return sum == 0xffff ? std::uint16_t{0} : sum; }

TEST(ChecksumTest, AgreesWithTheReferenceAtEveryLengthAndAlignment) {
    std::mt19937 random(1);
    std::vector<std::uint8_t> bytes(2048 + 16);
    for (auto& byte : bytes)
        byte = static_cast<std::uint8_t>(random());
    for (std::size_t offset = 0; offset < 9; ++offset)
        for (std::size_t length = 0; length <= 600; ++length)
            ASSERT_EQ(checksum_sum(bytes.data() + offset, length), reference(bytes.data() + offset, length))
                << offset << ' ' << length;
}

TEST(ChecksumTest, CarriesAreNeverLost) {
    std::mt19937 random(2);
    for (int round = 0; round < 2000; ++round) {
        std::vector<std::uint8_t> bytes(random() % 3000, 0xff);
        for (int i = 0; i < 4 && !bytes.empty(); ++i)
            bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random() % 3 ? 0xfe : random());
        ASSERT_EQ(same(checksum_sum(bytes.data(), bytes.size())), same(reference(bytes.data(), bytes.size())));
    }
}

TEST(ChecksumTest, LongestPacketsDoNotOverflow) {
    std::vector<std::uint8_t> bytes(65535, 0xff);
    EXPECT_EQ(same(checksum_sum(bytes.data(), bytes.size())), same(reference(bytes.data(), bytes.size())));
}

TEST(ChecksumTest, CopyingSumsWhatItCopies) {
    std::vector<std::uint8_t> from(1460), to(1460);
    for (std::size_t i = 0; i < from.size(); ++i)
        from[i] = static_cast<std::uint8_t>(i * 7);
    EXPECT_EQ(checksum_copy(to.data(), from.data(), from.size()), reference(from.data(), from.size()));
    EXPECT_EQ(to, from);
}

TEST(SipHashTest, GivesThePublishedVectors) {
    const SipKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
    std::array<std::byte, 15> input;
    for (std::size_t i = 0; i < input.size(); ++i)
        input[i] = static_cast<std::byte>(i);
    EXPECT_EQ(sip_hash(key, input), 0xa129ca6149be45e5u);
    EXPECT_EQ(sip_hash(key, {}), 0x726fdb47dd0e0e31u);
    EXPECT_EQ(sip_hash(key, std::span(input).first(8)), 0x93f5f5799a932462u);
}

TEST(RandomTest, SequenceNumbersDifferByConnectionAndBySecretAndRiseWithTime) {
    const Random one({{1, 2}, {3, 4}});
    const Random other({{1, 2}, {3, 5}});
    const auto first = one.initial_sequence(1, 80, 2, 1000, 0);
    EXPECT_NE(first, one.initial_sequence(1, 80, 2, 1001, 0));
    EXPECT_NE(first, one.initial_sequence(1, 80, 3, 1000, 0));
    EXPECT_NE(first, other.initial_sequence(1, 80, 2, 1000, 0));
    EXPECT_EQ(first + 250, one.initial_sequence(1, 80, 2, 1000, 1'000'000));
}

TEST(RandomTest, NumbersDoNotRepeat) {
    Random random({{1, 2}, {3, 4}});
    std::vector<std::uint64_t> seen;
    for (int i = 0; i < 10000; ++i)
        seen.push_back(random.next());
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
}

TEST(RateLimitTest, LetsABurstPassAndThenTheRate) {
    RateLimit limit(1000, 10);
    const std::uint64_t start = 5'000'000'000;
    int passed = 0;
    for (int i = 0; i < 100; ++i)
        passed += limit.pass(start);
    EXPECT_EQ(passed, 10);
    for (int i = 0; i < 1000; ++i)
        passed += limit.pass(start + static_cast<std::uint64_t>(i) * 100'000);   // ten times the rate, a tenth of a second
    EXPECT_NEAR(passed, 110, 2);
}

}  // namespace
}  // namespace capos::netcore
