// The broker with an honest device, and against drivers that post what they must not.
#include <gtest/gtest.h>

#include "tests/unit/virtio/queue_fixture.hpp"

namespace capos::virtio {
namespace {

using test::Queue;

class BrokerTest : public testing::TestWithParam<std::uint16_t> {
protected:
    Queue queue{GetParam()};
    std::uint16_t size = GetParam();
};

INSTANTIATE_TEST_SUITE_P(Sizes, BrokerTest, testing::Values(256, 1024, 4096));

TEST_P(BrokerTest, ChainReachesTheDeviceWithTheAddressesOfItsSlot) {
    ASSERT_EQ(queue.post({{5, 0, 10, false}, {5, 12, 100, false}, {5, 512, 64, true}}), PostFault::None);
    EXPECT_FALSE(queue.device.take());                  // not before it is published
    EXPECT_TRUE(queue.broker.publish());
    const auto chain = queue.device.take();
    ASSERT_TRUE(chain);
    ASSERT_EQ(chain->parts.size(), 3u);
    std::byte* slot = queue.memory.slot(5, 2048);
    EXPECT_EQ(queue.memory.at(chain->parts[0].address), slot);
    EXPECT_EQ(queue.memory.at(chain->parts[1].address), slot + 12);
    EXPECT_EQ(queue.memory.at(chain->parts[2].address), slot + 512);
    EXPECT_EQ(chain->parts[1].length, 100u);
    EXPECT_EQ(chain->parts[1].flags & kDescriptorWrite, 0);
    EXPECT_NE(chain->parts[2].flags & kDescriptorWrite, 0);
    EXPECT_EQ(queue.slots.in_flight(), 1u);
}

TEST_P(BrokerTest, QueueFillsEmptiesAndFillsAgainManyTimesAround) {
    for (int round = 0; round < 40; ++round) {
        for (std::uint32_t slot = 0; slot < size; ++slot)
            ASSERT_EQ(queue.post_receive(slot), PostFault::None);
        ASSERT_EQ(queue.post_receive(size), PostFault::QueueFull);
        ASSERT_EQ(queue.broker.free_descriptors(), 0);
        queue.broker.publish();
        while (const auto chain = queue.device.take())
            queue.device.give(chain->head, 60);
        const auto done = queue.drain();
        ASSERT_TRUE(done);
        ASSERT_EQ(done->size(), size);
        for (const Done& entry : *done)
            ASSERT_EQ(entry.written, 60u);
        ASSERT_EQ(queue.slots.in_flight(), 0u);
        ASSERT_EQ(queue.broker.chains_in_flight(), 0);
    }
}

TEST_P(BrokerTest, CompletionsOutOfOrderComeBackWithTheirSlots) {
    for (std::uint32_t slot = 0; slot < 8; ++slot)
        ASSERT_EQ(queue.post({{slot, 0, 10, false}, {slot, 16, 20 + slot, true}}), PostFault::None);
    queue.broker.publish();
    std::vector<test::Chain> chains;
    while (auto chain = queue.device.take())
        chains.push_back(*chain);
    for (std::size_t i = chains.size(); i-- > 0;)
        queue.device.give(chains[i].head, static_cast<std::uint32_t>(20 + i));
    const auto done = queue.drain();
    ASSERT_TRUE(done);
    ASSERT_EQ(done->size(), 8u);
    for (std::uint32_t i = 0; i < 8; ++i) {
        EXPECT_EQ((*done)[i].slot, SlotIndex{7 - i});
        EXPECT_EQ((*done)[i].written, 27 - i);
    }
    EXPECT_EQ(queue.broker.free_descriptors(), size);
}

TEST_P(BrokerTest, DrainTakesNoMoreThanAskedAndTheRestLater) {
    for (std::uint32_t slot = 0; slot < 10; ++slot)
        ASSERT_EQ(queue.post_receive(slot), PostFault::None);
    queue.broker.publish();
    while (const auto chain = queue.device.take())
        queue.device.give(chain->head, 1);
    EXPECT_EQ(queue.drain(4)->size(), 4u);
    EXPECT_TRUE(queue.broker.pending());
    EXPECT_EQ(queue.drain(100)->size(), 6u);
    EXPECT_FALSE(queue.broker.pending());
    EXPECT_EQ(queue.drain()->size(), 0u);
}

TEST_P(BrokerTest, DoorbellIsRungOnlyWhenTheDeviceWantsIt) {
    queue.device.want_notify(false);
    ASSERT_EQ(queue.post_receive(0), PostFault::None);
    EXPECT_FALSE(queue.broker.publish());
    queue.device.want_notify(true);
    EXPECT_FALSE(queue.broker.publish());               // nothing new
    ASSERT_EQ(queue.post_receive(1), PostFault::None);
    EXPECT_TRUE(queue.broker.publish());
}

TEST_P(BrokerTest, ArmingAsksForInterruptsAndSeesWhatCameBefore) {
    EXPECT_FALSE(queue.device.interrupts_wanted());
    ASSERT_EQ(queue.post_receive(0), PostFault::None);
    queue.broker.publish();
    EXPECT_FALSE(queue.broker.arm());
    EXPECT_TRUE(queue.device.interrupts_wanted());
    queue.broker.disarm();
    EXPECT_FALSE(queue.device.interrupts_wanted());
    queue.device.give(queue.device.take()->head, 4);
    EXPECT_TRUE(queue.broker.arm());
}

TEST_P(BrokerTest, SlotThatDoesNotExistIsRefused) {
    EXPECT_EQ(queue.post({{queue.slots.count(), 0, 1, true}}), PostFault::BadSlot);
    EXPECT_EQ(queue.post({{0xffffffff, 0, 1, true}}), PostFault::BadSlot);
}

TEST_P(BrokerTest, SlotInAChainIsRefusedASecondTime) {
    ASSERT_EQ(queue.post_receive(3), PostFault::None);
    EXPECT_EQ(queue.post_receive(3), PostFault::SlotInFlight);
    EXPECT_EQ(queue.post({{3, 0, 1, false}}), PostFault::SlotInFlight);
    queue.broker.publish();
    queue.device.give(queue.device.take()->head, 0);
    EXPECT_EQ(queue.post_receive(3), PostFault::SlotInFlight);   // until it has been drained
    ASSERT_EQ(queue.drain()->size(), 1u);
    EXPECT_EQ(queue.post_receive(3), PostFault::None);
}

TEST_P(BrokerTest, RangesThatAreEmptyOrLeaveTheSlotAreRefused) {
    EXPECT_EQ(queue.post({{1, 0, 0, true}}), PostFault::BadRange);
    EXPECT_EQ(queue.post({{1, 0, 2049, true}}), PostFault::BadRange);
    EXPECT_EQ(queue.post({{1, 1, 2048, true}}), PostFault::BadRange);
    EXPECT_EQ(queue.post({{1, 2048, 1, true}}), PostFault::BadRange);
    EXPECT_EQ(queue.post({{1, 0xffffffff, 2, true}}), PostFault::BadRange);
    EXPECT_EQ(queue.post({{1, 2047, 1, true}}), PostFault::None);
}

TEST_P(BrokerTest, BuffersOfAChainThatOverlapAreRefused) {
    EXPECT_EQ(queue.post({{1, 0, 12, false}, {1, 11, 10, false}}), PostFault::BadRange);
    EXPECT_EQ(queue.post({{1, 100, 12, false}, {1, 0, 10, true}}), PostFault::BadRange);
    EXPECT_EQ(queue.post({{1, 0, 12, false}, {1, 12, 10, true}}), PostFault::None);
}

TEST_P(BrokerTest, ChainsOverSlotsOrWithReadableBehindWritableOrTooLongAreRefused) {
    EXPECT_EQ(queue.post({{1, 0, 12, false}, {2, 12, 10, false}}), PostFault::BadChain);
    EXPECT_EQ(queue.post({{1, 0, 12, true}, {1, 12, 10, false}}), PostFault::BadChain);
    EXPECT_EQ(queue.post({}), PostFault::BadChain);
    std::vector<Buffer> long_chain;
    for (std::uint32_t i = 0; i <= SplitQueueBroker::kMaxChain; ++i)
        long_chain.push_back({1, i, 1, false});
    EXPECT_EQ(queue.post(long_chain), PostFault::BadChain);
    long_chain.pop_back();
    EXPECT_EQ(queue.post(long_chain), PostFault::None);
}

TEST_P(BrokerTest, RefusedChainLeavesNothingBehind) {
    const PostOutcome outcome =
        queue.broker.post(std::vector<Buffer>{{1, 0, 12, false}, {1, 12, 10, false}, {1, 30, 9999, true}});
    EXPECT_EQ(outcome.fault, PostFault::BadRange);
    EXPECT_EQ(outcome.index, 2);
    EXPECT_EQ(queue.broker.free_descriptors(), size);
    EXPECT_EQ(queue.slots.in_flight(), 0u);
    EXPECT_FALSE(queue.broker.publish());
    EXPECT_EQ(queue.device.available_index(), 0);
}

TEST_P(BrokerTest, ChainThatDoesNotFitWholeIsBackPressure) {
    for (std::uint32_t slot = 0; slot < size - 1u; ++slot)
        ASSERT_EQ(queue.post_receive(slot), PostFault::None);
    EXPECT_EQ(queue.post({{size, 0, 10, false}, {size, 12, 10, true}}), PostFault::QueueFull);
    EXPECT_EQ(queue.broker.free_descriptors(), 1);
    EXPECT_EQ(queue.post_receive(size), PostFault::None);
}

TEST_P(BrokerTest, TwoQueuesOnOnePoolShareItsSlots) {
    std::vector<SplitQueueBroker::Shadow> shadows(size);
    std::unique_ptr<std::byte, test::FreeDeleter> area(
        static_cast<std::byte*>(std::aligned_alloc(4096, queue.layout.total)));
    SplitQueueBroker other(queue.layout, area.get(), shadows, queue.slots, false);
    ASSERT_EQ(queue.post_receive(9), PostFault::None);
    EXPECT_EQ(other.post(std::vector<Buffer>{{9, 0, 4, false}}).fault, PostFault::SlotInFlight);
}

TEST_P(BrokerTest, AfterAResetEverySlotIsBack) {
    for (std::uint32_t slot = 0; slot < 20; ++slot)
        ASSERT_EQ(queue.post({{slot, 0, 10, false}, {slot, 10, 10, true}}), PostFault::None);
    queue.broker.release_all();
    EXPECT_EQ(queue.slots.in_flight(), 0u);
    EXPECT_EQ(queue.broker.free_descriptors(), size);
    EXPECT_EQ(queue.broker.chains_in_flight(), 0);
}

}  // namespace
}  // namespace capos::virtio
