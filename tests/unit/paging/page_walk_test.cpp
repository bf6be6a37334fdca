#include "kernel/arch/x86_64/page_walk.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <set>

namespace capos::kernel::arch {
namespace {

// Frames of the host, counted; after `allowed` of them there are no more.
class Frames final : public FrameSource {
public:
    ~Frames() {
        for (void* frame : out_) std::free(frame);
    }
    Result<PhysAddr> take_frame() override {
        if (allowed == 0) return Error::QuotaExceeded;
        --allowed;
        void* frame = std::aligned_alloc(kPageSize, kPageSize);
        std::memset(frame, 0, kPageSize);
        out_.insert(frame);
        return PhysAddr{reinterpret_cast<std::uint64_t>(frame)};
    }
    void give_frame(PhysAddr frame) override {
        void* memory = direct(frame);
        ASSERT_EQ(out_.erase(memory), 1u);
        std::free(memory);
        ++allowed;
    }
    std::size_t out() const { return out_.size(); }

    std::size_t allowed = 100'000;

private:
    std::set<void*> out_;
};

struct Space {
    Frames frames;
    std::uint64_t root = static_cast<std::uint64_t>(*frames.take_frame());

    Result<std::uint64_t> map(UserAddr address, std::uint64_t frame, Protection protection = Protection::ReadWrite) {
        return place_leaf(root, frames, address, frame | leaf_flags(protection));
    }
};

TEST(PageWalkTest, OneWritableExecutablePageIsFoundAmongMany) {
    Space space;
    for (const Protection protection : {Protection::Read, Protection::ReadWrite, Protection::ReadExecute})
        for (UserAddr address = 0x400000; address < 0x800000; address += kPageSize)
            ASSERT_TRUE(space.map(address + static_cast<UserAddr>(protection) * 0x4000'0000, 0x1234000, protection));
    EXPECT_TRUE(keeps_write_xor_execute(space.root));
    std::uint64_t* leaf = find_leaf(space.root, 0x600000);
    *leaf |= kEntryWritable;
    EXPECT_TRUE(keeps_write_xor_execute(space.root));
    *leaf &= ~kEntryNoExecute;
    EXPECT_FALSE(keeps_write_xor_execute(space.root));
    *leaf &= ~kEntryWritable;
    EXPECT_TRUE(keeps_write_xor_execute(space.root));
    // A large page too.
    std::uint64_t* table = table_at(table_at(space.root)[0]);
    table[7] = 0x4000'0000 | kEntryPresent | kEntryLarge | kEntryWritable;
    EXPECT_FALSE(keeps_write_xor_execute(space.root));
    table[7] = 0;
}

TEST(PageWalkTest, APageIsFoundWhereItWasPlacedAndNowhereElse) {
    Space space;
    ASSERT_TRUE(space.map(0x400000, 0x1234000));
    ASSERT_NE(find_leaf(space.root, 0x400000), nullptr);
    EXPECT_EQ(*find_leaf(space.root, 0x400000) & kEntryFrame, 0x1234000u);
    EXPECT_EQ(*find_leaf(space.root, 0x401000), 0u);
    EXPECT_EQ(find_leaf(space.root, 0x40000000), nullptr);
    EXPECT_EQ(find_leaf(space.root, kUserLimit - kPageSize), nullptr);
}

TEST(PageWalkTest, NoProtectionIsWritableAndExecutable) {
    for (Protection protection : {Protection::Read, Protection::ReadWrite, Protection::ReadExecute}) {
        const std::uint64_t flags = leaf_flags(protection);
        EXPECT_TRUE((flags & kEntryPresent) != 0 && (flags & kEntryUser) != 0);
        EXPECT_FALSE((flags & kEntryWritable) != 0 && (flags & kEntryNoExecute) == 0);
        EXPECT_EQ((flags & kEntryWritable) != 0, protection == Protection::ReadWrite);
        EXPECT_EQ((flags & kEntryNoExecute) == 0, protection == Protection::ReadExecute);
        EXPECT_EQ(flags & kEntryGlobal, 0u);
    }
}

TEST(PageWalkTest, ATakenPlaceIsRefusedAndKeepsWhatItHas) {
    Space space;
    ASSERT_TRUE(space.map(0x400000, 0x1000));
    EXPECT_EQ(space.map(0x400000, 0x2000).error(), Error::AlreadyExists);
    EXPECT_EQ(*find_leaf(space.root, 0x400000) & kEntryFrame, 0x1000u);
}

TEST(PageWalkTest, NeighboursShareTheirTables) {
    Space space;
    ASSERT_TRUE(space.map(0x400000, 0x1000));
    const std::size_t before = space.frames.out();
    for (UserAddr address = 0x401000; address < 0x600000; address += kPageSize) ASSERT_TRUE(space.map(address, 0x1000));
    EXPECT_EQ(space.frames.out(), before);
    ASSERT_TRUE(space.map(0x600000, 0x1000));
    EXPECT_EQ(space.frames.out(), before + 1);
}

TEST(PageWalkTest, WhenTablesRunOutNothingIsChanged) {
    for (std::size_t allowed = 0; allowed < 3; ++allowed) {
        Space space;
        space.frames.allowed = allowed;
        const std::size_t before = space.frames.out();
        EXPECT_EQ(space.map(0x7000'0000'0000, 0x1000).error(), Error::QuotaExceeded);
        EXPECT_EQ(space.frames.out(), before);
        EXPECT_EQ(find_leaf(space.root, 0x7000'0000'0000), nullptr);
        for (unsigned i = 0; i < kEntries; ++i) EXPECT_EQ(table_at(space.root)[i], 0u);
    }
}

TEST(PageWalkTest, TheSameErrorUnderAnExistingBranchLeavesThatBranchAlone) {
    Space space;
    ASSERT_TRUE(space.map(0x400000, 0x5000));
    space.frames.allowed = 0;
    EXPECT_FALSE(space.map(0x600000, 0x1000));
    EXPECT_FALSE(space.map(0x4000'0000'0000, 0x1000));
    EXPECT_TRUE(space.map(0x401000, 0x6000));
    EXPECT_EQ(*find_leaf(space.root, 0x400000) & kEntryFrame, 0x5000u);
}

TEST(PageWalkTest, EveryTableComesBackAndTheKernelsHalfIsLeftAlone) {
    Frames frames;
    const std::uint64_t root = static_cast<std::uint64_t>(*frames.take_frame());
    const std::uint64_t kernels = static_cast<std::uint64_t>(*frames.take_frame());
    table_at(root)[kEntries - 1] = kernels | kEntryPresent | kEntryWritable;
    std::mt19937_64 random(3);
    for (int i = 0; i < 300; ++i) {
        const UserAddr address = (kUserFirst + random() % (kUserLimit - kUserFirst)) & ~(kPageSize - 1);
        (void)place_leaf(root, frames, address, 0x1000 | leaf_flags(Protection::Read));
    }
    EXPECT_GT(frames.out(), 300u);
    // In steps, each of which does no more than it was told to.
    std::size_t left = frames.out();
    while (!give_tables(root, frames, 100)) {
        EXPECT_EQ(frames.out(), left - 100);
        left = frames.out();
    }
    EXPECT_EQ(frames.out(), 1u);
    frames.give_frame(PhysAddr{kernels});
}

TEST(PageWalkTest, ReadingCrossesPagesAsTheProgramWould) {
    Space space;
    const std::uint64_t first = static_cast<std::uint64_t>(*space.frames.take_frame());
    const std::uint64_t second = static_cast<std::uint64_t>(*space.frames.take_frame());
    std::memset(direct(PhysAddr{first}), 'a', kPageSize);
    std::memset(direct(PhysAddr{second}), 'b', kPageSize);
    ASSERT_TRUE(space.map(0x400000, second));
    ASSERT_TRUE(space.map(0x401000, first, Protection::ReadExecute));
    char text[8];
    ASSERT_TRUE(read_through(space.root, 0x401000 - 4, text, sizeof text));
    EXPECT_EQ(std::string_view(text, 8), "bbbbaaaa");
    EXPECT_TRUE(read_through(space.root, 0x402000 - 8, text, 8));
    EXPECT_FALSE(read_through(space.root, 0x402000 - 7, text, 8));
    EXPECT_FALSE(read_through(space.root, 0x400000 - 1, text, 8));
    EXPECT_TRUE(read_through(space.root, 0x10, text, 0));
}

TEST(PageWalkTest, ReadingNeverReachesTheKernelsHalf) {
    Space space;
    char byte;
    EXPECT_FALSE(read_through(space.root, kUserLimit, &byte, 1));
    EXPECT_FALSE(read_through(space.root, kUserLimit - 1, &byte, 2));
    EXPECT_FALSE(read_through(space.root, ~std::uint64_t{0}, &byte, 1));
    EXPECT_FALSE(read_through(space.root, 0x400000, &byte, ~std::size_t{0}));
    // A leaf that is not the program's, should one ever stand there.
    ASSERT_TRUE(place_leaf(space.root, space.frames, 0x400000, 0x1000 | kEntryPresent));
    EXPECT_FALSE(read_through(space.root, 0x400000, &byte, 1));
}

TEST(PageWalkTest, AHugePageShowsNothingOfANeighbour) {
    constexpr std::uint64_t kMegabyte = 1 << 20;
    constexpr MemoryRange whole{kHugePage, 2 * kHugePage};
    EXPECT_TRUE(huge_page_fits(whole, kHugePage) && huge_page_fits(whole, 2 * kHugePage));
    EXPECT_FALSE(huge_page_fits(whole, 3 * kHugePage) || huge_page_fits(whole, kHugePage + 2 * kMegabyte));
    // A neighbour in the last or the first large page of it.
    EXPECT_FALSE(huge_page_fits({kHugePage, kHugePage - kPageSize}, kHugePage));
    EXPECT_FALSE(huge_page_fits({kHugePage + kPageSize, 2 * kHugePage}, kHugePage));
    EXPECT_TRUE(huge_page_fits({kHugePage + kPageSize, 2 * kHugePage}, 2 * kHugePage));
}

TEST(PageWalkTest, ItAgreesWithAMapOverManyRandomSteps) {
    Space space;
    std::map<UserAddr, std::uint64_t> model;
    std::mt19937_64 random(11);
    for (int step = 0; step < 20000; ++step) {
        const UserAddr address = (random() % 4 << 39 | random() % 3 << 30 | random() % 3 << 21 | random() % 64 << 12) + 0x1000;
        if (random() % 3 == 0) {
            std::uint64_t* leaf = find_leaf(space.root, address);
            if (leaf != nullptr) *leaf = 0;
            model.erase(address);
        } else {
            const std::uint64_t frame = (random() & 0xfffff) << 12;
            const bool placed = space.map(address, frame).has_value();
            ASSERT_EQ(placed, model.emplace(address, frame).second);
        }
    }
    for (const auto& [address, frame] : model) ASSERT_EQ(*find_leaf(space.root, address) & kEntryFrame, frame);
    EXPECT_TRUE(give_tables(space.root, space.frames, ~std::uint64_t{0}));
    EXPECT_EQ(space.frames.out(), 0u);
}

}  // namespace
}  // namespace capos::kernel::arch
