// Calls between processes.
#include <gtest/gtest.h>

#include "tests/kernel_host/system.hpp"

namespace capos::test {
namespace {

constexpr std::uint64_t kEcho = 0xec40;
using Empty = schema::Timer::PageParams;

class EndpointTest : public testing::Test {
protected:
    EndpointTest() { endpoint = server.create_endpoint("echo", 4, 2); }

    // A reference for `number` in the hands of `user`.
    abi::Handle lend(User& user, std::uint64_t number, bool persistent = false) {
        const abi::Handle minted = server.mint(endpoint, number, kEcho, persistent);
        EXPECT_NE(minted, abi::kNoHandle) << error_name(server.refused);
        const abi::Handle lent = user.grant_from(server, minted);
        EXPECT_EQ(server.release(minted), Error::None);
        return lent;
    }
    std::uint64_t begin(User& user, abi::Handle reference, std::string_view text, const CallOptions& options = {}) {
        const std::uint64_t id = user.begin_call(reference, kEcho, 3, bytes_of(text), options);
        user.enter();
        return id;
    }

    TestSystem system;
    User& server = system.user("server");
    User& client = system.user("client");
    abi::Handle endpoint;
};

TEST_F(EndpointTest, ACallReachesItsServiceAndTheAnswerItsCaller) {
    const abi::Handle reference = lend(client, 42);
    const std::uint64_t call = begin(client, reference, "question");
    EXPECT_FALSE(client.completed(call));
    const Request request = server.receive(endpoint);
    EXPECT_EQ(request.status, Error::None);
    EXPECT_EQ(request.header.kind, abi::RequestKind::Call);
    EXPECT_EQ(request.header.number, 42u);
    EXPECT_EQ(request.header.interface_id, kEcho);
    EXPECT_EQ(request.header.method, 3u);
    EXPECT_EQ(request.message, bytes_of("question"));
    EXPECT_EQ(server.answer(endpoint, request.call_id, bytes_of("the answer")), Error::None);
    const auto answer = client.finish<Empty>(call);
    EXPECT_EQ(answer.status, Error::None);
    EXPECT_EQ(answer.bytes, bytes_of("the answer"));
}

TEST_F(EndpointTest, AServiceThatWaitsIsWokenByTheCall) {
    const abi::Handle reference = lend(client, 1);
    const std::uint64_t receive = server.begin_receive(endpoint);
    server.wait();
    const std::uint64_t call = begin(client, reference, "x");
    EXPECT_EQ(server.thread().state(), kernel::Thread::State::Ready);
    EXPECT_EQ(server.result(), 1u);
    const Request request = server.finish_receive(receive);
    EXPECT_EQ(server.answer(endpoint, request.call_id), Error::None);
    EXPECT_EQ(client.finish<Empty>(call).status, Error::None);
}

TEST_F(EndpointTest, AnExceptionArrivesAsOne) {
    const abi::Handle reference = lend(client, 1);
    const std::uint64_t call = begin(client, reference, "x");
    const Request request = server.receive(endpoint);
    EXPECT_EQ(server.answer(endpoint, request.call_id, {}, {}, Error::Overloaded), Error::None);
    EXPECT_EQ(client.finish<Empty>(call).status, Error::Overloaded);
}

TEST_F(EndpointTest, ACallIsAnsweredOnceAndOnlyByWhoReceivedIt) {
    User& other = system.user("other");
    const abi::Handle others = other.grant_from(server, endpoint);
    const abi::Handle reference = lend(client, 1);
    const std::uint64_t call = begin(client, reference, "x");
    const Request request = server.receive(endpoint);
    EXPECT_EQ(other.answer(others, request.call_id), Error::NoSuchCall);
    EXPECT_FALSE(client.completed(call));
    EXPECT_EQ(server.answer(endpoint, request.call_id), Error::None);
    EXPECT_EQ(server.answer(endpoint, request.call_id), Error::NoSuchCall);
    EXPECT_EQ(client.finish<Empty>(call).status, Error::None);
}

TEST_F(EndpointTest, NumbersAreServedInTurn) {
    User& second = system.user("second");
    const abi::Handle mine = lend(client, 1);
    const abi::Handle theirs = lend(second, 2);
    begin(client, mine, "a1");
    begin(client, mine, "a2");
    begin(second, theirs, "b1");
    std::string order;
    for (int i = 0; i < 3; ++i) order += std::to_string(server.receive(endpoint).header.number);
    EXPECT_EQ(order, "121");
}

TEST_F(EndpointTest, OneNumberParksNoMoreThanItsBound) {
    const abi::Handle reference = lend(client, 1);
    const std::uint64_t first = begin(client, reference, "1");
    const std::uint64_t second = begin(client, reference, "2");
    const std::uint64_t third = begin(client, reference, "3");
    EXPECT_EQ(client.finish<Empty>(third).status, Error::Overloaded);
    EXPECT_FALSE(client.completed(first) || client.completed(second));
    // A number of another client is not affected.
    User& other = system.user("other");
    const std::uint64_t others = begin(other, lend(other, 2), "x");
    EXPECT_FALSE(other.completed(others));
    // Once one is received there is room again.
    server.receive(endpoint);
    const std::uint64_t fourth = begin(client, reference, "4");
    EXPECT_FALSE(client.completed(fourth));
}

TEST_F(EndpointTest, ABoundedCountIsInFlightAndTheRestWaits) {
    User& second = system.user("second");
    User& third = system.user("third");
    const abi::Handle references[] = {lend(client, 1), lend(second, 2), lend(third, 3)};
    User* users[] = {&client, &second, &third};
    for (int i = 0; i < 3; ++i) {
        begin(*users[i], references[i], "x");
        begin(*users[i], references[i], "y");
    }
    std::vector<Request> received;
    for (int i = 0; i < 3; ++i) received.push_back(server.receive(endpoint));
    const std::uint64_t fourth = server.begin_receive(endpoint);
    server.enter();
    EXPECT_FALSE(server.completed(fourth));               // each has one; the place that is left is for another
    const abi::Handle newcomer = lend(third, 4);
    begin(third, newcomer, "z");
    EXPECT_TRUE(server.completed(fourth));
    EXPECT_EQ(server.finish_receive(fourth).header.number, 4u);
    const std::uint64_t fifth = server.begin_receive(endpoint);
    server.enter();
    EXPECT_FALSE(server.completed(fifth));
    EXPECT_EQ(server.answer(endpoint, received[0].call_id), Error::None);
    EXPECT_TRUE(server.completed(fifth));
    EXPECT_EQ(server.finish_receive(fifth).header.number, 1u);
}

TEST_F(EndpointTest, ARequestTooLargeForTheReceiverIsItsCallersNoRoom) {
    const abi::Handle reference = lend(client, 1);
    const std::uint64_t receive = server.begin_receive(endpoint, 0, 64);
    server.enter();
    const std::uint64_t large = begin(client, reference, std::string(40, 'x'));
    EXPECT_EQ(client.finish<Empty>(large).status, Error::NoRoom);
    EXPECT_FALSE(server.completed(receive));
    const std::uint64_t fits = begin(client, reference, std::string(32, 'x'));
    EXPECT_FALSE(client.completed(fits));
    EXPECT_EQ(server.finish_receive(receive).message.size(), 32u);
}

TEST_F(EndpointTest, AnAnswerTooLargeForTheCallerIsItsNoRoom) {
    const abi::Handle reference = lend(client, 1);
    const std::uint64_t call = begin(client, reference, "x", {.capacity = 16});
    const Request request = server.receive(endpoint);
    EXPECT_EQ(server.answer(endpoint, request.call_id, Bytes(24)), Error::None);
    EXPECT_EQ(client.finish<Empty>(call).status, Error::NoRoom);
}

TEST_F(EndpointTest, ANumberInUseIsBusy) {
    lend(client, 1);
    EXPECT_EQ(server.mint(endpoint, 1, kEcho), abi::kNoHandle);
    EXPECT_EQ(server.refused, Error::Busy);
    EXPECT_EQ(server.mint(endpoint, 33, kEcho) == abi::kNoHandle, false);      // the same bucket
    EXPECT_EQ(server.mint(endpoint, 7, 0), abi::kNoHandle);
    EXPECT_EQ(server.refused, Error::InvalidArgument);
}

TEST_F(EndpointTest, AMintThatCannotBeHandedOverLeavesTheNumberFree) {
    const auto mint = [&](std::uint16_t accept) {
        using I = schema::Endpoint;
        return server.call<I::MintParams, I::MintResults>(
            endpoint, I::kInterfaceId, 0, [](auto& p) { p.set_number(5); p.set_interface_id(kEcho); }, {.accept = accept}).status;
    };
    EXPECT_EQ(mint(0), Error::NoRoom);
    EXPECT_EQ(mint(1), Error::None);
}

TEST_F(EndpointTest, AReferenceCannotBeReceivedOnNorMintedFrom) {
    const abi::Handle reference = lend(client, 1);
    abi::Submission entry{};
    entry.operation = abi::Operation::Receive;
    entry.handle = reference;
    entry.buffer_capacity = 64;
    const std::uint64_t id = client.push(entry);
    client.enter();
    EXPECT_EQ(static_cast<Error>(client.take(id)->status), Error::WrongInterface);
    EXPECT_EQ(client.mint(reference, 9, kEcho), abi::kNoHandle);
    EXPECT_EQ(client.refused, Error::WrongInterface);
}

TEST_F(EndpointTest, RevokedReferencesAnswerDisconnected) {
    const abi::Handle reference = lend(client, 1);
    const std::uint64_t parked = begin(client, reference, "x");
    EXPECT_EQ(server.revoke(endpoint, 1), Error::None);
    EXPECT_EQ(client.finish<Empty>(parked).status, Error::Disconnected);
    EXPECT_EQ(client.finish<Empty>(begin(client, reference, "y")).status, Error::Disconnected);
    EXPECT_EQ(server.revoke(endpoint, 77), Error::None);
    // The number is free again, and the old reference does not come back with it.
    const abi::Handle fresh = lend(client, 1);
    const std::uint64_t call = begin(client, fresh, "z");
    EXPECT_FALSE(client.completed(call));
    EXPECT_EQ(client.finish<Empty>(begin(client, reference, "y")).status, Error::Disconnected);
    EXPECT_EQ(client.release(reference), Error::None);
    EXPECT_EQ(server.receive(endpoint).header.kind, abi::RequestKind::Call);
}

TEST_F(EndpointTest, ACallInFlightSurvivesTheRevocationOfItsReference) {
    const abi::Handle reference = lend(client, 1);
    const std::uint64_t call = begin(client, reference, "x");
    const Request request = server.receive(endpoint);
    EXPECT_EQ(server.revoke(endpoint, 1), Error::None);
    EXPECT_EQ(server.answer(endpoint, request.call_id), Error::None);
    EXPECT_EQ(client.finish<Empty>(call).status, Error::None);
}

// --- release notices

TEST_F(EndpointTest, TheLastReleaseOfANumberIsToldOnce) {
    const abi::Handle reference = lend(client, 5);
    const abi::Handle copy = client.grant_from(client, reference);
    const std::uint64_t receive = server.begin_receive(endpoint);
    server.enter();
    EXPECT_EQ(client.release(reference), Error::None);
    EXPECT_FALSE(server.completed(receive));
    EXPECT_EQ(client.release(copy), Error::None);
    machine().settle();
    ASSERT_TRUE(server.completed(receive));
    const Request notice = server.finish_receive(receive);
    EXPECT_EQ(notice.header.kind, abi::RequestKind::Released);
    EXPECT_EQ(notice.header.number, 5u);
    EXPECT_EQ(notice.call_id, 0u);
    const std::uint64_t next = server.begin_receive(endpoint);
    server.enter();
    EXPECT_FALSE(server.completed(next));
}

TEST_F(EndpointTest, ANumberIsReusableOnlyAfterItsNoticeWasReceived) {
    const abi::Handle reference = lend(client, 5);
    EXPECT_EQ(client.release(reference), Error::None);
    machine().settle();
    EXPECT_EQ(server.mint(endpoint, 5, kEcho), abi::kNoHandle);
    EXPECT_EQ(server.refused, Error::Busy);
    EXPECT_EQ(server.receive(endpoint).header.kind, abi::RequestKind::Released);
    EXPECT_NE(server.mint(endpoint, 5, kEcho), abi::kNoHandle);
}

TEST_F(EndpointTest, ANoticeTakesItsTurnAmongCalls) {
    User& second = system.user("second");
    const abi::Handle mine = lend(client, 1);
    const abi::Handle theirs = lend(second, 2);
    begin(client, mine, "a1");
    begin(client, mine, "a2");
    EXPECT_EQ(second.release(theirs), Error::None);
    machine().settle();
    EXPECT_EQ(server.receive(endpoint).header.number, 1u);
    EXPECT_EQ(server.receive(endpoint).header.kind, abi::RequestKind::Released);
    EXPECT_EQ(server.receive(endpoint).header.number, 1u);
}

TEST_F(EndpointTest, TheDeathOfAClientIsToldAsARelease) {
    lend(client, 9);
    client.kill();
    const Request notice = server.receive(endpoint);
    EXPECT_EQ(notice.header.kind, abi::RequestKind::Released);
    EXPECT_EQ(notice.header.number, 9u);
}

TEST_F(EndpointTest, ANoticeForARevokedNumberIsDropped) {
    const abi::Handle reference = lend(client, 5);
    EXPECT_EQ(client.release(reference), Error::None);
    machine().settle();
    EXPECT_EQ(server.revoke(endpoint, 5), Error::None);
    const std::uint64_t receive = server.begin_receive(endpoint);
    server.enter();
    EXPECT_FALSE(server.completed(receive));
    EXPECT_NE(server.mint(endpoint, 5, kEcho), abi::kNoHandle);
}

// --- life and death of the service

TEST_F(EndpointTest, CallsInFlightAreDisconnectedWhenTheServerDiesAndParkedOnesSurvive) {
    User& init = system.user("init");
    const abi::Handle owned = init.create_endpoint("service", 4, 4);
    const abi::Handle lent = server.grant_from(init, owned);
    const abi::Handle reference = client.grant_from(init, init.mint(owned, 1, kEcho, true));
    const std::uint64_t in_flight = begin(client, reference, "first");
    EXPECT_EQ(server.receive(lent).message, bytes_of("first"));
    const std::uint64_t parked = begin(client, reference, "second");
    server.kill();
    EXPECT_EQ(client.finish<Empty>(in_flight).status, Error::Disconnected);
    EXPECT_FALSE(client.completed(parked));
    // The next instance gets the same endpoint: the reference stays good.
    User& next = system.user("server");
    const abi::Handle again = next.grant_from(init, owned);
    const Request request = next.receive(again);
    EXPECT_EQ(request.message, bytes_of("second"));
    EXPECT_EQ(next.answer(again, request.call_id), Error::None);
    EXPECT_EQ(client.finish<Empty>(parked).status, Error::None);
}

TEST_F(EndpointTest, WhatAnInstanceMintedDiesWithIt) {
    User& init = system.user("init");
    const abi::Handle owned = init.create_endpoint("service", 4, 4);
    const abi::Handle lent = server.grant_from(init, owned);
    const abi::Handle own = client.grant_from(server, server.mint(lent, 100, kEcho, false));
    const abi::Handle kept = client.grant_from(init, init.mint(owned, 1, kEcho, true));
    const std::uint64_t parked = begin(client, own, "x");
    server.kill();
    EXPECT_EQ(client.finish<Empty>(parked).status, Error::Disconnected);
    EXPECT_EQ(client.finish<Empty>(begin(client, own, "y")).status, Error::Disconnected);
    EXPECT_FALSE(client.completed(begin(client, kept, "z")));
    // The next instance may use the number at once.
    User& next = system.user("server");
    EXPECT_NE(next.mint(next.grant_from(init, owned), 100, kEcho), abi::kNoHandle);
}

TEST_F(EndpointTest, WithTheLastEndpointEveryCallIsDisconnected) {
    const abi::Handle reference = lend(client, 1);
    const std::uint64_t in_flight = begin(client, reference, "a");
    server.receive(endpoint);
    const std::uint64_t parked = begin(client, reference, "b");
    const std::uint64_t receive = server.begin_receive(endpoint);
    server.enter();
    server.finish_receive(receive);                  // took "b"
    const std::uint64_t waiting = server.begin_receive(endpoint);
    EXPECT_EQ(server.release(endpoint), Error::None);
    machine().settle();
    EXPECT_EQ(client.finish<Empty>(in_flight).status, Error::Disconnected);
    EXPECT_EQ(client.finish<Empty>(parked).status, Error::Disconnected);
    EXPECT_EQ(server.finish_receive(waiting).status, Error::Disconnected);
    EXPECT_EQ(client.finish<Empty>(begin(client, reference, "c")).status, Error::Disconnected);
    EXPECT_EQ(client.release(reference), Error::None);
}

TEST_F(EndpointTest, AnAnswerToACallerThatDiedFindsItGone) {
    const abi::Handle reference = lend(client, 1);
    begin(client, reference, "x");
    const Request request = server.receive(endpoint);
    client.kill();
    EXPECT_EQ(server.answer(endpoint, request.call_id, bytes_of("late")), Error::CallerGone);
    EXPECT_EQ(server.answer(endpoint, request.call_id, bytes_of("later")), Error::NoSuchCall);
}

TEST_F(EndpointTest, ACallParkedByACallerThatDiedIsNeverDelivered) {
    const abi::Handle reference = lend(client, 1);
    begin(client, reference, "x");
    client.kill();
    EXPECT_EQ(server.receive(endpoint).header.kind, abi::RequestKind::Released);
}

TEST_F(EndpointTest, AProcessMayCallItself) {
    const abi::Handle reference = server.mint(endpoint, 1, kEcho);
    const std::uint64_t call = begin(server, reference, "me");
    const Request request = server.receive(endpoint);
    EXPECT_EQ(request.message, bytes_of("me"));
    EXPECT_EQ(server.answer(endpoint, request.call_id, bytes_of("too")), Error::None);
    EXPECT_EQ(server.finish<Empty>(call).bytes, bytes_of("too"));
}

// --- cancel and deadlines

TEST_F(EndpointTest, CancellingAParkedCallCompletesItAtOnce) {
    const abi::Handle reference = lend(client, 1);
    const std::uint64_t call = begin(client, reference, "x");
    EXPECT_EQ(client.cancel(call), Error::None);
    EXPECT_EQ(client.finish<Empty>(call).status, Error::Cancelled);
    EXPECT_EQ(client.cancel(call), Error::NoSuchCall);
    const std::uint64_t receive = server.begin_receive(endpoint);
    server.enter();
    EXPECT_FALSE(server.completed(receive));
}

// A minter may name any interface, also one of the kernel's (so that a service can stand in for a kernel object): calls
// reach the service, and nothing of the kernel takes the reference for an object of its own.
TEST_F(EndpointTest, AReferenceThatBearsAKernelInterfaceIsNeverTakenForAKernelObject) {
    const abi::Handle as_endpoint = server.mint(endpoint, 7, schema::Endpoint::kInterfaceId);
    ASSERT_NE(as_endpoint, abi::kNoHandle);
    const std::uint64_t receive = server.begin_receive(as_endpoint);
    server.enter();
    EXPECT_EQ(server.finish_receive(receive).status, Error::WrongInterface);
    EXPECT_EQ(server.answer(as_endpoint, 1, bytes_of("forged")), Error::WrongInterface);
    const abi::Handle as_memory = server.mint(endpoint, 8, schema::MemoryObject::kInterfaceId);
    EXPECT_EQ(server.map(server.address_space, as_memory, 0, kernel::kPageSize), 0u);
    EXPECT_EQ(server.refused, Error::WrongInterface);

    const abi::Handle stand_in = client.grant_from(server, as_memory);
    const std::uint64_t call = client.begin_call(stand_in, schema::MemoryObject::kInterfaceId, 0, {});
    client.enter();
    EXPECT_EQ(server.receive(endpoint).header.number, 8u);
    (void)call;
}

TEST_F(EndpointTest, OnlyTheEndpointsCreatorMintsForLongerThanItLives) {
    User& service = system.user("service");
    const abi::Handle lent = service.grant_from(server, endpoint);
    EXPECT_EQ(service.mint(lent, 9, kEcho, true), abi::kNoHandle);
    EXPECT_EQ(service.refused, Error::Denied);
    // What the service minted for itself does not stand in the creator's way either.
    const abi::Handle squatted = service.mint(lent, 9, kEcho);
    ASSERT_NE(squatted, abi::kNoHandle);
    EXPECT_NE(server.mint(endpoint, 9, kEcho, true), abi::kNoHandle);
    const std::uint64_t call = begin(service, squatted, "x");
    EXPECT_EQ(service.finish<Empty>(call).status, Error::Disconnected);
}

TEST_F(EndpointTest, AServiceRevokesWhatItMintedAndNotItsCreatorsReferences) {
    User& service = system.user("service");
    const abi::Handle lent = service.grant_from(server, endpoint);
    const abi::Handle reference = lend(client, 1, true);
    EXPECT_EQ(service.revoke(lent, 1), Error::Denied);
    const std::uint64_t call = begin(client, reference, "still there");
    EXPECT_EQ(server.receive(endpoint).message, bytes_of("still there"));
    const abi::Handle own = service.mint(lent, 2, kEcho);
    EXPECT_EQ(service.revoke(lent, 2), Error::None);
    const std::uint64_t dead = begin(service, own, "x");
    EXPECT_EQ(service.finish<Empty>(dead).status, Error::Disconnected);
    EXPECT_EQ(server.revoke(endpoint, 1), Error::None);
    (void)call;
}

TEST_F(EndpointTest, AClientThatAbandonsItsCallsLeavesRoomForOthers) {
    User& other = system.user("other");
    const abi::Handle greedy = lend(client, 1);
    const abi::Handle modest = lend(other, 2);
    std::vector<std::uint64_t> received;
    for (int i = 0; i < 4; ++i) {
        const std::uint64_t call = begin(client, greedy, "x");
        const std::uint64_t receive = server.begin_receive(endpoint);
        server.enter();
        if (server.completed(receive)) received.push_back(server.finish_receive(receive).call_id);
        (void)client.cancel(call);
        if (!server.completed(receive)) (void)server.cancel(receive);
    }
    EXPECT_EQ(received.size(), 2u);                 // of the 4 that the endpoint has
    const std::uint64_t call = begin(other, modest, "me too");
    const Request request = server.receive(endpoint);
    EXPECT_EQ(request.message, bytes_of("me too"));
    EXPECT_EQ(server.answer(endpoint, request.call_id, bytes_of("yes")), Error::None);
    EXPECT_EQ(other.finish<Empty>(call).status, Error::None);
    // The entries come back with the answers to nobody.
    for (const std::uint64_t id : received) EXPECT_EQ(server.answer(endpoint, id, {}), Error::CallerGone);
    begin(client, greedy, "again");
    EXPECT_EQ(server.receive(endpoint).message, bytes_of("again"));
}

// What a service that means to keep the kernel busy has made: numbers `step` apart, 0 not among them, that nobody holds
// any more and whose release nobody takes.
class LongListsTest : public EndpointTest {
protected:
    static constexpr std::uint64_t kNumbers = 4096;
    static constexpr int kCalls = 400;                // less than a drain takes of calls that find nothing to walk
    User& maker = system.user("maker", {.object_bytes = 4 << 20, .sq_entries = 512, .cq_entries = 512,
                                        .message_bytes = 1 << 20});
    abi::Handle many = maker.create_endpoint("many");

    void mint_numbers(std::uint64_t step) {
        for (std::uint64_t i = 1; i <= kNumbers; ++i) {
            const abi::Handle reference = maker.mint(many, i * step, kEcho);
            ASSERT_NE(reference, abi::kNoHandle) << error_name(maker.refused);
            ASSERT_EQ(maker.release(reference), Error::None);
        }
    }
    void begin_revoke(std::uint64_t number) {
        maker.begin_call(many, schema::Endpoint::kInterfaceId,
                         static_cast<std::uint16_t>(schema::Endpoint::Method::revoke),
                         message_of<schema::Endpoint::RevokeParams>([&](auto& params) { params.set_number(number); }),
                         {.capacity = 0});
    }
};

TEST_F(LongListsTest, ABatchThatLooksForNumbersAmongManyIsTakenInParts) {
    for (int i = 0; i < kCalls; ++i) begin_revoke(0);
    EXPECT_EQ(maker.enter(), 0u + kCalls);                // nothing to walk yet
    mint_numbers(32);
    for (int i = 0; i < kCalls; ++i) begin_revoke(0);
    const std::uint64_t at_once = maker.enter(kCalls, abi::kNoDeadline);
    EXPECT_LT(at_once, 0u + kCalls);
    EXPECT_EQ(at_once + maker.enter(), 0u + kCalls);
}

TEST_F(LongListsTest, NumbersThatDifferInFewBitsAreFoundAsFast) {
    for (const std::uint64_t step : {std::uint64_t{1}, std::uint64_t{32}, std::uint64_t{1} << 32}) {
        mint_numbers(step);
        const std::uint64_t before = kernel::work_done;
        begin_revoke(0);
        maker.enter();
        EXPECT_LT(kernel::work_done - before, kNumbers / 8 * kernel::kStepWork) << step;
        for (std::uint64_t i = 1; i <= kNumbers; ++i) EXPECT_EQ(maker.revoke(many, i * step), Error::None);
    }
}

TEST_F(LongListsTest, AProcessThatHasNothingOnAnyEndpointEndsWithoutLookingAtThem) {
    mint_numbers(1);
    // It served, and minted, and was done with both.
    User& other = system.user("other");
    const abi::Handle others = other.create_endpoint("others");
    const abi::Handle minted = other.mint(others, 1, kEcho);
    begin(client, client.grant_from(other, minted), "x");
    EXPECT_EQ(other.answer(others, other.receive(others).call_id), Error::None);
    EXPECT_EQ(other.process().numbers_minted, 1u);
    EXPECT_EQ(other.revoke(others, 1), Error::None);
    EXPECT_EQ(other.process().numbers_minted, 0u);
    EXPECT_EQ(other.process().calls_served, 0u);
    const std::uint64_t before = kernel::work_done;
    other.kill();
    EXPECT_LT(kernel::work_done - before, kNumbers * kernel::kStepWork);
    EXPECT_EQ(maker.process().numbers_minted, kNumbers);
}

TEST_F(LongListsTest, PassingNumbersWhoseTurnWaitsIsWork) {
    constexpr std::uint64_t kWaiting = 200;
    const abi::Handle narrow = maker.create_endpoint("narrow", 1, 1);
    User& caller = system.user("caller", {.slots = 512, .sq_entries = 512, .cq_entries = 512});
    for (std::uint64_t number = 0; number < kWaiting; ++number) {
        const abi::Handle minted = maker.mint(narrow, number, kEcho);
        caller.begin_call(caller.grant_from(maker, minted), kEcho, 0, {}, {.capacity = 0});
        caller.enter();
        EXPECT_EQ(maker.release(minted), Error::None);
    }
    EXPECT_EQ(maker.receive(narrow).header.number, 0u);      // the one place is taken
    const std::uint64_t before = kernel::work_done;
    maker.begin_receive(narrow);
    maker.enter();
    EXPECT_GE(kernel::work_done - before, (kWaiting - 1) * kernel::kStepWork);
}

TEST_F(EndpointTest, CancellingACallInFlightLeavesTheServiceWithACallerGone) {
    const abi::Handle reference = lend(client, 1);
    const std::uint64_t call = begin(client, reference, "x");
    const Request request = server.receive(endpoint);
    EXPECT_EQ(client.cancel(call), Error::None);
    EXPECT_EQ(client.finish<Empty>(call).status, Error::Cancelled);
    EXPECT_EQ(server.answer(endpoint, request.call_id), Error::CallerGone);
}

TEST_F(EndpointTest, AReceiveCanBeCancelled) {
    const std::uint64_t receive = server.begin_receive(endpoint, 2);
    server.enter();
    EXPECT_EQ(server.process().table().reserved(), 2u);
    EXPECT_EQ(server.cancel(receive), Error::None);
    EXPECT_EQ(server.finish_receive(receive).status, Error::Cancelled);
    EXPECT_EQ(server.process().table().reserved(), 0u);
}

TEST_F(EndpointTest, CallsAndReceivesEndAtTheirDeadline) {
    const abi::Handle reference = lend(client, 1);
    const std::uint64_t now = machine().now;
    const std::uint64_t call = begin(client, reference, "x", {.deadline = now + 1000});
    const std::uint64_t in_flight = begin(client, reference, "y", {.deadline = now + 3000});
    const std::uint64_t receive = server.begin_receive(endpoint, 0, 1024, now + 2000);
    server.enter();
    server.finish_receive(receive);                 // "x" in flight
    const std::uint64_t idle = server.begin_receive(endpoint, 0, 32, now + 2000);   // "y" does not fit: NoRoom
    server.enter();
    EXPECT_EQ(client.finish<Empty>(in_flight).status, Error::NoRoom);
    machine().advance(999);
    EXPECT_FALSE(client.completed(call));
    machine().advance(1);
    EXPECT_EQ(client.finish<Empty>(call).status, Error::TimedOut);
    EXPECT_FALSE(server.completed(idle));
    machine().advance(1000);
    EXPECT_EQ(server.finish_receive(idle).status, Error::TimedOut);
}

TEST_F(EndpointTest, ADeadlineThatHasPassedStillGivesAWaitingServiceItsChance) {
    const abi::Handle reference = lend(client, 1);
    const std::uint64_t late = begin(client, reference, "x", {.deadline = 1});
    machine().advance(0);
    EXPECT_EQ(client.finish<Empty>(late).status, Error::TimedOut);
}

TEST_F(EndpointTest, ARestartedServiceSeesCallsUpToTheirDeadline) {
    User& init = system.user("init");
    const abi::Handle owned = init.create_endpoint("service", 4, 4);
    const abi::Handle reference = client.grant_from(init, init.mint(owned, 1, kEcho, true));
    const std::uint64_t call = begin(client, reference, "x", {.deadline = machine().now + 5000});
    machine().advance(5000);
    EXPECT_EQ(client.finish<Empty>(call).status, Error::TimedOut);
}

}  // namespace
}  // namespace capos::test
