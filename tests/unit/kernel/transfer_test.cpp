// Capabilities that travel with calls and answers, and every way such a journey can end.
#include <gtest/gtest.h>

#include "tests/kernel_host/system.hpp"

namespace capos::test {
namespace {

constexpr std::uint64_t kEcho = 0xec40;
constexpr auto kMove = abi::TransferMode::Move;
using Empty = schema::Timer::PageParams;

class TransferTest : public testing::Test {
protected:
    TransferTest() {
        endpoint = server.create_endpoint("echo", 4, 4);
        const abi::Handle minted = server.mint(endpoint, 1, kEcho);
        reference = client.grant_from(server, minted);
        server.release(minted);
        carried = client.create_notification();
        object = &client.object(carried);
    }
    std::uint64_t begin(std::vector<Sent> send, std::uint16_t accept = 0, std::uint64_t deadline = abi::kNoDeadline) {
        const std::uint64_t id =
            client.begin_call(reference, kEcho, 0, bytes_of("x"), {.accept = accept, .deadline = deadline, .send = send});
        client.enter();
        return id;
    }
    Error client_uses(abi::Handle handle) { return client.signal(handle, 1); }

    TestSystem system;
    User& server = system.user("server");
    User& client = system.user("client");
    abi::Handle endpoint, reference, carried;
    kernel::Object* object;
};

TEST_F(TransferTest, ACopyArrivesAndTheSenderKeepsIt) {
    begin({{carried}});
    const Request request = server.receive(endpoint, 1);
    ASSERT_EQ(request.capabilities.size(), 1u);
    EXPECT_EQ(request.capabilities[0].interface_id, schema::Notification::kInterfaceId);
    EXPECT_EQ(&server.object(request.capabilities[0].handle), object);
    EXPECT_EQ(request.message, bytes_of("x"));
    EXPECT_EQ(client_uses(carried), Error::None);
    EXPECT_EQ(object->references(), 2u);
    EXPECT_EQ(server.process().table().reserved(), 0u);
}

TEST_F(TransferTest, AMoveArrivesAndTheSenderHasItNoLonger) {
    begin({{carried, kMove}});
    EXPECT_EQ(client_uses(carried), Error::InTransit);
    EXPECT_EQ(client.release(carried), Error::InTransit);
    const Request request = server.receive(endpoint, 1);
    ASSERT_EQ(request.capabilities.size(), 1u);
    EXPECT_EQ(&server.object(request.capabilities[0].handle), object);
    EXPECT_EQ(client_uses(carried), Error::StaleHandle);
    EXPECT_EQ(object->references(), 1u);
}

TEST_F(TransferTest, EightAtOnceArriveInOrder) {
    std::vector<Sent> send;
    for (int i = 0; i < 8; ++i) send.push_back({i % 2 ? client.create_notification() : carried});
    begin(send);
    const Request request = server.receive(endpoint, 8);
    ASSERT_EQ(request.capabilities.size(), 8u);
    for (int i = 0; i < 8; ++i)
        EXPECT_EQ(&server.object(request.capabilities[i].handle), &client.object(send[i].handle)) << i;
}

TEST_F(TransferTest, AReceiverThatAcceptsFewerRefusesTheCallAndTheMoveIsUndone) {
    const std::uint64_t receive = server.begin_receive(endpoint, 0);
    server.enter();
    const std::uint64_t call = begin({{carried, kMove}});
    EXPECT_EQ(client.finish<Empty>(call).status, Error::NoRoom);
    EXPECT_FALSE(server.completed(receive));
    EXPECT_EQ(client_uses(carried), Error::None);
}

TEST_F(TransferTest, SlotsThatWereNotNeededAreFreeAgain) {
    begin({{carried}});
    server.receive(endpoint, 8);
    EXPECT_EQ(server.process().table().reserved(), 0u);
    const std::uint64_t call = begin({}, 5);
    EXPECT_EQ(client.process().table().reserved(), 5u);
    const Request request = server.receive(endpoint);
    EXPECT_EQ(server.answer(endpoint, request.call_id, {}, {{endpoint}}), Error::None);
    EXPECT_EQ(client.finish<Empty>(call).capabilities.size(), 1u);
    EXPECT_EQ(client.process().table().reserved(), 0u);
}

TEST_F(TransferTest, AnAnswerBringsCapabilitiesBack) {
    const std::uint64_t call = begin({}, 2);
    const Request request = server.receive(endpoint);
    const abi::Handle copied = server.create_notification();
    const abi::Handle moved = server.create_notification();
    kernel::Object* moving = &server.object(moved);
    EXPECT_EQ(server.answer(endpoint, request.call_id, bytes_of("two"), {{copied}, {moved, kMove}}), Error::None);
    const auto answer = client.finish<Empty>(call);
    ASSERT_EQ(answer.capabilities.size(), 2u);
    EXPECT_EQ(answer.bytes, bytes_of("two"));
    EXPECT_EQ(&client.object(answer.capabilities[0].handle), &server.object(copied));
    EXPECT_EQ(&client.object(answer.capabilities[1].handle), moving);
    EXPECT_EQ(server.signal(moved, 1), Error::StaleHandle);
}

TEST_F(TransferTest, AnAnswerWithMoreThanTheCallerAcceptsIsItsNoRoomAndTheMoveIsUndone) {
    const std::uint64_t call = begin({}, 1);
    const Request request = server.receive(endpoint);
    const abi::Handle kept = server.create_notification();
    EXPECT_EQ(server.answer(endpoint, request.call_id, {}, {{kept, kMove}, {endpoint}}), Error::None);
    EXPECT_EQ(client.finish<Empty>(call).status, Error::NoRoom);
    EXPECT_EQ(server.signal(kept, 1), Error::None);
    EXPECT_EQ(client.process().table().reserved(), 0u);
}

TEST_F(TransferTest, AnAnswerToNobodyUndoesItsMoves) {
    const std::uint64_t call = begin({});
    const Request request = server.receive(endpoint);
    EXPECT_EQ(client.cancel(call), Error::None);
    const abi::Handle kept = server.create_notification();
    EXPECT_EQ(server.answer(endpoint, request.call_id, {}, {{kept, kMove}}), Error::CallerGone);
    EXPECT_EQ(server.signal(kept, 1), Error::None);
    EXPECT_EQ(server.answer(endpoint, 999, {}, {{kept, kMove}}), Error::NoSuchCall);
    EXPECT_EQ(server.signal(kept, 1), Error::None);
}

TEST_F(TransferTest, ACancelledCallUndoesItsMove) {
    const std::uint64_t call = begin({{carried, kMove}});
    EXPECT_EQ(client.cancel(call), Error::None);
    EXPECT_EQ(client_uses(carried), Error::None);
    EXPECT_EQ(object->references(), 1u);
}

TEST_F(TransferTest, ACallThatTimedOutUndoesItsMove) {
    const std::uint64_t call = begin({{carried, kMove}}, 0, machine().now + 100);
    machine().advance(100);
    EXPECT_EQ(client.finish<Empty>(call).status, Error::TimedOut);
    EXPECT_EQ(client_uses(carried), Error::None);
}

TEST_F(TransferTest, ADisconnectedCallUndoesItsMove) {
    const std::uint64_t call = begin({{carried, kMove}});
    EXPECT_EQ(server.revoke(endpoint, 1), Error::None);
    EXPECT_EQ(client.finish<Empty>(call).status, Error::Disconnected);
    EXPECT_EQ(client_uses(carried), Error::None);
}

TEST_F(TransferTest, AnOverloadedCallUndoesItsMove) {
    for (int i = 0; i < 4; ++i) begin({});
    const std::uint64_t call = begin({{carried, kMove}});
    EXPECT_EQ(client.finish<Empty>(call).status, Error::Overloaded);
    EXPECT_EQ(client_uses(carried), Error::None);
}

TEST_F(TransferTest, TheSendersDeathBeforeDeliveryReleasesWhatItSent) {
    const abi::Handle watched = server.grant_from(client, carried);
    begin({{carried, kMove}});
    client.kill();
    EXPECT_EQ(server.object(watched).references(), 1u);
}

TEST_F(TransferTest, TheReceiversDeathAfterDeliveryReleasesWhatItGot) {
    const abi::Handle copy = client.grant_from(client, carried);
    begin({{carried, kMove}});
    server.receive(endpoint, 1);
    server.kill();
    EXPECT_EQ(client.object(copy).references(), 1u);
    EXPECT_EQ(client_uses(carried), Error::StaleHandle);
}

TEST_F(TransferTest, TheHandleThatIsCalledMayTravelWithTheCall) {
    const std::uint64_t call = begin({{reference, kMove}});
    const Request request = server.receive(endpoint, 1);
    EXPECT_EQ(request.capabilities[0].interface_id, kEcho);
    EXPECT_EQ(server.answer(endpoint, request.call_id), Error::None);
    EXPECT_EQ(client.finish<Empty>(call).status, Error::None);
    EXPECT_EQ(client.finish<Empty>(begin({})).status, Error::StaleHandle);
    EXPECT_EQ(server.release(request.capabilities[0].handle), Error::None);
    machine().settle();
    EXPECT_EQ(server.receive(endpoint).header.kind, abi::RequestKind::Released);
}

TEST_F(TransferTest, TheEndpointMayTravelToItsOwnCaller) {
    const std::uint64_t call = begin({}, 1);
    const Request request = server.receive(endpoint);
    EXPECT_EQ(server.answer(endpoint, request.call_id, {}, {{endpoint, kMove}}), Error::None);
    const auto answer = client.finish<Empty>(call);
    ASSERT_EQ(answer.capabilities.size(), 1u);
    begin({});
    EXPECT_EQ(client.receive(answer.capabilities[0].handle).header.number, 1u);
}

TEST_F(TransferTest, AFullTableCannotBeFilledFurtherByATransfer) {
    while (server.grant(kernel::root_objects().timer) != abi::kNoHandle) {}
    const std::uint64_t receive = server.begin_receive(endpoint, 1);
    server.enter();
    EXPECT_EQ(server.finish_receive(receive).status, Error::NoSlots);
}

TEST_F(TransferTest, ReservedSlotsSurviveATableThatFillsUpMeanwhile) {
    const std::uint64_t receive = server.begin_receive(endpoint, 2);
    server.enter();
    while (server.grant(kernel::root_objects().timer) != abi::kNoHandle) {}
    begin({{carried}, {carried}});
    EXPECT_EQ(server.finish_receive(receive).capabilities.size(), 2u);
    EXPECT_EQ(server.process().table().used(), server.process().table().size());
}

TEST_F(TransferTest, MovesToAKernelObjectLeaveWithSuccessAndComeBackOtherwise) {
    const auto map = [&](std::uint64_t size, abi::Handle memory) {
        return client
            .call<schema::AddressSpace::MapParams, schema::AddressSpace::MapResults>(
                client.address_space, schema::AddressSpace::kInterfaceId, 0,
                [&](auto& p) { p.set_object(wire::CapabilityIndex(0)); p.set_size(size); }, {.send = {{memory, kMove}}})
            .status;
    };
    const abi::Handle memory = client.create_memory(4096);
    EXPECT_EQ(map(3, memory), Error::InvalidArgument);
    EXPECT_EQ(map(1 << 20, memory), Error::InvalidArgument);
    EXPECT_EQ(map(4096, memory), Error::None);
    EXPECT_EQ(client.release(memory), Error::StaleHandle);
}

}  // namespace
}  // namespace capos::test
