// The uplink rings: what an honest pair does, and what a hostile peer cannot do.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "lib/uplink/transmit_room.hpp"

namespace capos::uplink {
namespace {

constexpr Shape kShape{2048, 8, 4};

struct Pair {
    std::unique_ptr<Rings> rings = std::make_unique<Rings>();
    StackEnd stack{*rings, kShape, 1};
    DriverEnd driver{*rings, kShape};
};

std::vector<std::uint32_t> take_all(Consumer& consumer) {
    std::vector<std::uint32_t> slots;
    consumer.drain(kMaxSlots, [&](const Entry& entry) { slots.push_back(entry.slot); });
    return slots;
}

void write_entry(SharedRing& ring, std::uint32_t index, Entry entry) {
    ring.entries[index % kRingEntries].store(std::bit_cast<std::uint64_t>(entry));
}

TEST(UplinkTest, StackHoldsEverySlotAtFirstAndLendsTheReceiveSlots) {
    Pair pair;
    EXPECT_EQ(pair.driver.ownership().count(), 0u);
    EXPECT_TRUE(take_all(pair.driver.receive_free()).empty()) << "nothing is visible before publish";
    (void)pair.stack.publish();
    EXPECT_EQ(take_all(pair.driver.receive_free()), (std::vector<std::uint32_t>{0, 1, 2, 3}));
    EXPECT_EQ(pair.stack.ownership().count(), 4u);
    EXPECT_EQ(pair.stack.idle_transmit_slots(), 4u);
}

TEST(UplinkTest, ReceivedFrameArrivesWithOffsetAndLengthAndItsSlotGoesRound) {
    Pair pair;
    (void)pair.stack.publish();
    for (int round = 0; round < 3000; ++round) {   // several times round the ring
        const auto slot = pair.driver.receive_free().take();
        ASSERT_TRUE(slot.has_value());
        ASSERT_TRUE(pair.driver.receive_full().put(slot->slot, 12, 1500));
        (void)pair.driver.publish();
        const auto frame = pair.stack.receive_full().take();
        ASSERT_TRUE(frame.has_value());
        EXPECT_EQ(*frame, (Entry{slot->slot, 12, 1500, 0}));
        ASSERT_TRUE(pair.stack.receive_free().put(frame->slot));
        (void)pair.stack.publish();
    }
    EXPECT_EQ(pair.stack.faults().total(), 0u);
}

TEST(UplinkTest, TransmitIsBackPressureWhenTheDriverHoldsEverySlot) {
    Pair pair;
    for (int i = 0; i < 4; ++i) {
        const auto slot = pair.stack.take_transmit_slot();
        ASSERT_TRUE(slot.has_value());
        ASSERT_TRUE(pair.stack.send(*slot, 10, 60));
    }
    EXPECT_EQ(pair.stack.take_transmit_slot().error(), Error::Exhausted);
    (void)pair.stack.publish();
    const auto frame = pair.driver.transmit_full().take();
    ASSERT_TRUE(frame.has_value());
    EXPECT_EQ(*frame, (Entry{4, 10, 60, 0})) << "lowest transmit slot first";
    ASSERT_TRUE(pair.driver.transmit_free().put(frame->slot));
    (void)pair.driver.publish();
    EXPECT_EQ(pair.stack.take_transmit_slot().value(), 4u);
}

TEST(UplinkTest, SignalIsAskedForOnlyWhenTheOtherSideSleepsAndOncePerSleep) {
    Pair pair;
    (void)pair.stack.publish();
    ASSERT_EQ(take_all(pair.driver.receive_free()).size(), 4u);
    ASSERT_TRUE(pair.driver.receive_full().put(0));
    EXPECT_FALSE(pair.driver.publish());
    EXPECT_FALSE(pair.stack.receive_full().arm()) << "something is there: not to sleep";
    ASSERT_TRUE(pair.stack.receive_full().take().has_value());
    EXPECT_TRUE(pair.stack.receive_full().arm());
    EXPECT_FALSE(pair.driver.publish()) << "nothing new";
    ASSERT_TRUE(pair.driver.receive_full().put(1));
    EXPECT_TRUE(pair.driver.publish());
    ASSERT_TRUE(pair.driver.receive_full().put(2));
    EXPECT_FALSE(pair.driver.publish()) << "already signalled";
}

TEST(UplinkTest, OwnMistakesAreRefusedBeforeAnythingIsShared) {
    Pair pair;
    EXPECT_FALSE(pair.driver.receive_full().put(0)) << "never lent";
    EXPECT_FALSE(pair.stack.send(0, 0, 60)) << "a receive slot";
    EXPECT_FALSE(pair.stack.send(8, 0, 60)) << "no such slot";
    EXPECT_FALSE(pair.stack.send(4, 2000, 49)) << "past the end of the slot";
    EXPECT_FALSE(pair.stack.send(4, 2049, 0));
    EXPECT_TRUE(pair.stack.send(4, 2000, 48));
    EXPECT_FALSE(pair.stack.send(4, 0, 60)) << "given away already";
}

TEST(UplinkTest, IndexFurtherAheadThanThereAreSlotsIsRefusedAndCountedOnce) {
    Pair pair;
    pair.rings->receive_full.produced = 5;
    EXPECT_EQ(pair.stack.receive_full().take().error(), Refusal::IndexOutOfRange);
    EXPECT_EQ(pair.stack.receive_full().take().error(), Refusal::IndexOutOfRange);
    EXPECT_EQ(pair.stack.faults().bad_index, 1u);
    EXPECT_TRUE(pair.stack.receive_full().arm()) << "a lie is no reason to stay awake";
    pair.rings->receive_full.produced = 0xffffffff;   // backwards
    EXPECT_EQ(pair.stack.receive_full().take().error(), Refusal::IndexOutOfRange);
    pair.rings->receive_full.produced = 0;
    EXPECT_EQ(pair.stack.receive_full().take().error(), Refusal::Empty);
}

TEST(UplinkTest, EntryForASlotThatDoesNotExistIsRefused) {
    Pair pair;
    write_entry(pair.rings->receive_full, 0, {4, 0, 60, 0});        // a transmit slot
    write_entry(pair.rings->receive_full, 1, {0xffff, 0, 60, 0});
    pair.rings->receive_full.produced = 2;
    EXPECT_EQ(pair.stack.receive_full().take().error(), Refusal::SlotOutOfRange);
    EXPECT_EQ(pair.stack.receive_full().take().error(), Refusal::SlotOutOfRange);
    EXPECT_EQ(pair.stack.receive_full().take().error(), Refusal::Empty);
    EXPECT_EQ(pair.stack.faults().bad_slot, 2u);
}

TEST(UplinkTest, SlotHandedOverTwiceIsRefusedTheSecondTime) {
    Pair pair;
    (void)pair.stack.publish();
    write_entry(pair.rings->receive_full, 0, {2, 0, 60, 0});
    write_entry(pair.rings->receive_full, 1, {2, 0, 60, 0});
    pair.rings->receive_full.produced = 2;
    EXPECT_TRUE(pair.stack.receive_full().take().has_value());
    EXPECT_EQ(pair.stack.receive_full().take().error(), Refusal::SlotNotLent);
    EXPECT_EQ(pair.stack.faults().bad_owner, 1u);
    EXPECT_EQ(pair.stack.ownership().count(), 5u);
}

TEST(UplinkTest, RangeOutsideTheSlotBecomesAnEmptyFrameSoThatTheSlotIsNotLost) {
    Pair pair;
    (void)pair.stack.publish();
    write_entry(pair.rings->receive_full, 0, {0, 2000, 49, 0});
    write_entry(pair.rings->receive_full, 1, {1, 0xffff, 0xffff, 0});
    write_entry(pair.rings->receive_full, 2, {2, 0, 2048, 0});
    pair.rings->receive_full.produced = 3;
    EXPECT_EQ(pair.stack.receive_full().take().value(), (Entry{0, 0, 0, 0}));
    EXPECT_EQ(pair.stack.receive_full().take().value(), (Entry{1, 0, 0, 0}));
    EXPECT_EQ(pair.stack.receive_full().take().value().length, 2048);
    EXPECT_EQ(pair.stack.faults().bad_range, 2u);
    EXPECT_TRUE(pair.stack.receive_free().put(0));
}

TEST(UplinkTest, NewAttachmentTakesAllSlotsBackAndTellsTheOldDriver) {
    auto rings = std::make_unique<Rings>();
    std::optional<StackEnd> stack(std::in_place, *rings, kShape, 1u);
    (void)stack->publish();
    DriverEnd old_driver(*rings, kShape);
    EXPECT_EQ(take_all(old_driver.receive_free()).size(), 4u);
    (void)stack->send(stack->take_transmit_slot().value(), 0, 60);
    (void)stack->publish();

    stack.emplace(*rings, kShape, 2u);
    (void)stack->publish();
    EXPECT_TRUE(old_driver.replaced());
    EXPECT_EQ(stack->idle_transmit_slots(), 4u);
    ASSERT_TRUE(check_attachment(*rings, kShape).has_value());
    DriverEnd driver(*rings, kShape);
    EXPECT_FALSE(driver.replaced());
    EXPECT_EQ(take_all(driver.receive_free()).size(), 4u);
    EXPECT_TRUE(take_all(driver.transmit_full()).empty()) << "frames of the old attachment are gone";
}

TEST(UplinkTest, AttachmentWithAWrongShapeOrHeaderIsRefused) {
    auto rings = std::make_unique<Rings>();
    EXPECT_EQ(check_attachment(*rings, kShape).error(), Error::Malformed);
    StackEnd stack(*rings, kShape, 1);
    EXPECT_TRUE(check_attachment(*rings, kShape).has_value());
    for (const Shape bad : {Shape{2048, 8, 8}, Shape{2048, 8, 0}, Shape{2048, 513, 4}, Shape{1000, 8, 4},
                            Shape{8192, 8, 4}, Shape{256, 8, 4}, Shape{2048, 1, 1}})
        EXPECT_EQ(check_attachment(*rings, bad).error(), Error::InvalidArgument);
}

TEST(UplinkTest, SenderThatWasRefusedIsToldOfRoomAlsoWhenAnotherFrameFoundTheSlotsFirst) {
    Pair pair;
    (void)pair.stack.publish();
    TransmitRoom room;
    while (const auto slot = room.take(pair.stack))
        ASSERT_TRUE(pair.stack.send(*slot, 0, 60));
    EXPECT_FALSE(room.came_back(pair.stack));
    (void)pair.stack.publish();
    for (int i = 0; i < 2; ++i)
        ASSERT_TRUE(pair.driver.transmit_free().put(pair.driver.transmit_full().take()->slot));
    EXPECT_TRUE(pair.driver.publish());                  // it was armed
    EXPECT_TRUE(room.take(pair.stack));                  // takes both back, and one of them
    EXPECT_TRUE(room.came_back(pair.stack));
    EXPECT_FALSE(room.came_back(pair.stack));            // told once
    EXPECT_TRUE(room.arm(pair.stack));
}

// A peer that writes anything anywhere: the stack's end stays bounded and consistent and its own slots stay its own.
TEST(UplinkTest, PeerThatScribblesEverywhereCanOnlyLoseItsOwnFrames) {
    std::mt19937 random(7);
    Pair pair;
    (void)pair.stack.publish();
    for (int round = 0; round < 20000; ++round) {
        auto* words = reinterpret_cast<std::atomic<std::uint32_t>*>(pair.rings.get());
        for (int i = 0; i < 8; ++i)
            words[random() % (sizeof(Rings) / 4)].store(random() % 4 ? random() % 8 : random());
        if (random() % 2)
            pair.rings->receive_full.produced = random() % 64 + static_cast<std::uint32_t>(round) % 8;
        std::uint32_t delivered = 0;
        const std::uint32_t consumed = pair.stack.receive_full().drain(16, [&](const Entry& entry) {
            ++delivered;
            ASSERT_LT(entry.slot, 4);
            ASSERT_LE(entry.offset + entry.length, 2048);
            ASSERT_TRUE(pair.stack.receive_free().put(entry.slot));
        });
        ASSERT_LE(consumed, 16u);
        ASSERT_LE(delivered, consumed);
        pair.stack.reclaim();
        ASSERT_LE(pair.stack.idle_transmit_slots(), 4u);
        if (const auto slot = pair.stack.take_transmit_slot())
            ASSERT_TRUE(pair.stack.send(*slot, 0, 60));
        (void)pair.stack.publish();
        (void)pair.stack.receive_full().arm();
    }
    EXPECT_GT(pair.stack.faults().total(), 50u);
}

}  // namespace
}  // namespace capos::uplink
