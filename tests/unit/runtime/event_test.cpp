#include "runtime/event.hpp"

#include "tests/unit/runtime/fake_kernel.hpp"

namespace capos::rt {
namespace {

using test::FakeKernel;

TEST(EventTest, ASignalBeforeTheWaitIsRemembered) {
    FakeKernel kernel;
    Event event;
    event.signal();
    bool came = false;
    test::run([](Event& event, bool& came) -> Task<void> { came = co_await event; }(event, came));
    EXPECT_TRUE(came);
    EXPECT_FALSE(event.signalled());
}

TEST(EventTest, OneSignalWakesOneWaiterAndBroadcastAll) {
    FakeKernel kernel;
    Event event;
    int woken = 0;
    const auto waiter = [](Event& event, int& woken) -> Task<void> {
        (void)co_await event.wait();
        ++woken;
    };
    Task<void> tasks[] = {waiter(event, woken), waiter(event, woken), waiter(event, woken)};
    for (auto& task : tasks) task.start();
    event.signal();
    test::run([]() -> Task<void> { co_await yield(); }());
    EXPECT_EQ(woken, 1);
    event.broadcast();
    test::run([]() -> Task<void> { co_await yield(); }());
    EXPECT_EQ(woken, 3);
}

TEST(EventTest, AWaitWithADeadlineEndsThere) {
    FakeKernel kernel;
    Event event;
    bool came = true;
    test::run([](Event& event, bool& came) -> Task<void> { came = co_await event.wait_until(5000); }(event, came));
    EXPECT_FALSE(came);
    EXPECT_EQ(kernel.time, 5000u);
    EXPECT_TRUE(executor().timers().empty());
}

TEST(EventTest, ASignalBeforeTheDeadlineTakesTheTimerAway) {
    FakeKernel kernel;
    Event event;
    bool came = false;
    spawn([](Event& event) -> Task<void> {
        co_await yield();
        event.signal();
    }(event));
    test::run([](Event& event, bool& came) -> Task<void> {
        came = co_await event.wait_until(1'000'000'000'000);
    }(event, came));
    EXPECT_TRUE(came);
    EXPECT_TRUE(executor().timers().empty());
}

TEST(ExecutorTest, TimersFireInOrderAndRideOnCapEnter) {
    FakeKernel kernel;
    std::vector<int> order;
    const auto sleeper = [](std::vector<int>& order, int id, std::uint64_t deadline) -> Task<void> {
        co_await sleep_until(deadline);
        order.push_back(id);
    };
    // No clock: time is what cap_enter's deadlines show to have passed, and earlier tests have passed some.
    const std::uint64_t later = 2'000'000'000'000;
    spawn(sleeper(order, 3, later + 300));
    spawn(sleeper(order, 1, later + 100));
    spawn(sleeper(order, 2, later + 200));
    test::run(sleeper(order, 4, later + 400));
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4}));
    ASSERT_EQ(kernel.entered.size(), 4u);
    EXPECT_EQ(kernel.entered[0].min_complete, 1u);
    EXPECT_EQ(kernel.entered[0].deadline, later + 100);
}

TEST(ExecutorTest, AnIdleProgramEntersTheKernelOnceAndStays) {
    FakeKernel kernel;
    Event event;
    test::run([](Event& event) -> Task<void> { (void)co_await event.wait_until(3'000'000'000'000); }(event));
    ASSERT_EQ(kernel.entered.size(), 1u);
    EXPECT_EQ(kernel.entered[0].min_complete, 1u);
    EXPECT_EQ(kernel.entered[0].deadline, 3'000'000'000'000u);
}

TEST(ExecutorTest, YieldLooksAtTheKernelWithoutSleeping) {
    FakeKernel kernel;
    test::run([]() -> Task<void> {
        for (int i = 0; i < 3; ++i) co_await yield();
    }());
    ASSERT_EQ(kernel.entered.size(), 3u);
    // A deadline that has passed: other threads get their turn, this one does not sleep.
    for (const auto& entered : kernel.entered) EXPECT_EQ(entered.deadline, 0u);
}

TEST(ExecutorTest, BusyCoroutinesDoNotKeepSubmissionsFromTheKernel) {
    FakeKernel kernel;
    Event ping, pong;
    bool stop = false;
    spawn([](Event& ping, Event& pong, bool& stop) -> Task<void> {
        while (!stop) {
            (void)co_await ping;
            pong.signal();
        }
    }(ping, pong, stop));
    ring_client().release(7);
    test::run([](Event& ping, Event& pong, FakeKernel& kernel, bool& stop) -> Task<void> {
        for (int i = 0; i < 100000 && kernel.released.empty(); ++i) {
            ping.signal();
            (void)co_await pong;
        }
        stop = true;
        ping.signal();
        co_await yield();
    }(ping, pong, kernel, stop));
    EXPECT_EQ(kernel.released, (std::vector<abi::Handle>{7}));
}

}  // namespace
}  // namespace capos::rt
