// The broker against a device that breaks the specification.
#include <gtest/gtest.h>

#include "tests/unit/virtio/queue_fixture.hpp"

namespace capos::virtio {
namespace {

using test::Queue;

class LyingDeviceTest : public testing::TestWithParam<std::uint16_t> {
protected:
    // Posts `count` receive slots and lets the device see them.
    void arm_pool(std::uint32_t count) {
        for (std::uint32_t slot = 0; slot < count; ++slot)
            ASSERT_EQ(queue.post_receive(slot), PostFault::None);
        queue.broker.publish();
    }
    void expect_broken() {
        EXPECT_EQ(queue.drain().error(), Error::DeviceMisbehaved);
        EXPECT_TRUE(queue.broker.broken());
        EXPECT_EQ(queue.post_receive(100), PostFault::Broken);
        EXPECT_FALSE(queue.broker.publish());
        EXPECT_TRUE(queue.broker.pending());         // nobody goes to sleep over it
        EXPECT_TRUE(queue.broker.arm());
        EXPECT_EQ(queue.drain().error(), Error::DeviceMisbehaved);
        EXPECT_EQ(queue.broker.misbehaviour().total(), 1u);
        queue.broker.release_all();
        EXPECT_EQ(queue.slots.in_flight(), 0u);
    }
    Queue queue{GetParam()};
    std::uint16_t size = GetParam();
};

INSTANTIATE_TEST_SUITE_P(Sizes, LyingDeviceTest, testing::Values(256, 1024, 4096));

TEST_P(LyingDeviceTest, IdentifierOutOfRangeIsNotFollowed) {
    arm_pool(4);
    queue.device.give(size, 10);
    expect_broken();
    EXPECT_EQ(queue.broker.misbehaviour().bad_identifier, 1u);
}

TEST_P(LyingDeviceTest, HugeIdentifierIsNotTruncatedIntoRange) {
    arm_pool(4);
    queue.device.give(0x10000, 10);
    expect_broken();
}

TEST_P(LyingDeviceTest, IdentifierThatIsNotInFlightIsNotFollowed) {
    arm_pool(4);
    queue.device.give(200, 10);
    expect_broken();
}

TEST_P(LyingDeviceTest, IdentifierGivenTwiceIsTakenOnce) {
    arm_pool(4);
    const auto chain = queue.device.take();
    queue.device.give(chain->head, 10);
    ASSERT_EQ(queue.drain()->size(), 1u);
    queue.device.give(chain->head, 10);
    expect_broken();
}

TEST_P(LyingDeviceTest, IdentifierOfAChainsSecondDescriptorIsNotAHead) {
    ASSERT_EQ(queue.post({{0, 0, 10, false}, {0, 10, 10, true}}), PostFault::None);
    ASSERT_EQ(queue.post({{1, 0, 10, false}, {1, 10, 10, true}}), PostFault::None);
    queue.broker.publish();
    const auto chain = queue.device.take();
    queue.device.give(chain->head + 1, 10);
    expect_broken();
}

TEST_P(LyingDeviceTest, LengthAboveWhatWasPostedIsRefused) {
    arm_pool(1);
    queue.device.give(queue.device.take()->head, 2049);
    expect_broken();
    EXPECT_EQ(queue.broker.misbehaviour().bad_length, 1u);
}

TEST_P(LyingDeviceTest, LengthCountsOnlyWhatTheDeviceMayWrite) {
    ASSERT_EQ(queue.post({{0, 0, 100, false}, {0, 100, 10, true}}), PostFault::None);
    queue.broker.publish();
    queue.device.give(queue.device.take()->head, 11);
    expect_broken();
}

TEST_P(LyingDeviceTest, IndexThatJumpsPastWhatIsInFlightIsRefused) {
    arm_pool(4);
    queue.device.jump(5);
    expect_broken();
    EXPECT_EQ(queue.broker.misbehaviour().bad_index, 1u);
}

TEST_P(LyingDeviceTest, IndexThatMovesBackwardsIsRefused) {
    arm_pool(4);
    queue.device.jump(0xffff);
    expect_broken();
}

TEST_P(LyingDeviceTest, IndexPastTheRingIsRefusedEvenWhenItIsFull) {
    arm_pool(size);
    queue.device.jump(static_cast<std::uint16_t>(size + 1));
    expect_broken();
}

TEST_P(LyingDeviceTest, DescriptorsRewrittenIntoALoopChangeNothing) {
    ASSERT_EQ(queue.post({{0, 0, 10, false}, {0, 10, 10, false}, {0, 20, 10, true}}), PostFault::None);
    queue.broker.publish();
    const auto chain = queue.device.take();
    for (std::uint16_t index = 0; index < size; ++index)
        queue.device.scribble_descriptor(index, {0xdead0000, 0xffffffff, kDescriptorNext, chain->head});
    queue.device.give(chain->head, 10);
    const auto done = queue.drain();
    ASSERT_TRUE(done);
    EXPECT_EQ(done->size(), 1u);
    EXPECT_EQ(queue.broker.free_descriptors(), size);
    for (std::uint32_t slot = 0; slot < size; ++slot)
        ASSERT_EQ(queue.post_receive(slot), PostFault::None);
}

TEST_P(LyingDeviceTest, UnusedSlotsStayTheDriversWhenTheDeviceInventsCompletions) {
    queue.device.give(0, 0);
    expect_broken();
}

TEST(LegacyLengthTest, LengthBesideAChainThatIsOnlyReadIsTakenAsZero) {
    Queue legacy(256, true);
    ASSERT_EQ(legacy.post_send(1), PostFault::None);
    legacy.broker.publish();
    legacy.device.give(legacy.device.take()->head, 1234);
    const auto done = legacy.drain();
    ASSERT_TRUE(done);
    EXPECT_EQ(done->at(0).written, 0u);
    ASSERT_EQ(legacy.post_receive(1), PostFault::None);
    legacy.broker.publish();
    legacy.device.give(legacy.device.take()->head, 2049);
    EXPECT_EQ(legacy.drain().error(), Error::DeviceMisbehaved);
}

TEST(LegacyLengthTest, ModernDeviceMayNotDoThat) {
    Queue modern(256);
    ASSERT_EQ(modern.post_send(1), PostFault::None);
    modern.broker.publish();
    modern.device.give(modern.device.take()->head, 1);
    EXPECT_EQ(modern.drain().error(), Error::DeviceMisbehaved);
}

}  // namespace
}  // namespace capos::virtio
