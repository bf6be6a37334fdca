// The slab and the ledgers, with the kernel's own pages of cells.
#include "kernel/mem/slab.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <set>
#include <vector>

#include "kernel/mem/accounts.hpp"
#include "tests/kernel_host/system.hpp"

namespace capos::kernel {
namespace {

using test::memory;

struct Things {
    std::uint64_t words[20];
};

TEST(CellPoolTest, CellsAreZeroedAlignedAndApart) {
    static CellPool pool(100);
    EXPECT_EQ(pool.cell_bytes(), 128u);
    std::set<std::uint64_t> seen;
    std::vector<void*> cells;
    for (int i = 0; i < 200; ++i) {
        auto* cell = static_cast<unsigned char*>(pool.take());
        ASSERT_NE(cell, nullptr);
        EXPECT_EQ(reinterpret_cast<std::uint64_t>(cell) % 64, 0u);
        EXPECT_TRUE(seen.insert(reinterpret_cast<std::uint64_t>(cell)).second);
        for (int at = 0; at < 128; ++at) ASSERT_EQ(cell[at], 0);
        std::memset(cell, 0xee, 128);
        cells.push_back(cell);
    }
    for (void* cell : cells) pool.give(cell);
}

TEST(CellPoolTest, EmptyPagesGoBackButOne) {
    const std::uint64_t before = CellPool::pages_in_use();
    const std::uint64_t frames = memory().used;
    static CellPool pool(1000);
    std::vector<void*> cells;
    for (int i = 0; i < 30; ++i) cells.push_back(pool.take());
    EXPECT_EQ(CellPool::pages_in_use() - before, 10u);
    std::mt19937 random(3);
    std::shuffle(cells.begin(), cells.end(), random);
    for (void* cell : cells) pool.give(cell);
    EXPECT_EQ(CellPool::pages_in_use() - before, 1u);
    EXPECT_EQ(memory().used - frames, 1u);
    void* again = pool.take();
    EXPECT_EQ(CellPool::pages_in_use() - before, 1u);
    pool.give(again);
}

TEST(CellPoolTest, RandomUseKeepsEveryCellItsOwn) {
    static CellPool pool(200);
    std::mt19937 random(5);
    std::vector<std::pair<unsigned char*, unsigned char>> out;
    for (int step = 0; step < 20'000; ++step) {
        if (out.empty() || random() % 100 < 52) {
            auto* cell = static_cast<unsigned char*>(pool.take());
            const auto mark = static_cast<unsigned char>(random());
            std::memset(cell, mark, 200);
            out.emplace_back(cell, mark);
        } else {
            std::swap(out[random() % out.size()], out.back());
            for (int at = 0; at < 200; ++at) ASSERT_EQ(out.back().first[at], out.back().second);
            pool.give(out.back().first);
            out.pop_back();
        }
    }
    for (auto& [cell, mark] : out) pool.give(cell);
}

TEST(CellPoolTest, WithoutAFrameThereIsNoCell) {
    static CellPool pool(3000);
    memory().takes_until_failure = 0;
    EXPECT_EQ(pool.take(), nullptr);
    memory().takes_until_failure = ~std::uint64_t{0};
}

class LedgerTest : public testing::Test {
protected:
    LedgerTest() : root(*Ledger::create_root(100, 10'000)) {}
    ~LedgerTest() override { root->release(); }
    Ledger* root;
};

TEST_F(LedgerTest, ChargesUpToTheLimitAndRefusesBeyond) {
    EXPECT_TRUE(root->charge(Resource::Pages, 60).has_value());
    EXPECT_EQ(root->charge(Resource::Pages, 41).error(), Error::QuotaExceeded);
    EXPECT_EQ(root->charge(Resource::Pages, ~std::uint64_t{0}).error(), Error::QuotaExceeded);
    EXPECT_EQ(root->refusals(), 2u);
    EXPECT_TRUE(root->charge(Resource::Pages, 40).has_value());
    EXPECT_EQ(root->used(Resource::Pages), 100u);
    root->credit(Resource::Pages, 100);
    EXPECT_EQ(root->used(Resource::Pages), 0u);
}

TEST_F(LedgerTest, ASplitShareComesBackWhenItsLastUserIsGone) {
    const std::uint64_t charged = Ledger::charged_pages();
    Ledger* child = *root->split(50, 5'000);
    EXPECT_EQ(root->used(Resource::Pages), 50u);
    EXPECT_EQ(root->split(51, 0).error(), Error::QuotaExceeded);
    EXPECT_EQ(root->split(0, 5'001).error(), Error::QuotaExceeded);
    Ledger* grandchild = *child->split(20, 1'000);
    EXPECT_TRUE(grandchild->charge(Resource::Pages, 5).has_value());
    EXPECT_EQ(Ledger::charged_pages() - charged, 5u);
    child->release();                                  // its child still lives on its share
    EXPECT_EQ(root->used(Resource::Pages), 50u);
    grandchild->credit(Resource::Pages, 5);
    grandchild->release();
    EXPECT_EQ(root->used(Resource::Pages), 0u);
    EXPECT_EQ(root->used(Resource::ObjectBytes), 0u);
    EXPECT_EQ(Ledger::charged_pages(), charged);
}

TEST_F(LedgerTest, AClosedShareKeepsOnlyWhatIsStillCharged) {
    Ledger* child = *root->split(50, 5'000);
    Ledger* grandchild = *child->split(20, 1'000);
    EXPECT_TRUE(child->charge(Resource::Pages, 3).has_value());
    EXPECT_TRUE(grandchild->charge(Resource::Pages, 2).has_value());
    child->close();
    EXPECT_EQ(root->used(Resource::Pages), 23u);                 // 3, and the grandchild's share
    EXPECT_EQ(child->charge(Resource::Pages, 1).error(), Error::QuotaExceeded);
    grandchild->close();
    EXPECT_EQ(root->used(Resource::Pages), 5u);
    EXPECT_EQ(root->used(Resource::ObjectBytes), 2 * Ledger::object_cost());      // these two
    grandchild->credit(Resource::Pages, 2);
    EXPECT_EQ(root->used(Resource::Pages), 3u);
    child->release();
    child->credit(Resource::Pages, 3);                           // the grandchild keeps it
    grandchild->release();
    EXPECT_EQ(root->used(Resource::Pages), 0u);
    EXPECT_EQ(root->used(Resource::ObjectBytes), 0u);
}

TEST_F(LedgerTest, AShareWithoutRoomForItsOwnLedgerIsRefused) {
    const std::uint64_t each = Ledger::object_cost();
    EXPECT_GT(each, 0u);
    EXPECT_EQ(root->split(0, 10'000).error(), Error::QuotaExceeded);
    EXPECT_EQ(root->split(0, 10'000 - each + 1).error(), Error::QuotaExceeded);
    EXPECT_EQ(root->used(Resource::ObjectBytes), 0u);
    Ledger* all = *root->split(0, 10'000 - each);
    EXPECT_EQ(all->split(0, 10'000 - each).error(), Error::QuotaExceeded);
    all->release();
}

TEST_F(LedgerTest, AnObjectIsChargedAtItsCellAndCreditedWhenItGoes) {
    Things* thing = *Slab<Things>::create(root);
    EXPECT_EQ(root->used(Resource::ObjectBytes), 192u);          // 8 for the ledger, 160 of its own, in cells of 64
    Slab<Things>::destroy(thing);
    EXPECT_EQ(root->used(Resource::ObjectBytes), 0u);
    Ledger* small = *root->split(0, 191);
    EXPECT_EQ(Slab<Things>::create(small).error(), Error::QuotaExceeded);
    small->release();
}

TEST_F(LedgerTest, WithoutMemoryNothingIsCharged) {
    struct Fresh { std::uint64_t words[300]; };
    memory().takes_until_failure = 0;
    EXPECT_EQ(Slab<Fresh>::create(root).error(), Error::OutOfMemory);
    memory().takes_until_failure = ~std::uint64_t{0};
    EXPECT_EQ(root->used(Resource::ObjectBytes), 0u);
}

TEST_F(LedgerTest, ALongLineOfSharesEndsWithoutRecursion) {
    Ledger* last = root;
    root->retain();
    const std::uint64_t each = Ledger::object_cost();
    Ledger* start = *Ledger::create_root(100'000, 50'000 * each);
    last->release();
    last = start;
    for (int i = 0; i < 50'000; ++i) {
        Ledger* next = *last->split(100'000 - static_cast<unsigned>(i) - 1, (50'000 - 1 - static_cast<unsigned>(i)) * each);
        last->release();
        last = next;
    }
    last->release();
}

// The same books as everywhere, with objects in real pages.
TEST(SlabSystemTest, TheBooksBalanceWithObjectsInPages) {
    test::TestSystem* system = new test::TestSystem;
    test::User& user = system->user("user");
    std::vector<abi::Handle> handles;
    for (int i = 0; i < 40; ++i) handles.push_back(user.create_notification());
    EXPECT_EQ(memory_accounts().drift(), 0);
    EXPECT_GT(memory_accounts().slab_pages, 0u);
    for (abi::Handle handle : handles) user.release(handle);
    test::machine().settle();
    EXPECT_EQ(memory_accounts().drift(), 0);
    system->end_all();
    EXPECT_EQ(memory_accounts().drift(), 0);
    EXPECT_EQ(memory_accounts().charged_pages, 0u);
    delete system;
}

}  // namespace
}  // namespace capos::kernel
