#include "runtime/server.hpp"

#include "runtime/event.hpp"
#include "schema/ipc.client.hpp"
#include "schema/memory.client.hpp"
#include "schema/system.client.hpp"
#include "tests/unit/runtime/fake_kernel.hpp"

namespace capos::rt {
namespace {

using schema::Timer;
using test::FakeKernel;

struct TimerServer final : Router {
    Task<Result<void>> route(Request& request) override { return Timer::dispatch(*this, request); }
    Task<Result<void>> page(ServerCall<Timer::PageParams, Timer::PageResults> call) {
        call.results().set_page(call.send(Client(Handle(91))));
        co_return {};
    }
    Task<Result<void>> sleep_until(ServerCall<Timer::SleepUntilParams, Timer::SleepUntilResults> call) {
        numbers.push_back(call.number());
        if (call.params().deadline() == 0) co_return Error::OutOfBounds;
        if (call.params().deadline() == 1) (void)co_await gate.wait();
        call.results().set_now(call.params().deadline() * 2);
        co_return {};
    }
    void released(std::uint64_t number) override { gone.push_back(number); }
    std::vector<std::uint64_t> numbers, gone;
    Event gate;
};

class ServerTest : public ::testing::Test {
protected:
    std::vector<std::byte> sleep_message(std::uint64_t deadline) {
        alignas(8) std::byte storage[256];
        wire::MessageBuilder builder(storage);
        builder.init_root<Timer::SleepUntilParams>().set_deadline(deadline);
        const auto bytes = *builder.finish();
        return {bytes.begin(), bytes.end()};
    }
    void call(std::uint64_t number, std::uint16_t method, std::span<const std::byte> message, std::uint64_t id,
              std::vector<abi::ReceivedCapability> capabilities = {}) {
        kernel_.deliver(kernel_.parked(abi::Operation::Receive),
                        {number, Timer::kInterfaceId, abi::RequestKind::Call, method, 0}, message, id, capabilities);
    }
    void turns(int count = 3) {
        for (int i = 0; i < count; ++i) {
            keep_going_.signal();
            test::run([]() -> Task<void> { co_await yield(); }());
        }
    }
    void SetUp() override {
        serving_ = serve(endpoint_, server_, {.receives = 3, .buffer_bytes = 2048, .accept_capabilities = 2});
        serving_.start();
        turns();
        ASSERT_EQ(kernel_.parked_count(abi::Operation::Receive), 3u);
    }
    void TearDown() override {
        serving_ = {};
        turns();
        endpoint_.reset();
        turns();
        EXPECT_EQ(ring_client().outstanding(), 0u);
        EXPECT_EQ(ring_client().area().used_bytes(), 0u);
    }
    FakeKernel kernel_{16, 16};
    Event keep_going_;
    client::Endpoint endpoint_{Handle(500)};
    TimerServer server_;
    Task<Result<void>> serving_;
};

TEST_F(ServerTest, ACallIsAnsweredAndItsBufferReceivesAgain) {
    call(7, 1, sleep_message(21), 1001);
    turns();
    ASSERT_EQ(kernel_.returned.size(), 1u);
    EXPECT_EQ(kernel_.returned[0].handle, 500u);
    EXPECT_EQ(kernel_.returned[0].interface_or_call, 1001u);
    EXPECT_EQ(kernel_.returned[0].flags, 0);
    auto message = wire::MessageReader::open(kernel_.returned_messages[0]);
    EXPECT_EQ(message->root<Timer::SleepUntilResults>()->now(), 42u);
    EXPECT_EQ(server_.numbers, (std::vector<std::uint64_t>{7}));
    EXPECT_EQ(kernel_.parked_count(abi::Operation::Receive), 3u);
}

TEST_F(ServerTest, AnErrorBecomesAnException) {
    call(7, 1, sleep_message(0), 1001);
    turns();
    ASSERT_EQ(kernel_.returned.size(), 1u);
    EXPECT_EQ(kernel_.returned[0].flags, abi::kReturnException);
    EXPECT_EQ(kernel_.returned[0].method, static_cast<std::uint16_t>(Error::InvalidArgument));
}

TEST_F(ServerTest, AnUnknownMethodIsUnimplementedAndAMalformedMessageInvalid) {
    call(7, 99, {}, 1);
    turns();
    const std::vector<std::byte> garbage(24, std::byte{0xff});
    call(7, 1, garbage, 2);
    turns();
    ASSERT_EQ(kernel_.returned.size(), 2u);
    EXPECT_EQ(kernel_.returned[0].method, static_cast<std::uint16_t>(Error::Unimplemented));
    EXPECT_EQ(kernel_.returned[1].method, static_cast<std::uint16_t>(Error::InvalidArgument));
}

TEST_F(ServerTest, ASlowHandlerHoldsNobodyUp) {
    call(1, 1, sleep_message(1), 11);
    turns();
    EXPECT_EQ(kernel_.parked_count(abi::Operation::Receive), 3u);
    call(2, 1, sleep_message(5), 12);
    turns();
    ASSERT_EQ(kernel_.returned.size(), 1u);
    EXPECT_EQ(kernel_.returned[0].interface_or_call, 12u);
    server_.gate.signal();
    turns();
    ASSERT_EQ(kernel_.returned.size(), 2u);
    EXPECT_EQ(kernel_.returned[1].interface_or_call, 11u);
}

TEST_F(ServerTest, AReleaseNoticeReachesTheService) {
    kernel_.deliver(kernel_.parked(abi::Operation::Receive), {33, 0, abi::RequestKind::Released, 0, 0}, {}, 0);
    turns();
    EXPECT_EQ(server_.gone, (std::vector<std::uint64_t>{33}));
    EXPECT_TRUE(kernel_.returned.empty());
    EXPECT_EQ(kernel_.parked_count(abi::Operation::Receive), 3u);
}

TEST_F(ServerTest, CapabilitiesNobodyTookAreReleased) {
    call(7, 1, sleep_message(3), 1, {{201, 9}, {202, 9}});
    turns();
    EXPECT_EQ(kernel_.released, (std::vector<abi::Handle>{201, 202}));
}

TEST_F(ServerTest, AnAnswersCapabilityIsMovedAndReleasedIfTheCallerIsGone) {
    call(7, 0, {}, 1);
    turns();
    ASSERT_EQ(kernel_.returned.size(), 1u);
    EXPECT_EQ(kernel_.returned[0].send_capabilities, 1);
    EXPECT_TRUE(kernel_.released.empty());
    kernel_.return_status = Error::CallerGone;
    call(7, 0, {}, 2);
    turns();
    EXPECT_EQ(kernel_.released, (std::vector<abi::Handle>{91}));
}

TEST_F(ServerTest, ALargeMessageKeepsItsBufferAndAnotherReceives) {
    // Longer than what is copied: padded with words after the struct, which the format allows.
    auto message = sleep_message(1);
    message.resize(1024);
    call(1, 1, message, 11);
    turns();
    EXPECT_EQ(kernel_.parked_count(abi::Operation::Receive), 3u);
    server_.gate.signal();
    turns();
    ASSERT_EQ(kernel_.returned.size(), 1u);
    auto results = wire::MessageReader::open(kernel_.returned_messages[0]);
    EXPECT_EQ(results->root<Timer::SleepUntilResults>()->now(), 2u);
}

TEST_F(ServerTest, FullTablesAreWaitedOutAndAGoneEndpointEndsServing) {
    kernel_.complete(kernel_.parked(abi::Operation::Receive), Error::NoSlots);
    turns(1);
    EXPECT_EQ(kernel_.parked_count(abi::Operation::Receive), 2u);
    test::run([]() -> Task<void> { co_await sleep_until(executor().timers().first()->deadline() + 1); }());
    turns();
    EXPECT_EQ(kernel_.parked_count(abi::Operation::Receive), 3u);
    EXPECT_FALSE(serving_.done());
    kernel_.complete(kernel_.parked(abi::Operation::Receive), Error::StaleHandle);
    turns();
    EXPECT_TRUE(serving_.done());
}

TEST(AsExceptionTest, EveryErrorOfAServiceBecomesAnException) {
    for (std::uint16_t number = 1; number < 256; ++number) EXPECT_TRUE(is_exception(as_exception(static_cast<Error>(number))));
    EXPECT_EQ(as_exception(Error::Denied), Error::Denied);
    EXPECT_EQ(as_exception(Error::OutOfMemory), Error::Overloaded);
}

}  // namespace
}  // namespace capos::rt
