#include "lib/netcore/packet_memory.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

namespace capos::netcore {
namespace {

struct PacketMemoryTest : testing::Test {
    std::vector<std::byte> region = std::vector<std::byte>(9 * PacketMemory::kSlabBytes);
    PacketMemory memory;
    void SetUp() override { ASSERT_TRUE(memory.adopt(region)); }
};

TEST_F(PacketMemoryTest, EverySizeIsAlignedAndBigEnoughAndInsideTheRegion) {
    for (std::size_t bytes = 0; bytes <= PacketMemory::kLargest; bytes += bytes < 300 ? 1 : 37) {
        auto* block = static_cast<std::byte*>(memory.allocate(bytes));
        ASSERT_NE(block, nullptr) << bytes;
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 16, 0u);
        ASSERT_GE(block, region.data());
        ASSERT_LE(block + bytes, region.data() + region.size());
        std::memset(block, 0xa5, bytes);
        memory.release(block);
    }
    EXPECT_EQ(memory.used(), 0u);
    EXPECT_EQ(memory.allocate(PacketMemory::kLargest + 1), nullptr);
    EXPECT_EQ(memory.failures(), 1u);
}

TEST_F(PacketMemoryTest, BlocksNeverOverlapAndAllComeBack) {
    std::mt19937 random(3);
    struct Block {
        std::uint8_t* at;
        std::size_t bytes;
        std::uint8_t mark;
    };
    std::vector<Block> blocks;
    for (int round = 0; round < 40000; ++round) {
        if (random() % 2 && !blocks.empty()) {
            const std::size_t victim = random() % blocks.size();
            for (std::size_t i = 0; i < blocks[victim].bytes; ++i)
                ASSERT_EQ(blocks[victim].at[i], blocks[victim].mark);
            memory.release(blocks[victim].at);
            blocks[victim] = blocks.back();
            blocks.pop_back();
        } else {
            const std::size_t bytes = random() % (random() % 4 ? 300 : 3000);
            auto* at = static_cast<std::uint8_t*>(memory.allocate(bytes));
            if (at == nullptr)
                continue;
            const auto mark = static_cast<std::uint8_t>(random());
            std::memset(at, mark, bytes);
            blocks.push_back({at, bytes, mark});
        }
    }
    EXPECT_GT(memory.failures(), 0u) << "the region was to be filled";
    for (const Block& block : blocks)
        memory.release(block.at);
    EXPECT_EQ(memory.used(), 0u);
    EXPECT_FALSE(memory.scarce(2)) << "slabs that became empty serve any size again";
}

TEST_F(PacketMemoryTest, MemoryOfOneSizeServesAnotherOnceFree) {
    std::vector<void*> small;
    while (void* block = memory.allocate(64))
        small.push_back(block);
    EXPECT_EQ(memory.allocate(4000), nullptr);
    EXPECT_TRUE(memory.scarce(8));
    for (void* block : small)
        memory.release(block);
    EXPECT_NE(memory.allocate(4000), nullptr);
    EXPECT_GE(memory.peak(), 8 * 16000u);
}

TEST_F(PacketMemoryTest, NothingIsReleasedTwiceByANullPointer) {
    memory.release(nullptr);
    EXPECT_EQ(memory.used(), 0u);
}

TEST(PacketMemoryCreationTest, RegionWithoutAWholeSlabIsRefused) {
    std::vector<std::byte> tiny(PacketMemory::kSlabBytes - 1);
    PacketMemory memory;
    EXPECT_EQ(memory.adopt(tiny).error(), Error::InvalidArgument);
    EXPECT_EQ(memory.allocate(1), nullptr);
}

}  // namespace
}  // namespace capos::netcore
