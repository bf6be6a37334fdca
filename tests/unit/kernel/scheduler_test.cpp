#include <gtest/gtest.h>

#include "tests/kernel_host/system.hpp"

namespace capos::test {
namespace {

using kernel::Scheduler;
using State = kernel::Thread::State;
constexpr std::uint64_t kEcho = 0xec40;
constexpr std::uint64_t kSlice = Scheduler::kSliceNs;

class SchedulerTest : public testing::Test {
protected:
    // By a third party that holds the thread: the machine decides anew who runs.
    void set_priority(User& of, std::uint8_t priority) {
        Scheduler::priority_changed(of.thread(), priority);
        machine().settle();
    }
    // cap_enter by whoever runs.
    void yield() {
        machine().enter([&] { kernel::on_syscall(Scheduler::current()->context(), 1, ~0ull, 0); });
    }

    TestSystem system;
    User& a = system.user("a");
    User& b = system.user("b");
    User& c = system.user("c");
};

TEST_F(SchedulerTest, ThreadsOfOnePriorityTakeTurns) {
    a.run();
    std::string order;
    for (int i = 0; i < 6; ++i) {
        yield();
        order += a.running() ? 'a' : b.running() ? 'b' : 'c';
    }
    EXPECT_EQ(order.substr(0, 3), order.substr(3, 3));
    EXPECT_EQ(order[2], 'a');
    EXPECT_NE(order[0], order[1]);
}

TEST_F(SchedulerTest, ASliceEndsWithTheTimer) {
    a.run();
    machine().advance(kSlice);
    a.run();
    const std::uint64_t interrupts = machine().timer_interrupts;
    machine().advance(kSlice - 1);
    EXPECT_TRUE(a.running());
    machine().advance(1);
    EXPECT_FALSE(a.running());
    EXPECT_LE(machine().timer_interrupts - interrupts, 2u);
}

TEST_F(SchedulerTest, AThreadAloneIsNotInterruptedForItsSlice) {
    b.wait();
    c.wait();
    a.run();
    machine().advance(10 * kSlice);
    const std::uint64_t interrupts = machine().timer_interrupts;
    machine().advance(100 * kSlice);
    EXPECT_EQ(machine().timer_interrupts, interrupts);
    EXPECT_TRUE(a.running());
}

TEST_F(SchedulerTest, AHigherPriorityRunsFirstAndWithoutTimerStorms) {
    a.run();
    set_priority(a, 6);
    for (int i = 0; i < 5; ++i) {
        machine().advance(kSlice * 3);               // the machine ends the test when the timer storms
        yield();
        EXPECT_TRUE(a.running());
    }
    a.wait();
    EXPECT_TRUE(b.running() || c.running());
}

TEST_F(SchedulerTest, ALowerPriorityWaitsForTheOthers) {
    a.run();
    set_priority(a, 1);
    EXPECT_TRUE(b.running() || c.running());
    for (int i = 0; i < 6; ++i) {
        yield();
        EXPECT_FALSE(a.running());
    }
    b.run();
    b.wait();
    c.run();
    c.wait();
    EXPECT_TRUE(a.running());
}

TEST_F(SchedulerTest, APriorityChangesWhileTheThreadIsReady) {
    a.run();
    set_priority(b, 7);
    EXPECT_TRUE(b.running());
    set_priority(a, 0);
    set_priority(b, 4);
    b.run();
    b.wait();
    EXPECT_TRUE(c.running());
    c.wait();
    EXPECT_TRUE(a.running());
}

TEST_F(SchedulerTest, PrioritiesOutOfRangeAreRefused) {
    using I = schema::Thread;
    const abi::Handle handle = a.grant(a.thread());
    auto answer = a.call<I::SetPriorityParams, I::SetPriorityResults>(handle, I::kInterfaceId, 1,
                                                                      [](auto& p) { p.set_priority(8); });
    EXPECT_EQ(answer.status, Error::InvalidArgument);
    EXPECT_EQ(a.thread().priority(), kernel::kDefaultPriority);
    answer = a.call<I::SetPriorityParams, I::SetPriorityResults>(handle, I::kInterfaceId, 1,
                                                                 [](auto& p) { p.set_priority(7); });
    EXPECT_EQ(answer.status, Error::None);
    auto info = a.call<I::InfoParams, I::InfoResults>(handle, I::kInterfaceId, 0, [](auto&) {});
    EXPECT_EQ(info.results.priority(), 7u);
    EXPECT_EQ(info.results.cpu_ns(), a.thread().cpu_ns());
}

TEST_F(SchedulerTest, ACallerThatWaitsSwitchesStraightToItsService) {
    const abi::Handle endpoint = b.create_endpoint("e");
    const abi::Handle reference = a.grant_from(b, b.mint(endpoint, 1, kEcho));
    b.begin_receive(endpoint);
    b.wait();
    // c is ready and before b in the queue; a waits, so b goes first, on a's slice.
    a.run();
    a.begin_call(reference, kEcho, 0, {});
    a.wait();
    EXPECT_TRUE(b.running());
}

TEST_F(SchedulerTest, ACallerThatDoesNotWaitKeepsRunning) {
    const abi::Handle endpoint = b.create_endpoint("e");
    const abi::Handle reference = a.grant_from(b, b.mint(endpoint, 1, kEcho));
    b.begin_receive(endpoint);
    b.wait();
    a.run();
    a.begin_call(reference, kEcho, 0, {});
    a.enter();
    EXPECT_TRUE(a.running());
    EXPECT_EQ(b.thread().state(), State::Ready);
}

TEST_F(SchedulerTest, ADirectSwitchDoesNotOutrunAHigherPriority) {
    const abi::Handle endpoint = b.create_endpoint("e");
    const abi::Handle reference = a.grant_from(b, b.mint(endpoint, 1, kEcho));
    b.begin_receive(endpoint);
    b.wait();
    set_priority(b, 3);
    a.run();
    a.begin_call(reference, kEcho, 0, {});
    a.wait();
    EXPECT_TRUE(c.running());
}

TEST_F(SchedulerTest, WaitingEndsWithEnoughCompletions) {
    const abi::Handle endpoint = b.create_endpoint("e");
    const abi::Handle reference = a.grant_from(b, b.mint(endpoint, 1, kEcho));
    for (int i = 0; i < 3; ++i) a.begin_call(reference, kEcho, 0, {});
    a.wait(2);
    Request request = b.receive(endpoint);
    b.answer(endpoint, request.call_id);
    EXPECT_EQ(a.thread().state(), State::Waiting);
    request = b.receive(endpoint);
    b.answer(endpoint, request.call_id);
    EXPECT_EQ(a.thread().state(), State::Ready);
    EXPECT_EQ(a.result(), 2u);
}

TEST_F(SchedulerTest, WaitingEndsAtTheDeadline) {
    a.wait(1, machine().now + 500);
    machine().advance(499);
    EXPECT_EQ(a.thread().state(), State::Waiting);
    machine().advance(1);
    EXPECT_NE(a.thread().state(), State::Waiting);
    EXPECT_EQ(a.result(), 0u);
}

TEST_F(SchedulerTest, WaitingForMoreThanTheQueueHoldsEndsWhenItIsFull) {
    User& small = system.user("small", {.cq_entries = 8});
    const abi::Handle endpoint = b.create_endpoint("e", 16, 16);
    const abi::Handle reference = small.grant_from(b, b.mint(endpoint, 1, kEcho));
    for (int i = 0; i < 8; ++i) small.begin_call(reference, kEcho, 0, {}, {.capacity = 64});
    small.wait(1000);
    for (int i = 0; i < 8; ++i) {
        EXPECT_EQ(small.thread().state(), State::Waiting);
        const Request request = b.receive(endpoint);
        b.answer(endpoint, request.call_id);
    }
    EXPECT_EQ(small.thread().state(), State::Ready);
    EXPECT_EQ(small.result(), 8u);
    // They are all unread still: asking for a thousand again does not sleep for ever.
    small.run();
    machine().enter([&] { kernel::on_syscall(small.thread().context(), 1, 1000, abi::kNoDeadline); });
    EXPECT_EQ(small.result(), 8u);
    EXPECT_TRUE(small.runnable());
}

TEST_F(SchedulerTest, AThreadThatSpoilsItsQueueWhileItWaitsIsToldSo) {
    const abi::Handle endpoint = b.create_endpoint("e");
    const abi::Handle reference = a.grant_from(b, b.mint(endpoint, 1, kEcho));
    a.begin_call(reference, kEcho, 0, {});
    a.wait();
    const std::uint32_t head = a.header().cq_head;
    a.header().cq_head = head + 100;
    const Request request = b.receive(endpoint);
    b.answer(endpoint, request.call_id);
    EXPECT_EQ(a.result(), abi::kEnterBadRing);
    EXPECT_TRUE(a.runnable());
    a.header().cq_head = head;
    a.read_completions();
    // Also by the deadline.
    a.wait(1, machine().now + 10);
    a.header().cq_head = head + 100;
    machine().advance(10);
    EXPECT_EQ(a.result(), abi::kEnterBadRing);
    a.header().cq_head = a.header().cq_tail;
}

TEST_F(SchedulerTest, TimeIsChargedToWhoRan) {
    a.run();
    const std::uint64_t before = a.process().cpu_ns;
    machine().advance(1000);
    yield();
    EXPECT_EQ(a.process().cpu_ns - before, 1000u);
    EXPECT_FALSE(a.running());
    const std::uint64_t during = a.process().cpu_ns;
    machine().advance(1000);
    yield();
    EXPECT_EQ(a.process().cpu_ns, during);
}

TEST_F(SchedulerTest, AnEndingThreadsLastTurnIsCharged) {
    a.run();
    const std::uint64_t before = a.reference->cpu_ns;
    machine().advance(1000);
    a.exit(0);
    EXPECT_EQ(a.reference->cpu_ns - before, 1000u);
}

TEST_F(SchedulerTest, TheMachineIdlesWhenEverybodyWaits) {
    a.wait();
    b.wait();
    c.wait();
    EXPECT_EQ(Scheduler::current(), nullptr);
    EXPECT_EQ(machine().settle(), Left::Idle);
    machine().advance(kSlice);                       // what was armed for the last slice
    EXPECT_EQ(machine().armed, ~std::uint64_t{0});
}

TEST_F(SchedulerTest, MuchToDestroyIsDoneInStepsWithInterruptsBetween) {
    User& holder = system.user("holder", {.object_bytes = 1 << 20, .slots = 512});
    for (int i = 0; i < 400; ++i) ASSERT_NE(holder.create_notification(), abi::kNoHandle);
    const std::uint64_t cells = memory().cells;
    a.run();
    machine().enter([&] {
        holder.reference->end({.cause = schema::Process::WaitResults::Cause::killed});
        Scheduler::leave();
    });
    EXPECT_GT(memory().cells, cells - 100);          // a first step only
    EXPECT_GT(machine().armed, machine().now);       // then `a` has its turn,
    EXPECT_LE(machine().armed, machine().now + 100'000);   // and the timer comes for the next
    machine().settle();
    EXPECT_LT(memory().cells, cells - 400);
    EXPECT_TRUE(a.running() || a.runnable());
}

TEST_F(SchedulerTest, ATimerForADeadlineIsArmedOnce) {
    a.wait(1, machine().now + 5000);
    b.wait(1, machine().now + 1000);
    c.run();
    EXPECT_EQ(machine().armed, machine().now + 1000);
    const std::uint64_t interrupts = machine().timer_interrupts;
    machine().advance(4999);
    c.run();
    c.wait();
    b.run();
    b.wait();
    machine().advance(1);
    EXPECT_TRUE(a.running());
    EXPECT_LE(machine().timer_interrupts - interrupts, 3u);
}

}  // namespace
}  // namespace capos::test
