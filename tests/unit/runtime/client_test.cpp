#include "runtime/client.hpp"

#include "runtime/server.hpp"
#include "schema/memory.client.hpp"
#include "schema/process.client.hpp"
#include "schema/system.client.hpp"
#include "tests/unit/runtime/fake_kernel.hpp"

namespace capos::rt {
namespace {

using test::FakeKernel;

// A message with results R, made by `fill`.
template <class R, class Fill>
std::vector<std::byte> message_of(Fill&& fill) {
    alignas(8) std::byte storage[4096];
    wire::MessageBuilder builder(storage);
    auto root = builder.init_root<R>();
    fill(root);
    const auto bytes = *builder.finish();
    return {bytes.begin(), bytes.end()};
}

client::Timer timer_client() { return client::Timer(Handle(0x100000001)); }

TEST(ClientTest, ACallCarriesItsParametersAndBringsResults) {
    FakeKernel kernel;
    kernel.script = [&](const abi::Submission& call) {
        EXPECT_EQ(call.operation, abi::Operation::Call);
        EXPECT_EQ(call.handle, 0x100000001u);
        EXPECT_EQ(call.interface_or_call, schema::Timer::kInterfaceId);
        EXPECT_EQ(call.method, 1);
        auto message = wire::MessageReader::open(kernel.message(call.message_offset, call.message_length));
        EXPECT_EQ(message->root<schema::Timer::SleepUntilParams>()->deadline(), 777u);
        kernel.reply(call, message_of<schema::Timer::SleepUntilResults>([](auto& results) { results.set_now(778); }));
        return true;
    };
    std::uint64_t now = 0;
    test::run([](std::uint64_t& now) -> Task<void> {
        const auto timer = timer_client();
        auto reply = co_await timer.sleep_until(777);
        if (reply) now = (*reply)->now();
    }(now));
    EXPECT_EQ(now, 778u);
    ring_client().enter(0, 0);
    EXPECT_EQ(kernel.released, (std::vector<abi::Handle>{0x100000001}));
    EXPECT_EQ(ring_client().area().used_bytes(), 0u);
}

TEST(ClientTest, TransportErrorsAndExceptionsAreTheResultsError) {
    FakeKernel kernel;
    for (const Error error : {Error::StaleHandle, Error::QuotaExceeded, Error::Overloaded, Error::Denied}) {
        kernel.script = [&](const abi::Submission& call) {
            kernel.complete(call, error);
            return true;
        };
        Error seen = Error::None;
        test::run([](Error& seen) -> Task<void> {
            const auto timer = timer_client();
            auto reply = co_await timer.sleep_until(1);
            if (!reply) seen = reply.error();
        }(seen));
        EXPECT_EQ(seen, error);
    }
    EXPECT_EQ(ring_client().area().used_bytes(), 0u);
}

TEST(ClientTest, AReplyThatDoesNotParseIsMalformed) {
    FakeKernel kernel;
    kernel.script = [&](const abi::Submission& call) {
        const std::vector<std::byte> garbage(16, std::byte{0xff});
        kernel.reply(call, garbage);
        return true;
    };
    Error seen = Error::None;
    test::run([](Error& seen) -> Task<void> {
        const auto timer = timer_client();
        auto reply = co_await timer.sleep_until(1);
        if (!reply) seen = reply.error();
    }(seen));
    EXPECT_EQ(seen, Error::MalformedMessage);
}

TEST(ClientTest, CallsMadeBeforeTheFirstAwaitRunSideBySide) {
    FakeKernel kernel(16, 16);
    kernel.idle = [&] {
        EXPECT_EQ(kernel.parked_count(abi::Operation::Call), 3u);
        while (kernel.parked_count(abi::Operation::Call) != 0)
            kernel.reply(kernel.parked(abi::Operation::Call, kernel.parked_count(abi::Operation::Call) - 1), {});
    };
    int answered = 0;
    test::run([](int& answered) -> Task<void> {
        const auto timer = timer_client();
        auto first = timer.sleep_until(1);
        auto second = timer.sleep_until(2);
        auto third = timer.sleep_until(3);
        answered += (co_await first).has_value();
        answered += (co_await second).has_value();
        answered += (co_await third).has_value();
    }(answered));
    EXPECT_EQ(answered, 3);
}

TEST(ClientTest, ACapabilityOfTheReplyIsTakenOnceAndAsWhatItWasGranted) {
    FakeKernel kernel;
    kernel.script = [&](const abi::Submission& call) {
        EXPECT_EQ(call.accept_capabilities, 1);
        kernel.reply(call,
                     message_of<schema::Timer::PageResults>(
                         [](auto& results) { results.set_page(wire::CapabilityIndex(0)); }),
                     {{55, schema::MemoryObject::kInterfaceId}});
        return true;
    };
    test::run([]() -> Task<void> {
        const auto timer = timer_client();
        auto reply = co_await timer.page();
        EXPECT_TRUE(reply.has_value());
        if (!reply) co_return;
        EXPECT_EQ(reply->take<schema::Log>((*reply)->page()).error(), Error::WrongInterface);
        auto page = reply->take<schema::MemoryObject>((*reply)->page());
        EXPECT_TRUE(page.has_value());
        if (page) {
            EXPECT_EQ(page->raw(), 55u);
        }
        EXPECT_EQ(reply->take<schema::MemoryObject>((*reply)->page()).error(), Error::InvalidArgument);
        EXPECT_EQ(reply->take<schema::MemoryObject>(wire::CapabilityIndex()).error(), Error::InvalidArgument);
        EXPECT_EQ(reply->take<schema::MemoryObject>(wire::CapabilityIndex(9)).error(), Error::InvalidArgument);
    }());
    ring_client().enter(0, 0);
    EXPECT_EQ(kernel.released.size(), 2u);      // the page and the timer
}

TEST(ClientTest, ALargeMessageIsFilledAgainWithItsCapabilitiesAddedOnce) {
    FakeKernel kernel(8, 8, 1024 * 1024);
    std::vector<std::byte> bytes(16384, std::byte{0x5a});
    kernel.script = [&](const abi::Submission& call) {
        auto message = wire::MessageReader::open(kernel.message(call.message_offset, call.message_length));
        auto params = message->root<schema::Terminal::WriteParams>();
        EXPECT_TRUE(params.has_value());
        EXPECT_EQ(params->bytes().size(), 16384u);
        const auto sent = kernel.sent(call);
        EXPECT_EQ(sent.size(), 2u);
        if (sent.size() == 2) {
            EXPECT_EQ(sent[0].handle, 8u);
            EXPECT_EQ(sent[0].mode, abi::TransferMode::Move);
            EXPECT_EQ(sent[1].handle, 9u);
            EXPECT_EQ(sent[1].mode, abi::TransferMode::Copy);
        }
        kernel.reply(call, {});
        return true;
    };
    int filled = 0;
    std::vector<wire::CapabilityIndex> indices;
    test::run([](std::vector<std::byte>& bytes, int& filled, std::vector<wire::CapabilityIndex>& indices) -> Task<void> {
        const client::Terminal terminal(Handle(3));
        Client moved(Handle(8));
        const Client copied(Handle(9));
        auto reply = co_await terminal.write_with([&, sent = Sent(std::move(moved))](auto& params, Outgoing& outgoing) mutable {
            ++filled;
            params.set_bytes(bytes);
            indices.push_back(outgoing.add(std::move(sent)));
            indices.push_back(outgoing.add(Sent()));
            indices.push_back(outgoing.add(copied));
        });
        EXPECT_TRUE(reply.has_value());
    }(bytes, filled, indices));
    EXPECT_EQ(filled, 3);
    ASSERT_EQ(indices.size(), 9u);
    for (std::size_t i = 0; i < 9; i += 3) {
        EXPECT_EQ(indices[i], wire::CapabilityIndex(0));
        EXPECT_FALSE(indices[i + 1].has_value());
        EXPECT_EQ(indices[i + 2], wire::CapabilityIndex(1));
    }
    ring_client().enter(0, 0);
    EXPECT_EQ(kernel.released, (std::vector<abi::Handle>{9, 3}));
}

TEST(ClientTest, AMessageBeyondTheLimitIsALocalErrorAndItsMovesAreReleased) {
    FakeKernel kernel(8, 8, 1024 * 1024);
    std::vector<std::byte> bytes(abi::kMaxMessageBytes + 8);
    Error seen = Error::None;
    test::run([](std::vector<std::byte>& bytes, Error& seen) -> Task<void> {
        const client::Terminal terminal(Handle(3));
        Client moved(Handle(8));
        auto reply = co_await terminal.write_with([&, sent = Sent(std::move(moved))](auto& params, Outgoing& outgoing) mutable {
            params.set_bytes(bytes);
            (void)outgoing.add(std::move(sent));
        });
        if (!reply) seen = reply.error();
    }(bytes, seen));
    EXPECT_EQ(seen, Error::Overflow);
    ring_client().enter(0, 0);
    EXPECT_EQ(kernel.released, (std::vector<abi::Handle>{8, 3}));
    EXPECT_EQ(ring_client().area().used_bytes(), 0u);
}

TEST(ClientTest, NoRoomInTheMessageAreaIsALocalError) {
    FakeKernel kernel(8, 8, 4096);
    Error seen = Error::None;
    test::run([](Error& seen) -> Task<void> {
        const auto timer = timer_client();
        auto reply = co_await timer.sleep_until(1, {.reply_bytes = 8192});
        if (!reply) seen = reply.error();
    }(seen));
    EXPECT_EQ(seen, Error::Exhausted);
    EXPECT_EQ(ring_client().area().used_bytes(), 0u);
}

TEST(ClientTest, ADroppedCallIsCancelled) {
    FakeKernel kernel;
    test::run([]() -> Task<void> {
        const auto timer = timer_client();
        {
            auto dropped = timer.sleep_until(1);
            co_await yield();
        }
        co_await yield();
        co_await yield();
    }());
    EXPECT_EQ(kernel.cancelled.size(), 1u);
    EXPECT_EQ(ring_client().area().used_bytes(), 0u);
}

}  // namespace
}  // namespace capos::rt
