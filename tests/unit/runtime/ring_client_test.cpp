#include "runtime/ring_client.hpp"

#include "runtime/handle.hpp"
#include "tests/unit/runtime/fake_kernel.hpp"

namespace capos::rt {
namespace {

using test::FakeKernel;

// An operation that a test drives by hand.
class Probe final : public Operation {
public:
    void call(abi::Handle handle, std::uint32_t reply_bytes = 128, std::span<const abi::SentCapability> sent = {}) {
        abi::Submission submission{};
        submission.operation = abi::Operation::Call;
        submission.handle = handle;
        submission.accept_capabilities = 2;
        submission.deadline = abi::kNoDeadline;
        OperationBuffers buffers;
        buffers.incoming = *ring_client().allocate(reply_bytes + 2 * sizeof(abi::ReceivedCapability));
        submission.buffer_offset = buffers.incoming.offset;
        submission.buffer_capacity = buffers.incoming.size;
        if (!sent.empty()) {
            buffers.outgoing = *ring_client().allocate(static_cast<std::uint32_t>(sent.size_bytes()));
            std::memcpy(ring_client().at(buffers.outgoing), sent.data(), sent.size_bytes());
            submission.capability_offset = buffers.outgoing.offset;
            submission.send_capabilities = static_cast<std::uint16_t>(sent.size());
        }
        submit(submission, buffers);
    }
    bool await_ready() const { return completed(); }
    void await_suspend(std::coroutine_handle<> waiter) { wait_with(waiter); }
    Error await_resume() { return status(); }
    void free_buffer() { ring_client().free(take_incoming()); }
};

TEST(RingClientTest, ARingOfAnotherVersionIsRefused) {
    FakeKernel kernel;
    std::vector<std::byte> other(8192);
    EXPECT_EQ(RingQueues::open(other.data()).error(), Error::Malformed);
}

TEST(RingClientTest, CompletionsFindTheirWaitersInAnyOrder) {
    FakeKernel kernel;
    Probe first, second;
    first.call(1);
    second.call(2);
    ring_client().enter(0, 0);
    kernel.complete(kernel.parked(abi::Operation::Call, 1), Error::Failed);
    kernel.complete(kernel.parked(abi::Operation::Call, 0), Error::None);
    EXPECT_EQ(ring_client().reap(), 2u);
    EXPECT_EQ(first.status(), Error::None);
    EXPECT_EQ(second.status(), Error::Failed);
    first.free_buffer();
}

TEST(RingClientTest, MoreCallsThanCompletionPlacesWaitTheirTurn) {
    FakeKernel kernel(8, 8);
    std::vector<std::unique_ptr<Probe>> probes;
    for (abi::Handle i = 1; i <= 20; ++i) {
        probes.push_back(std::make_unique<Probe>());
        probes.back()->call(i);
    }
    ring_client().enter(0, 0);
    // Two places are kept for operations that complete at once.
    EXPECT_EQ(kernel.parked_count(abi::Operation::Call), 6u);
    for (abi::Handle expected = 1; expected <= 20; ++expected) {
        EXPECT_EQ(kernel.parked(abi::Operation::Call).handle, expected);
        kernel.complete(kernel.parked(abi::Operation::Call), Error::None);
        ring_client().enter(0, 0);
        ring_client().enter(0, 0);
    }
    for (auto& probe : probes) EXPECT_TRUE(probe->completed());
}

TEST(RingClientTest, ReleasesGoOutWhileEveryOrdinaryPlaceIsTaken) {
    FakeKernel kernel(8, 8);
    std::vector<std::unique_ptr<Probe>> probes;
    for (abi::Handle i = 1; i <= 10; ++i) {
        probes.push_back(std::make_unique<Probe>());
        probes.back()->call(i);
    }
    for (abi::Handle handle = 100; handle < 200; ++handle) ring_client().release(handle);
    ring_client().enter(0, 0);
    EXPECT_EQ(kernel.released.size(), 100u);
    EXPECT_EQ(kernel.released.front(), 100u);
}

TEST(RingClientTest, ADestroyedWaiterCancelsItsCallAndTheBufferStaysUntilTheCompletion) {
    FakeKernel kernel;
    bool answer_cancel = false;
    const std::uint32_t before = ring_client().area().used_bytes();
    {
        Probe probe;
        probe.call(5);
        ring_client().enter(0, 0);
    }
    EXPECT_GT(ring_client().area().used_bytes(), before);
    ring_client().enter(0, 0);
    ASSERT_EQ(kernel.cancelled.size(), 1u);
    ring_client().reap();
    EXPECT_EQ(ring_client().area().used_bytes(), before);
    EXPECT_EQ(ring_client().outstanding(), 0u);
    (void)answer_cancel;
}

TEST(RingClientTest, ACancellationThatComesTooLateDoesNotHitTheCallThatHasTheRecordNow) {
    FakeKernel kernel(8, 8);
    std::vector<std::unique_ptr<Probe>> probes;
    for (abi::Handle i = 1; i <= 7; ++i) {
        probes.push_back(std::make_unique<Probe>());
        probes.back()->call(i);
    }
    ring_client().enter(0, 0);
    ASSERT_EQ(kernel.parked_count(abi::Operation::Call), 6u) << "the seventh waits for a place";
    kernel.complete(kernel.parked(abi::Operation::Call), Error::None);
    ring_client().release(100);
    ring_client().release(101);
    probes.front().reset();   // room for the cancellation is made: the first is complete, the seventh has its record
    ring_client().enter(0, 0);
    ring_client().enter(0, 0);
    EXPECT_TRUE(kernel.cancelled.empty());
    ASSERT_EQ(kernel.parked_count(abi::Operation::Call), 6u);
    EXPECT_EQ(kernel.parked(abi::Operation::Call, 5).handle, 7u);
    EXPECT_FALSE(probes.back()->completed());
}

TEST(RingClientTest, CapabilitiesThatComeForADestroyedWaiterAreReleased) {
    FakeKernel kernel;
    abi::Submission submission;
    {
        Probe probe;
        probe.call(5);
        ring_client().enter(0, 0);
        submission = kernel.parked(abi::Operation::Call);
        // The answer is there before the cancellation is.
        kernel.reply(submission, {}, {{77, 1}, {78, 2}});
    }
    ring_client().enter(0, 0);
    ring_client().enter(0, 0);
    EXPECT_EQ(kernel.released, (std::vector<abi::Handle>{77, 78}));
}

TEST(RingClientTest, CapabilitiesOfAnAnswerNobodyReadAreReleased) {
    FakeKernel kernel;
    {
        Probe probe;
        probe.call(5);
        ring_client().enter(0, 0);
        kernel.reply(kernel.parked(abi::Operation::Call), {}, {{77, 1}});
        ring_client().reap();
        EXPECT_TRUE(probe.completed());
    }
    ring_client().enter(0, 0);
    EXPECT_EQ(kernel.released, (std::vector<abi::Handle>{77}));
}

TEST(RingClientTest, MovesOfAFailedCallAreReleasedAndCopiesAreNot) {
    FakeKernel kernel;
    Probe probe;
    const abi::SentCapability sent[] = {{31, abi::TransferMode::Move, 0}, {32, abi::TransferMode::Copy, 0}};
    probe.call(5, 128, sent);
    ring_client().enter(0, 0);
    kernel.complete(kernel.parked(abi::Operation::Call), Error::TimedOut);
    ring_client().reap();
    ring_client().enter(0, 0);
    EXPECT_EQ(kernel.released, (std::vector<abi::Handle>{31}));
}

TEST(RingClientTest, ADeferredCallThatIsDestroyedNeverReachesTheKernel) {
    FakeKernel kernel(8, 8);
    std::vector<std::unique_ptr<Probe>> probes;
    for (abi::Handle i = 1; i <= 7; ++i) {
        probes.push_back(std::make_unique<Probe>());
        probes.back()->call(i);
    }
    {
        Probe deferred;
        const abi::SentCapability sent[] = {{31, abi::TransferMode::Move, 0}};
        deferred.call(99, 128, sent);
    }
    while (!probes.empty()) probes.pop_back();
    for (int i = 0; i < 10; ++i) ring_client().enter(0, 0);
    EXPECT_EQ(kernel.released, (std::vector<abi::Handle>{31}));
    EXPECT_EQ(ring_client().outstanding(), 0u);
    EXPECT_EQ(ring_client().area().used_bytes(), 0u);
}

TEST(RingClientTest, AHandleIsReleasedOnceAndNotAfterBeingMoved) {
    FakeKernel kernel;
    {
        Handle handle(42);
        Handle moved = std::move(handle);
        EXPECT_FALSE(handle.valid());
        Handle detached(43);
        EXPECT_EQ(detached.detach(), 43u);
    }
    ring_client().enter(0, 0);
    EXPECT_EQ(kernel.released, (std::vector<abi::Handle>{42}));
}

TEST(RingClientTest, AThousandCancelledCallsLeaveNothingBehind) {
    FakeKernel kernel(16, 16);
    for (int round = 0; round < 1000; ++round) {
        Probe a, b;
        a.call(1);
        b.call(2);
        if (round % 3 == 0) ring_client().enter(0, 0);
    }
    for (int i = 0; i < 4; ++i) ring_client().enter(0, 0);
    EXPECT_EQ(ring_client().outstanding(), 0u);
    EXPECT_EQ(ring_client().area().used_bytes(), 0u);
}

}  // namespace
}  // namespace capos::rt
