#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "tests/unit/frames/arena.hpp"

namespace capos::kernel {
namespace {

constexpr std::uint64_t kMebibyte = 1 << 20;

std::uint64_t number(PhysAddr address) { return static_cast<std::uint64_t>(address); }

struct Machine {
    explicit Machine(std::vector<MemoryRange> ranges, std::size_t bytes = 256 * kMebibyte) : arena(bytes) {
        frames.start(ranges, arena.base());
    }
    test::Arena arena;
    FrameAllocator frames;
};

TEST(FrameAllocatorTest, EveryFrameIsGivenOnceAndLiesInsideTheRanges) {
    Machine machine({{0x1000, 0x9e000}, {0x192000, 4 * kMebibyte}});
    std::map<std::uint64_t, bool> seen;
    const std::uint64_t total = machine.frames.total_frames();
    while (auto frame = machine.frames.take(0)) {
        const std::uint64_t at = number(*frame);
        EXPECT_TRUE((at >= 0x1000 && at < 0x9f000) || (at >= 0x192000 && at < 0x192000 + 4 * kMebibyte)) << at;
        EXPECT_TRUE(seen.emplace(at, true).second);
    }
    EXPECT_EQ(seen.size(), total);
    EXPECT_EQ(machine.frames.free_frames(), 0u);
    EXPECT_EQ(machine.frames.take(0).error(), Error::OutOfMemory);
}

TEST(FrameAllocatorTest, BlocksAreAlignedToTheirSize) {
    Machine machine({{0x3000, 100 * kMebibyte}});
    for (unsigned order = 0; order <= kMaxFrameOrder; ++order) {
        auto block = machine.frames.take(order);
        ASSERT_TRUE(block) << order;
        EXPECT_EQ(number(*block) % (kPageSize << order), 0u) << order;
    }
}

TEST(FrameAllocatorTest, FramesGivenBackMergeToTheLargestBlocksAgain) {
    Machine machine({{8 * kMebibyte - kPageSize, 8 * kMebibyte + kPageSize}});     // one page for the table, then 8 MiB
    std::vector<PhysAddr> taken;
    while (auto frame = machine.frames.take(0)) taken.push_back(*frame);
    ASSERT_EQ(taken.size(), 2048u);
    std::shuffle(taken.begin(), taken.end(), std::mt19937(7));
    for (PhysAddr frame : taken) ASSERT_TRUE(machine.frames.give(frame, 0));
    EXPECT_EQ(machine.frames.free_frames(), 2048u);
    EXPECT_TRUE(machine.frames.take(kMaxFrameOrder));
}

TEST(FrameAllocatorTest, ABlockGivenTwiceIsRefused) {
    Machine machine({{0x100000, 16 * kMebibyte}});
    for (unsigned order : {0u, 3u, kMaxFrameOrder}) {
        auto block = machine.frames.take(order);
        ASSERT_TRUE(block);
        const std::uint64_t before = machine.frames.free_frames();
        EXPECT_TRUE(machine.frames.give(*block, order));
        EXPECT_FALSE(machine.frames.give(*block, order));
        EXPECT_FALSE(machine.frames.give(*block, 0));
        EXPECT_EQ(machine.frames.free_frames(), before + (1u << order));
    }
}

TEST(FrameAllocatorTest, ABlockMayBeGivenBackInParts) {
    Machine machine({{0x100000, 16 * kMebibyte}});
    const std::uint64_t before = machine.frames.free_frames();
    auto block = machine.frames.take(3);
    ASSERT_TRUE(block);
    for (std::uint64_t i = 0; i < 8; ++i) EXPECT_TRUE(machine.frames.give(PhysAddr{number(*block) + i * kPageSize}, 0));
    EXPECT_EQ(machine.frames.free_frames(), before);
    EXPECT_FALSE(machine.frames.give(*block, 3));
}

TEST(FrameAllocatorTest, GivingMoreThanWasTakenIsRefused) {
    Machine machine({{0x100000, 16 * kMebibyte}});
    auto block = machine.frames.take(4);
    ASSERT_TRUE(block);
    ASSERT_TRUE(machine.frames.give(PhysAddr{number(*block) + 8 * kPageSize}, 3));
    EXPECT_FALSE(machine.frames.give(*block, 4));
    EXPECT_TRUE(machine.frames.give(*block, 3));
}

TEST(FrameAllocatorTest, AFreeNeighbourOfATakenFrameIsRefused) {
    Machine machine({{0x100000, 16 * kMebibyte}});
    auto frame = machine.frames.take(0);
    ASSERT_TRUE(frame);
    EXPECT_FALSE(machine.frames.give(PhysAddr{number(*frame) ^ kPageSize}, 0));
    EXPECT_FALSE(machine.frames.give(PhysAddr{number(*frame) & ~kPageSize}, 1));
    EXPECT_TRUE(machine.frames.give(*frame, 0));
}

TEST(FrameAllocatorTest, SingleFramesPutAsideComeForwardWhenALargeBlockNeedsThem) {
    Machine machine({{8 * kMebibyte - kPageSize, 8 * kMebibyte + kPageSize}});
    auto frame = machine.frames.take(0);
    ASSERT_TRUE(frame);
    EXPECT_FALSE(machine.frames.take(kMaxFrameOrder));
    ASSERT_TRUE(machine.frames.give(*frame, 0));
    EXPECT_TRUE(machine.frames.take(kMaxFrameOrder));
}

TEST(FrameAllocatorTest, WhatIsNotTheAllocatorsIsRefused) {
    Machine machine({{0x100000, 16 * kMebibyte}});
    ASSERT_TRUE(machine.frames.take(0));
    EXPECT_FALSE(machine.frames.give(PhysAddr{0}, 0));
    EXPECT_FALSE(machine.frames.give(PhysAddr{0x100000}, 0));                  // the table's own frame
    EXPECT_FALSE(machine.frames.give(PhysAddr{0x100000 + 16 * kMebibyte}, 0)); // beyond the end
    EXPECT_FALSE(machine.frames.give(PhysAddr{15 * kMebibyte}, 0));            // never taken
    EXPECT_FALSE(machine.frames.give(PhysAddr{0x101001}, 0));                  // inside a page
    EXPECT_FALSE(machine.frames.give(PhysAddr{0x101000}, 1));                  // not aligned
    EXPECT_FALSE(machine.frames.give(PhysAddr{0x101000}, kMaxFrameOrder + 1));
    EXPECT_FALSE(machine.frames.give(PhysAddr{~std::uint64_t{0} & ~0xfffull}, 0));
}

TEST(FrameAllocatorTest, AnOrderTooLargeIsRefused) {
    Machine machine({{0x100000, 64 * kMebibyte}});
    EXPECT_EQ(machine.frames.take(kMaxFrameOrder + 1).error(), Error::InvalidArgument);
}

TEST(FrameAllocatorTest, RangesTooSmallForTheirTableAreLeftOut) {
    Machine machine({{0x1000, 0x1000}, {0x5000, 0x2000}});
    EXPECT_EQ(machine.frames.total_frames(), 1u);
    EXPECT_TRUE(machine.frames.take(0));
    EXPECT_FALSE(machine.frames.take(0));
}

TEST(FrameAllocatorTest, AHugeMachineIsTakenOverWithoutTouchingIt) {
    // 256 GiB of address space: anything proportional to it would not come to an end here.
    constexpr std::uint64_t kBytes = std::uint64_t{1} << 38;
    Machine machine({{0x100000, kBytes - 0x100000}}, kBytes);
    EXPECT_GT(machine.frames.total_frames(), std::uint64_t{1} << 25);
    EXPECT_TRUE(machine.frames.take(0));
}

TEST(FrameAllocatorTest, NeighbouringRangesDoNotMerge) {
    Machine machine({{0x100000, kMebibyte}, {0x200000, kMebibyte}});
    std::vector<PhysAddr> taken;
    while (auto frame = machine.frames.take(0)) taken.push_back(*frame);
    for (PhysAddr frame : taken) ASSERT_TRUE(machine.frames.give(frame, 0));
    while (auto block = machine.frames.take(2)) {
        const std::uint64_t at = number(*block);
        EXPECT_TRUE(at + 4 * kPageSize <= 0x200000 || at >= 0x200000);
    }
}

TEST(FrameAllocatorTest, ManyRandomStepsKeepBlocksApartAndTheCountRight) {
    Machine machine({{0x1000, 0x9e000}, {0x192000, 30 * kMebibyte}, {64 * kMebibyte, 5 * kMebibyte}});
    std::mt19937 random(42);
    std::map<std::uint64_t, unsigned> out;      // address -> order
    std::uint64_t out_frames = 0;
    for (int step = 0; step < 40000; ++step) {
        if (random() % 2 == 0 || out.empty()) {
            const unsigned order = random() % 8 == 0 ? random() % (kMaxFrameOrder + 1) : random() % 4;
            auto block = machine.frames.take(order);
            if (!block) continue;
            const std::uint64_t at = number(*block), end = at + (kPageSize << order);
            auto next = out.lower_bound(at);
            ASSERT_TRUE(next == out.end() || next->first >= end);
            if (next != out.begin()) {
                --next;
                ASSERT_LE(next->first + (kPageSize << next->second), at);
            }
            out.emplace(at, order);
            out_frames += 1u << order;
        } else {
            auto victim = out.begin();
            std::advance(victim, random() % std::min<std::size_t>(out.size(), 50));
            ASSERT_TRUE(machine.frames.give(PhysAddr{victim->first}, victim->second));
            out_frames -= 1u << victim->second;
            out.erase(victim);
        }
        ASSERT_EQ(machine.frames.free_frames() + out_frames, machine.frames.total_frames());
    }
}

}  // namespace
}  // namespace capos::kernel
