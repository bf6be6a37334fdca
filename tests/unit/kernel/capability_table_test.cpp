#include "kernel/cap/table.hpp"

#include <gtest/gtest.h>

#include <array>

namespace capos::kernel {
namespace {

constexpr Work kPlenty(std::uint64_t{1} << 40);

class Thing final : public Object {
public:
    std::uint64_t interface_id() const override { return 7; }
    Outcome call(KernelCall&) override { return Outcome::Done; }
    void describe(TextWriter&) const override {}
    unsigned destroyed = 0;

private:
    void destroy() override { ++destroyed; }
};

class CapabilityTableTest : public testing::Test {
protected:
    CapabilityTableTest() { table.create(slots); }
    ~CapabilityTableTest() override {
        clear();
        kept = {};
        Reaper::run(kPlenty);
    }
    void clear() {
        Work plenty = kPlenty;
        EXPECT_TRUE(table.clear(plenty));
    }
    abi::Handle insert() {
        auto handle = table.insert(Ref<Object>(thing), 7);
        EXPECT_TRUE(handle.has_value());
        return *handle;
    }
    Error error_of(abi::Handle handle) {
        auto found = table.look_up(handle);
        return found ? Error::None : found.error();
    }

    std::array<CapabilityTable::Slot, 4> slots{};
    CapabilityTable table;
    Thing thing;
    Ref<Object> kept{thing};
};

TEST_F(CapabilityTableTest, AHandleNamesItsSlotUntilItIsRemoved) {
    const abi::Handle handle = insert();
    ASSERT_EQ(error_of(handle), Error::None);
    EXPECT_EQ(table[*table.look_up(handle)].object, &thing);
    EXPECT_EQ(table[*table.look_up(handle)].interface_id, 7u);
    table.remove(*table.look_up(handle));
    EXPECT_EQ(error_of(handle), Error::StaleHandle);
    EXPECT_EQ(thing.references(), 1u);
}

TEST_F(CapabilityTableTest, AReusedSlotDoesNotAnswerToItsOldHandle) {
    const abi::Handle first = insert();
    table.remove(*table.look_up(first));
    const abi::Handle second = insert();
    EXPECT_EQ(static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(second));
    EXPECT_NE(first, second);
    EXPECT_EQ(error_of(first), Error::StaleHandle);
    EXPECT_EQ(error_of(second), Error::None);
}

TEST_F(CapabilityTableTest, HandleZeroAndSlotsOutOfRangeAreBad) {
    insert();
    EXPECT_EQ(error_of(abi::kNoHandle), Error::BadHandle);
    EXPECT_EQ(error_of(0), Error::BadHandle);
    EXPECT_EQ(error_of(std::uint64_t{1} << 32 | 4), Error::BadHandle);
    EXPECT_EQ(error_of(~std::uint64_t{0}), Error::BadHandle);
    EXPECT_EQ(error_of(1), Error::BadHandle);                          // generation 0
}

TEST_F(CapabilityTableTest, AGenerationThatHasNotBeenHandedOutIsRefused) {
    EXPECT_EQ(error_of(std::uint64_t{1} << 32 | 2), Error::BadHandle);
    EXPECT_EQ(error_of(std::uint64_t{9} << 32 | 2), Error::StaleHandle);
}

TEST_F(CapabilityTableTest, ASlotWhoseGenerationsAreUsedUpIsRetired) {
    const abi::Handle handle = insert();
    slots[0].generation = 0xffffffff;
    table.remove(*table.look_up(std::uint64_t{0xffffffff} << 32 | static_cast<std::uint32_t>(handle)));
    EXPECT_EQ(slots[0].generation, 0u);
    for (int i = 0; i < 3; ++i) EXPECT_NE(static_cast<std::uint32_t>(insert()), 0u);
    EXPECT_EQ(table.insert(Ref<Object>(thing), 7).error(), Error::NoSlots);
    EXPECT_EQ(error_of(0), Error::BadHandle);
    EXPECT_EQ(error_of(handle), Error::StaleHandle);
    clear();
}

TEST_F(CapabilityTableTest, AFullTableRefuses) {
    for (int i = 0; i < 4; ++i) insert();
    EXPECT_EQ(table.used(), 4u);
    EXPECT_EQ(table.insert(Ref<Object>(thing), 7).error(), Error::NoSlots);
    EXPECT_EQ(thing.references(), 5u);
    clear();
}

TEST_F(CapabilityTableTest, ReservedSlotsAreKeptFromOthers) {
    ASSERT_TRUE(table.reserve(3).has_value());
    insert();
    EXPECT_EQ(table.insert(Ref<Object>(thing), 7).error(), Error::NoSlots);
    EXPECT_EQ(table.reserve(1).error(), Error::NoSlots);
    const abi::Handle reserved = table.insert_reserved(Ref<Object>(thing), 9);
    EXPECT_EQ(error_of(reserved), Error::None);
    EXPECT_EQ(table.reserved(), 2u);
    table.unreserve(2);
    EXPECT_TRUE(table.insert(Ref<Object>(thing), 7).has_value());
    clear();
}

TEST_F(CapabilityTableTest, ReservingMoreThanThereIsReservesNothing) {
    EXPECT_EQ(table.reserve(5).error(), Error::NoSlots);
    EXPECT_EQ(table.reserve(0xffffffff).error(), Error::NoSlots);
    EXPECT_EQ(table.reserved(), 0u);
    EXPECT_TRUE(table.reserve(4).has_value());
}

TEST_F(CapabilityTableTest, ASlotInTransitIsUnusableUntilTheMoveEnds) {
    const abi::Handle handle = insert();
    table.begin_move(*table.look_up(handle));
    EXPECT_EQ(error_of(handle), Error::InTransit);
    EXPECT_EQ(table.used(), 1u);
    table.abort_move(handle);
    EXPECT_EQ(error_of(handle), Error::None);
    table.begin_move(*table.look_up(handle));
    table.commit_move(handle);
    EXPECT_EQ(error_of(handle), Error::StaleHandle);
    EXPECT_EQ(table.used(), 0u);
    EXPECT_EQ(thing.references(), 1u);
}

TEST_F(CapabilityTableTest, EndingAMoveThatIsNotUnderWayChangesNothing) {
    const abi::Handle handle = insert();
    table.commit_move(handle);
    table.abort_move(handle);
    EXPECT_EQ(error_of(handle), Error::None);
    table.commit_move(std::uint64_t{1} << 32 | 77);
    table.abort_move(abi::kNoHandle);
    clear();
    table.commit_move(handle);
    table.abort_move(handle);
}

TEST_F(CapabilityTableTest, ClearingReleasesEverythingAndLeavesNothingToUse) {
    const abi::Handle first = insert();
    const abi::Handle second = insert();
    table.begin_move(*table.look_up(second));
    ASSERT_TRUE(table.reserve(1).has_value());
    clear();
    EXPECT_EQ(thing.references(), 1u);
    EXPECT_EQ(error_of(first), Error::BadHandle);
    EXPECT_EQ(table.insert(Ref<Object>(thing), 7).error(), Error::NoSlots);
    EXPECT_EQ(table.used(), 0u);
}

TEST_F(CapabilityTableTest, ForEachVisitsWhatIsThere) {
    const abi::Handle first = insert();
    const abi::Handle second = insert();
    table.remove(*table.look_up(first));
    std::size_t visited = 0;
    table.for_each([&](abi::Handle handle, const CapabilityTable::Slot& slot) {
        EXPECT_EQ(handle, second);
        EXPECT_EQ(slot.object, &thing);
        ++visited;
    });
    EXPECT_EQ(visited, 1u);
    clear();
}

TEST(ReaperTest, AnObjectTakenUpAgainBeforeItsTurnLives) {
    Thing thing;
    { Ref<Object> last(thing); }
    Ref<Object> again(thing);
    Reaper::run(kPlenty);
    EXPECT_EQ(thing.destroyed, 0u);
    again = {};
    Reaper::run(kPlenty);
    EXPECT_EQ(thing.destroyed, 1u);
}

TEST(ReaperTest, AnObjectReleasedTwiceBeforeItsTurnIsDestroyedOnce) {
    Thing thing, other;
    { Ref<Object> last(thing); }
    { Ref<Object> beside(other); }
    { Ref<Object> again(thing); }
    EXPECT_TRUE(Reaper::run(kPlenty));
    EXPECT_EQ(thing.destroyed, 1u);
    EXPECT_EQ(other.destroyed, 1u);
}

TEST(ReaperTest, ABudgetLeavesTheRestForLater) {
    Thing things[3];
    for (Thing& thing : things) Ref<Object> last(thing);
    EXPECT_FALSE(Reaper::run(Work(2 * kObjectWork)));
    EXPECT_EQ(things[0].destroyed + things[1].destroyed + things[2].destroyed, 2u);
    EXPECT_TRUE(Reaper::run(Work(2 * kObjectWork)));
    EXPECT_EQ(things[2].destroyed, 1u);
}

TEST(ReaperTest, TheFunctionToCallWhenDoneIsCalledOnce) {
    static unsigned called;
    called = 0;
    Reaper::when_done([] { ++called; });
    EXPECT_TRUE(Reaper::run(Work(kObjectWork)));
    EXPECT_TRUE(Reaper::run(Work(kObjectWork)));
    EXPECT_EQ(called, 1u);
}

TEST(RefTest, CountsCopiesMovesAndLeaks) {
    Thing thing;
    Ref<Thing> first(thing);
    Ref<Thing> copy = first;
    EXPECT_EQ(thing.references(), 2u);
    Ref<Object> moved = std::move(copy);
    EXPECT_EQ(thing.references(), 2u);
    EXPECT_FALSE(static_cast<bool>(copy));
    moved = nullptr;
    EXPECT_EQ(thing.references(), 1u);
    Thing* leaked = first.leak();
    EXPECT_EQ(thing.references(), 1u);
    { auto adopted = Ref<Thing>::adopt(leaked); }
    EXPECT_EQ(thing.references(), 0u);
    Reaper::run(kPlenty);
}

}  // namespace
}  // namespace capos::kernel
