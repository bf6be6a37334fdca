#include "kernel/boot/range_set.hpp"

#include <gtest/gtest.h>

#include <bitset>
#include <random>
#include <vector>

namespace capos::kernel::boot {
namespace {

using Pairs = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

Pairs pairs_of(const RangeSet& set) {
    Pairs pairs;
    for (const MemoryRange& range : set.ranges()) pairs.emplace_back(range.base, range.base + range.bytes);
    return pairs;
}

TEST(RangeSetTest, RangesComeOutSortedWhateverTheOrderTheyWentIn) {
    RangeSet set;
    set.add(0x9000, 0x1000);
    set.add(0x1000, 0x1000);
    set.add(0x5000, 0x1000);
    EXPECT_EQ(pairs_of(set), (Pairs{{0x1000, 0x2000}, {0x5000, 0x6000}, {0x9000, 0xa000}}));
}

TEST(RangeSetTest, OverlappingAndTouchingRangesBecomeOne) {
    RangeSet set;
    set.add(0x1000, 0x2000);
    set.add(0x5000, 0x1000);
    set.add(0x3000, 0x1000);
    set.add(0x3800, 0x1000);
    EXPECT_EQ(pairs_of(set), (Pairs{{0x1000, 0x4800}, {0x5000, 0x6000}}));
    set.add(0, 0x10000);
    EXPECT_EQ(pairs_of(set), (Pairs{{0, 0x10000}}));
}

TEST(RangeSetTest, ACutInTheMiddleLeavesBothEnds) {
    RangeSet set;
    set.add(0x1000, 0x9000);
    set.cut(0x4000, 0x1000);
    EXPECT_EQ(pairs_of(set), (Pairs{{0x1000, 0x4000}, {0x5000, 0xa000}}));
}

TEST(RangeSetTest, ACutAcrossRangesTakesWhatItCovers) {
    RangeSet set;
    set.add(0x1000, 0x1000);
    set.add(0x3000, 0x1000);
    set.add(0x5000, 0x1000);
    set.cut(0x1800, 0x4000);
    EXPECT_EQ(pairs_of(set), (Pairs{{0x1000, 0x1800}, {0x5800, 0x6000}}));
}

TEST(RangeSetTest, ARangeThatWrapsEndsAtThePhysicalLimit) {
    RangeSet set;
    set.add(0x1000, ~std::uint64_t{0});
    EXPECT_EQ(pairs_of(set), (Pairs{{0x1000, kPhysicalLimit}}));
    set.cut(0x2000, ~std::uint64_t{0});
    EXPECT_EQ(pairs_of(set), (Pairs{{0x1000, 0x2000}}));
    set.add(~std::uint64_t{0} - 5, 100);
    EXPECT_EQ(set.ranges().size(), 1u);
}

TEST(RangeSetTest, PartialPagesAreLostWhenRoundedToPages) {
    RangeSet set;
    set.add(0x0fff, 0x1002);
    set.add(0x5001, 0x1ffe);
    set.add(0x9000, 0xfff);
    set.round_to_pages();
    EXPECT_EQ(pairs_of(set), (Pairs{{0x1000, 0x2000}}));
}

TEST(RangeSetTest, AFullSetDropsItsSmallestRangeAndCountsIt) {
    RangeSet set;
    for (std::uint64_t i = 0; i < RangeSet::kCapacity; ++i) set.add(i * 0x10000, 0x1000 + (i == 7 ? 0 : 0x1000));
    EXPECT_EQ(set.dropped(), 0u);
    set.add(0x10000000, 0x5000);
    EXPECT_EQ(set.dropped(), 1u);
    EXPECT_EQ(set.ranges().size(), RangeSet::kCapacity);
    EXPECT_FALSE(set.contains(7 * 0x10000, 0x1000));
    EXPECT_TRUE(set.contains(0x10000000, 0x5000));
    set.add(0x20000000, 0x10);
    EXPECT_FALSE(set.contains(0x20000000, 0x10));
}

TEST(RangeSetTest, ItAgreesWithABitmapOverManyRandomSteps) {
    std::mt19937 random(1);
    for (int round = 0; round < 200; ++round) {
        RangeSet set;
        std::bitset<200> model;
        for (int step = 0; step < 60; ++step) {
            const std::uint64_t base = random() % 190, bytes = random() % 12;
            const bool adding = random() % 3 != 0;
            if (adding) set.add(base, bytes);
            else set.cut(base, bytes);
            for (std::uint64_t i = base; i < base + bytes && i < model.size(); ++i) model[i] = adding;
        }
        std::uint64_t previous_end = 0;
        bool first = true;
        std::bitset<220> covered;
        for (const MemoryRange& range : set.ranges()) {
            ASSERT_GT(range.bytes, 0u);
            ASSERT_TRUE(first || range.base > previous_end);
            first = false;
            previous_end = range.base + range.bytes;
            for (std::uint64_t i = range.base; i < previous_end; ++i) covered[i] = true;
        }
        for (std::size_t i = 0; i < model.size(); ++i) ASSERT_EQ(model[i], covered[i]) << i;
    }
}

}  // namespace
}  // namespace capos::kernel::boot
