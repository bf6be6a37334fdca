#include "runtime/message_area.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace capos::rt {
namespace {

TEST(MessageAreaTest, BlocksAreLargeEnoughAlignedInsideAndApart) {
    MessageArea area;
    ASSERT_TRUE(area.create(28 * 4096));
    std::mt19937 random(1);
    struct Held { AreaBlock block; };
    std::vector<AreaBlock> held;
    for (int step = 0; step < 20000; ++step) {
        if (held.size() > 40 || (!held.empty() && random() % 2 == 0)) {
            std::swap(held[random() % held.size()], held.back());
            area.free(held.back());
            held.pop_back();
            continue;
        }
        const auto bytes = static_cast<std::uint32_t>(1 + random() % (random() % 16 == 0 ? 20000 : 700));
        const auto block = area.allocate(bytes);
        if (!block) continue;
        ASSERT_GE(block->size, bytes);
        ASSERT_EQ(block->offset % 8, 0u);
        ASSERT_LE(block->offset + block->size, area.total_bytes());
        for (const AreaBlock& other : held)
            ASSERT_TRUE(block->offset >= other.offset + other.size || other.offset >= block->offset + block->size);
        held.push_back(*block);
    }
    for (const AreaBlock& block : held) area.free(block);
    EXPECT_EQ(area.used_bytes(), 0u);
}

TEST(MessageAreaTest, FreedPiecesJoinToTheWholeAgain) {
    MessageArea area;
    ASSERT_TRUE(area.create(64 * 4096));
    std::vector<AreaBlock> small;
    while (auto block = area.allocate(128)) small.push_back(*block);
    EXPECT_EQ(area.used_bytes(), area.total_bytes());
    EXPECT_FALSE(area.allocate(1));
    for (const AreaBlock& block : small) area.free(block);
    EXPECT_TRUE(area.allocate(64 * 4096));
}

TEST(MessageAreaTest, ABlockIsNotRoundedUpByMoreThanAQuarter) {
    MessageArea area;
    ASSERT_TRUE(area.create(256 * 4096));
    for (std::uint32_t bytes = 4096; bytes < 200000; bytes += 777) {
        const auto block = area.allocate(bytes);
        ASSERT_TRUE(block);
        EXPECT_LE(block->size, bytes + bytes / 4 + 128);
        area.free(*block);
    }
}

TEST(MessageAreaTest, AnAreaThatIsNoPowerOfTwoIsUsedWhole) {
    MessageArea area;
    ASSERT_TRUE(area.create(13 * 4096));
    std::uint32_t total = 0;
    while (area.allocate(4096)) total += 4096;
    EXPECT_EQ(total, 13u * 4096);
}

TEST(MessageAreaTest, ImpossibleSizesAreRefused) {
    MessageArea area;
    EXPECT_EQ(area.create(100).error(), Error::InvalidArgument);
    EXPECT_EQ(area.create(8 * 1024 * 1024).error(), Error::InvalidArgument);
    ASSERT_TRUE(area.create(4096));
    EXPECT_EQ(area.allocate(5000).error(), Error::Exhausted);
    const auto nothing = area.allocate(0);
    ASSERT_TRUE(nothing);
    EXPECT_FALSE(*nothing);
    area.free(*nothing);
}

}  // namespace
}  // namespace capos::rt
