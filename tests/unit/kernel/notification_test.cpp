#include <gtest/gtest.h>

#include "tests/kernel_host/system.hpp"

namespace capos::test {
namespace {

using Wait = schema::Notification::WaitResults;

class NotificationTest : public testing::Test {
protected:
    TestSystem system;
    User& signaller = system.user("signaller");
    User& waiter = system.user("waiter");
    abi::Handle mine = signaller.create_notification();
    abi::Handle theirs = waiter.grant_from(signaller, mine);
};

TEST_F(NotificationTest, ASignalBeforeTheWaitIsNotLost) {
    EXPECT_EQ(signaller.signal(mine, 5), Error::None);
    EXPECT_EQ(signaller.signal(mine, 8), Error::None);
    const std::uint64_t wait = waiter.begin_wait(theirs);
    waiter.enter();
    EXPECT_EQ(waiter.finish<Wait>(wait).results.bits(), 13u);
}

TEST_F(NotificationTest, ASignalWakesTheWaiterWhichTakesAllBits) {
    const std::uint64_t wait = waiter.begin_wait(theirs);
    waiter.wait();
    EXPECT_EQ(signaller.signal(mine, std::uint64_t{1} << 63 | 1), Error::None);
    EXPECT_TRUE(waiter.runnable());
    EXPECT_EQ(waiter.finish<Wait>(wait).results.bits(), std::uint64_t{1} << 63 | 1);
    const std::uint64_t next = waiter.begin_wait(theirs);
    waiter.enter();
    EXPECT_FALSE(waiter.completed(next));
}

TEST_F(NotificationTest, SignallingNothingWakesNobody) {
    const std::uint64_t wait = waiter.begin_wait(theirs);
    waiter.enter();
    EXPECT_EQ(signaller.signal(mine, 0), Error::None);
    EXPECT_FALSE(waiter.completed(wait));
}

TEST_F(NotificationTest, ASecondWaiterIsToldThatItIsBusy) {
    const std::uint64_t first = waiter.begin_wait(theirs);
    const std::uint64_t second = waiter.begin_wait(theirs);
    waiter.enter();
    EXPECT_EQ(waiter.finish<Wait>(second).status, Error::Busy);
    EXPECT_EQ(signaller.signal(mine, 2), Error::None);
    EXPECT_EQ(waiter.finish<Wait>(first).results.bits(), 2u);
}

TEST_F(NotificationTest, AWaiterThatGivesUpLeavesThePlaceAndTheBits) {
    const std::uint64_t cancelled = waiter.begin_wait(theirs);
    waiter.enter();
    EXPECT_EQ(waiter.cancel(cancelled), Error::None);
    const std::uint64_t late = waiter.begin_wait(theirs, {.deadline = machine().now + 10});
    waiter.enter();
    machine().advance(10);
    EXPECT_EQ(waiter.finish<Wait>(late).status, Error::TimedOut);
    EXPECT_EQ(signaller.signal(mine, 4), Error::None);
    const std::uint64_t wait = waiter.begin_wait(theirs);
    waiter.enter();
    EXPECT_EQ(waiter.finish<Wait>(wait).results.bits(), 4u);
}

TEST_F(NotificationTest, AWaiterWithoutRoomForTheBitsDoesNotLoseThem) {
    EXPECT_EQ(signaller.signal(mine, 6), Error::None);
    const std::uint64_t small = waiter.begin_wait(theirs, {.capacity = 8});
    waiter.enter();
    EXPECT_EQ(waiter.finish<Wait>(small).status, Error::NoRoom);
    const std::uint64_t wait = waiter.begin_wait(theirs);
    waiter.enter();
    EXPECT_EQ(waiter.finish<Wait>(wait).results.bits(), 6u);
}

TEST_F(NotificationTest, AWaiterWithoutRoomForTheBitsDoesNotGetToWait) {
    const std::uint64_t small = waiter.begin_wait(theirs, {.capacity = 8});
    const std::uint64_t wait = waiter.begin_wait(theirs);
    waiter.enter();
    EXPECT_EQ(waiter.finish<Wait>(small).status, Error::NoRoom);
    EXPECT_EQ(signaller.signal(mine, 6), Error::None);
    EXPECT_EQ(waiter.finish<Wait>(wait).results.bits(), 6u);
}

TEST_F(NotificationTest, AWaiterThatDiesMakesRoomForAnother) {
    waiter.begin_wait(theirs);
    waiter.enter();
    waiter.kill();
    const std::uint64_t wait = signaller.begin_wait(mine);
    signaller.enter();
    EXPECT_FALSE(signaller.completed(wait));
    EXPECT_EQ(signaller.signal(mine, 1), Error::None);
    EXPECT_EQ(signaller.finish<Wait>(wait).results.bits(), 1u);
}

TEST_F(NotificationTest, ReleasingTheHandleDuringTheWaitKeepsTheObject) {
    const std::uint64_t wait = waiter.begin_wait(theirs);
    waiter.enter();
    EXPECT_EQ(waiter.release(theirs), Error::None);
    EXPECT_EQ(signaller.signal(mine, 3), Error::None);
    EXPECT_EQ(waiter.finish<Wait>(wait).results.bits(), 3u);
}

}  // namespace
}  // namespace capos::test
