// What the ring refuses before any object sees it, and what it does by itself.
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <set>

#include "tests/kernel_host/system.hpp"

namespace capos::test {
namespace {

constexpr std::uint64_t kEcho = 0xec40;

class SubmissionTest : public testing::Test {
protected:
    // Submits, enters, and says how it ended.
    Error submit(abi::Submission entry) {
        const std::uint64_t id = user.push(entry);
        user.enter();
        const auto completion = user.take(id);
        EXPECT_TRUE(completion.has_value());
        return completion ? static_cast<Error>(completion->status) : Error::Failed;
    }
    abi::Submission memory_call() {
        return user.call_entry(user.memory_factory, schema::MemoryFactory::kInterfaceId, 0,
                               message_of<schema::MemoryFactory::CreateParams>([](auto& p) { p.set_size(4096); }),
                               {.accept = 1});
    }

    TestSystem system;
    User& user = system.user("user");
};

TEST_F(SubmissionTest, NopCompletesAtOnce) {
    abi::Submission nop{};
    nop.user_data = 99;
    EXPECT_EQ(submit(nop), Error::None);
}

TEST_F(SubmissionTest, UnknownOperationsAndReservedBitsAreRefused) {
    for (unsigned operation = 6; operation < 256; ++operation) {
        abi::Submission entry{};
        entry.operation = static_cast<abi::Operation>(operation);
        EXPECT_EQ(submit(entry), Error::BadOperation) << operation;
    }
    for (unsigned operation = 0; operation < 6; ++operation) {
        abi::Submission entry{};
        entry.operation = static_cast<abi::Operation>(operation);
        entry.reserved = 1;
        EXPECT_EQ(submit(entry), Error::BadOperation) << operation;
    }
}

TEST_F(SubmissionTest, NopReleaseAndCancelTakeNoFieldThatTheyDoNotUse) {
    const abi::Handle notification = user.create_notification();
    const std::uint64_t wait = user.begin_wait(notification);
    user.enter();
    const auto entry = [&](abi::Operation operation) {
        abi::Submission entry{};
        entry.operation = operation;
        if (operation == abi::Operation::Release) entry.handle = notification;
        if (operation == abi::Operation::Cancel) entry.interface_or_call = wait;
        return entry;
    };
    void (*const changes[])(abi::Submission&) = {
        [](auto& e) { e.flags = 1; },          [](auto& e) { e.send_capabilities = 1; }, [](auto& e) { e.method = 1; },
        [](auto& e) { e.accept_capabilities = 1; }, [](auto& e) { e.message_offset = 8; }, [](auto& e) { e.message_length = 8; },
        [](auto& e) { e.buffer_offset = 8; },  [](auto& e) { e.buffer_capacity = 8; },   [](auto& e) { e.capability_offset = 8; },
        [](auto& e) { e.deadline = abi::kNoDeadline; }};
    for (auto operation : {abi::Operation::Nop, abi::Operation::Release, abi::Operation::Cancel}) {
        for (auto change : changes) {
            abi::Submission changed = entry(operation);
            change(changed);
            EXPECT_EQ(submit(changed), Error::BadOperation);
        }
        abi::Submission changed = entry(operation);
        if (operation != abi::Operation::Release) {
            changed.handle = user.timer;
            EXPECT_EQ(submit(changed), Error::BadOperation);
        }
        changed = entry(operation);
        if (operation != abi::Operation::Cancel) {
            changed.interface_or_call = 1;
            EXPECT_EQ(submit(changed), Error::BadOperation);
        }
    }
    EXPECT_EQ(submit(entry(abi::Operation::Cancel)), Error::None);
    EXPECT_EQ(submit(entry(abi::Operation::Release)), Error::None);
    EXPECT_EQ(user.process().refusals, 3u * std::size(changes) + 4u);
}

TEST_F(SubmissionTest, ReceiveAndReturnTakeNoFieldThatTheyDoNotUse) {
    const abi::Handle endpoint = user.create_endpoint("e");
    const auto refused = [&](const abi::Submission& entry, std::initializer_list<void (*)(abi::Submission&)> changes) {
        const std::uint64_t before = user.process().refusals;
        for (auto change : changes) {
            abi::Submission changed = entry;
            change(changed);
            EXPECT_EQ(submit(changed), Error::BadOperation);
        }
        EXPECT_EQ(user.process().refusals, before + changes.size());
    };
    abi::Submission receive{};
    receive.operation = abi::Operation::Receive;
    receive.handle = endpoint;
    receive.accept_capabilities = 1;
    receive.buffer_offset = 64;
    receive.buffer_capacity = 128;
    refused(receive, {[](auto& e) { e.flags = 1; }, [](auto& e) { e.send_capabilities = 1; }, [](auto& e) { e.method = 1; },
                      [](auto& e) { e.interface_or_call = std::uint64_t{1} << 40; }, [](auto& e) { e.message_offset = 8; },
                      [](auto& e) { e.message_length = 8; }, [](auto& e) { e.capability_offset = 8; }});
    receive.deadline = abi::kNoDeadline;
    const std::uint64_t waits = user.push(receive);
    user.enter();
    EXPECT_FALSE(user.completed(waits));

    const abi::Handle reference = user.mint(endpoint, 1, kEcho);
    user.begin_call(reference, kEcho, 0, {});
    user.enter();
    abi::Submission answer{};
    answer.operation = abi::Operation::Return;
    answer.handle = endpoint;
    answer.interface_or_call = user.take(waits).value().call_id;
    const auto unused = {+[](abi::Submission& e) { e.flags = 2; }, +[](abi::Submission& e) { e.accept_capabilities = 1; },
                         +[](abi::Submission& e) { e.buffer_offset = 8; }, +[](abi::Submission& e) { e.buffer_capacity = 8; },
                         +[](abi::Submission& e) { e.deadline = abi::kNoDeadline; }};
    refused(answer, unused);
    refused(answer, {[](auto& e) { e.method = static_cast<std::uint16_t>(Error::Failed); }});
    answer.flags = abi::kReturnException;
    answer.method = static_cast<std::uint16_t>(Error::Failed);
    refused(answer, unused);
    EXPECT_EQ(submit(answer), Error::None);
}

TEST_F(SubmissionTest, WhatIsGivenUpOrLateIsNoRefusal) {
    User& service = system.user("service");
    const abi::Handle endpoint = service.create_endpoint("e");
    const abi::Handle reference = user.grant_from(service, service.mint(endpoint, 1, kEcho));
    const std::uint64_t given_up = user.begin_call(reference, kEcho, 0, {});
    user.enter();
    const Request request = service.receive(endpoint);
    EXPECT_EQ(user.cancel(given_up), Error::None);
    EXPECT_EQ(service.answer(endpoint, request.call_id), Error::CallerGone);
    user.begin_call(reference, kEcho, 0, {}, {.deadline = machine().now + 1000});
    user.enter();
    machine().advance(2000);
    user.read_completions();
    EXPECT_EQ(static_cast<Error>(user.unclaimed().back().status), Error::TimedOut);
    EXPECT_EQ(user.process().refusals, 0u);
    EXPECT_EQ(service.process().refusals, 0u);
}

TEST_F(SubmissionTest, EveryOperationThatNamesAHandleChecksIt) {
    const abi::Handle stale = user.create_notification();
    ASSERT_EQ(user.release(stale), Error::None);
    for (auto operation : {abi::Operation::Call, abi::Operation::Receive, abi::Operation::Return, abi::Operation::Release}) {
        abi::Submission entry{};
        entry.operation = operation;
        entry.buffer_capacity = 64;
        entry.handle = abi::kNoHandle;
        EXPECT_EQ(submit(entry), Error::BadHandle);
        entry.handle = std::uint64_t{1} << 32 | 50'000;
        EXPECT_EQ(submit(entry), Error::BadHandle);
        entry.handle = stale;
        EXPECT_EQ(submit(entry), Error::StaleHandle);
    }
}

TEST_F(SubmissionTest, TheInterfaceNamedMustBeTheOneGranted) {
    abi::Submission entry = memory_call();
    entry.interface_or_call = schema::ProcessFactory::kInterfaceId;
    EXPECT_EQ(submit(entry), Error::WrongInterface);
    entry = memory_call();
    entry.operation = abi::Operation::Receive;
    entry.send_capabilities = 0;
    EXPECT_EQ(submit(entry), Error::WrongInterface);
    entry = memory_call();
    entry.operation = abi::Operation::Return;
    EXPECT_EQ(submit(entry), Error::WrongInterface);
}

TEST_F(SubmissionTest, CallRefusesFlagsAndBadRanges) {
    const std::uint32_t area = user.thread().ring().queues().shape().message_bytes;
    const auto refused = [&](auto change) {
        abi::Submission entry = memory_call();
        change(entry);
        return submit(entry);
    };
    EXPECT_EQ(refused([](auto& e) { e.flags = 1; }), Error::BadOperation);
    EXPECT_EQ(refused([](auto& e) { e.message_length = 12; }), Error::BadRange);
    EXPECT_EQ(refused([](auto& e) { e.message_offset = 4; }), Error::BadRange);
    EXPECT_EQ(refused([&](auto& e) { e.message_offset = area; }), Error::BadRange);
    EXPECT_EQ(refused([](auto& e) { e.message_offset = 0xfffffff8; }), Error::BadRange);
    EXPECT_EQ(refused([](auto& e) { e.message_length = 0xfffffff8; }), Error::BadRange);
    EXPECT_EQ(refused([](auto& e) { e.message_length = abi::kMaxMessageBytes + 8; }), Error::BadRange);
    EXPECT_EQ(refused([](auto& e) { e.buffer_offset = 1; }), Error::BadRange);
    EXPECT_EQ(refused([](auto& e) { e.buffer_capacity = 0xffffffff; }), Error::BadRange);
    EXPECT_EQ(refused([&](auto& e) { e.buffer_offset = area - 8; }), Error::BadRange);
    EXPECT_EQ(refused([](auto& e) { e.accept_capabilities = 9; }), Error::BadRange);
    EXPECT_EQ(refused([](auto& e) { e.accept_capabilities = 0xffff; }), Error::BadRange);
    EXPECT_EQ(refused([](auto& e) { e.buffer_capacity = 15; }), Error::BadRange);      // no room for the list
    EXPECT_EQ(refused([](auto& e) { e.send_capabilities = 9; }), Error::BadRange);
    EXPECT_EQ(refused([](auto& e) { e.send_capabilities = 1; e.capability_offset = 4; }), Error::BadRange);
    EXPECT_EQ(refused([&](auto& e) { e.send_capabilities = 1; e.capability_offset = area - 8; }), Error::BadRange);
    EXPECT_EQ(user.process().table().reserved(), 0u);
    EXPECT_EQ(user.thread().ring().outstanding(), 0u);
}

TEST_F(SubmissionTest, ReceiveRefusesFlagsCapabilitiesSentAndSmallBuffers) {
    const abi::Handle endpoint = user.create_endpoint("e");
    const auto refused = [&](auto change) {
        abi::Submission entry{};
        entry.operation = abi::Operation::Receive;
        entry.handle = endpoint;
        entry.accept_capabilities = 1;
        entry.buffer_capacity = 128;
        entry.deadline = abi::kNoDeadline;
        change(entry);
        return submit(entry);
    };
    EXPECT_EQ(refused([](auto& e) { e.flags = 1; }), Error::BadOperation);
    EXPECT_EQ(refused([](auto& e) { e.send_capabilities = 1; }), Error::BadOperation);
    EXPECT_EQ(refused([](auto& e) { e.accept_capabilities = 9; }), Error::BadRange);
    EXPECT_EQ(refused([](auto& e) { e.buffer_capacity = 47; }), Error::BadRange);
    EXPECT_EQ(refused([](auto& e) { e.buffer_offset = 4; }), Error::BadRange);
    EXPECT_EQ(refused([](auto& e) { e.buffer_capacity = 0xffffff00; }), Error::BadRange);
    EXPECT_EQ(user.process().table().reserved(), 0u);
}

TEST_F(SubmissionTest, ReturnRefusesWhatItCannotSend) {
    const abi::Handle endpoint = user.create_endpoint("e");
    const auto refused = [&](auto change) {
        abi::Submission entry{};
        entry.operation = abi::Operation::Return;
        entry.handle = endpoint;
        entry.interface_or_call = std::uint64_t{1} << 32;
        change(entry);
        return submit(entry);
    };
    EXPECT_EQ(refused([](auto&) {}), Error::NoSuchCall);
    EXPECT_EQ(refused([](auto& e) { e.interface_or_call = ~std::uint64_t{0}; }), Error::NoSuchCall);
    EXPECT_EQ(refused([](auto& e) { e.interface_or_call = 0; }), Error::NoSuchCall);
    EXPECT_EQ(refused([](auto& e) { e.flags = 2; }), Error::BadOperation);
    for (Error wrong : {Error::None, Error::StaleHandle, Error::OutOfMemory, static_cast<Error>(9999)})
        EXPECT_EQ(refused([&](auto& e) { e.flags = abi::kReturnException; e.method = static_cast<std::uint16_t>(wrong); }),
                  Error::BadOperation);
    EXPECT_EQ(refused([](auto& e) { e.message_length = 4; }), Error::BadRange);
    EXPECT_EQ(refused([](auto& e) { e.message_offset = 3; }), Error::BadRange);
    EXPECT_EQ(refused([](auto& e) { e.message_length = abi::kMaxMessageBytes + 8; }), Error::BadRange);
    EXPECT_EQ(refused([](auto& e) { e.send_capabilities = 9; }), Error::BadRange);
}

TEST_F(SubmissionTest, CancelOfNothingIsNoSuchCall) {
    EXPECT_EQ(user.cancel(123456), Error::NoSuchCall);
}

TEST_F(SubmissionTest, SentCapabilitiesAreCheckedAllOrNone) {
    const abi::Handle kept = user.create_notification();
    const abi::Handle endpoint = user.create_endpoint("e");
    const abi::Handle reference = user.mint(endpoint, 1, kEcho);
    const auto refused = [&](std::vector<Sent> send) {
        return submit(user.call_entry(reference, kEcho, 0, {}, {.send = std::move(send)}));
    };
    const auto still_usable = [&] { return user.signal(kept, 1) == Error::None; };
    EXPECT_EQ(refused({{kept, abi::TransferMode::Move}, {0}}), Error::BadHandle);
    EXPECT_TRUE(still_usable());
    EXPECT_EQ(refused({{kept, abi::TransferMode::Move}, {kept, abi::TransferMode::Move}}), Error::InTransit);
    EXPECT_TRUE(still_usable());
    EXPECT_EQ(refused({{kept, abi::TransferMode::Move}, {kept, abi::TransferMode::Copy}}), Error::InTransit);
    EXPECT_TRUE(still_usable());
    EXPECT_EQ(refused({{kept, static_cast<abi::TransferMode>(2)}}), Error::BadOperation);
    EXPECT_TRUE(still_usable());
    EXPECT_EQ(user.object(kept).references(), 1u);
}

TEST_F(SubmissionTest, ReservedBitsOfASentCapabilityAreRefused) {
    const abi::Handle reference = user.mint(user.create_endpoint("e"), 1, kEcho);
    abi::Submission entry = user.call_entry(reference, kEcho, 0, {}, {.send = {{user.timer}}});
    user.messages()[entry.capability_offset + 12] = std::byte{1};
    EXPECT_EQ(submit(entry), Error::BadOperation);
}

TEST_F(SubmissionTest, ACallThatAcceptsMoreThanTheTableHoldsIsRefused) {
    std::vector<abi::Handle> filling;
    while (user.process().table().used() < user.process().table().size() - 2)
        filling.push_back(user.grant(kernel::root_objects().timer));
    abi::Submission entry = user.call_entry(user.timer, schema::Timer::kInterfaceId, 0, {}, {.accept = 3});
    EXPECT_EQ(submit(entry), Error::NoSlots);
    EXPECT_EQ(user.process().table().reserved(), 0u);
}

TEST_F(SubmissionTest, EachSubmissionHasExactlyOneCompletion) {
    for (int round = 0; round < 10; ++round) {
        std::multiset<std::uint64_t> submitted;
        for (int i = 0; i < 64; ++i) {
            abi::Submission entry{};
            entry.operation = static_cast<abi::Operation>(i % 7);
            entry.handle = i % 3 == 0 ? user.timer : 0;
            entry.interface_or_call = schema::Timer::kInterfaceId;
            submitted.insert(user.push(entry));
        }
        user.enter();
        std::multiset<std::uint64_t> completed;
        for (const abi::Completion& completion : user.unclaimed()) completed.insert(completion.user_data);
        user.unclaimed().clear();
        EXPECT_EQ(submitted, completed);
    }
}

TEST_F(SubmissionTest, WithoutACompletionPlaceTheRestOfTheSubmissionsWaits) {
    User& small = system.user("small", {.sq_entries = 64, .cq_entries = 8});
    for (int i = 0; i < 20; ++i) small.push({});
    machine().settle();
    EXPECT_EQ(small.enter(), 8u);
    EXPECT_EQ(small.header().sq_head, 8u);
    EXPECT_EQ(small.enter(), 8u);
    EXPECT_EQ(small.enter(), 4u);
    EXPECT_EQ(small.completions_read(), 20u);
}

TEST_F(SubmissionTest, BadIndicesLeaveTheRingAsItWas) {
    user.push({});
    const std::uint32_t tail = user.header().sq_tail;
    user.header().sq_tail = tail + 1000;
    EXPECT_EQ(user.enter(), abi::kEnterBadRing);
    EXPECT_EQ(user.completions_read(), 0u);
    user.header().sq_tail = tail;
    user.header().cq_head = 5;
    user.run();
    machine().enter([&] { kernel::on_syscall(user.thread().context(), 1, 0, 0); });
    EXPECT_EQ(user.result(), abi::kEnterBadRing);
    user.header().cq_head = 0;
    EXPECT_EQ(user.enter(), 1u);
}

TEST_F(SubmissionTest, AnUnknownSystemCallIsAnsweredAsABadOne) {
    user.run();
    machine().enter([&] { kernel::on_syscall(user.thread().context(), 77, 0, 0); });
    EXPECT_EQ(user.result(), abi::kEnterBadRing);
    EXPECT_TRUE(user.running());
}

TEST_F(SubmissionTest, RefusalsAreCountedOnce) {
    const std::uint64_t before = user.process().refusals;
    abi::Submission unknown{};
    unknown.operation = static_cast<abi::Operation>(9);
    EXPECT_EQ(submit(unknown), Error::BadOperation);
    EXPECT_EQ(user.process().refusals, before + 1);
    auto entry = memory_call();
    entry.method = 9;
    EXPECT_EQ(submit(entry), Error::Unimplemented);
    EXPECT_EQ(user.process().refusals, before + 2);
    entry = memory_call();
    entry.buffer_capacity = 16;
    EXPECT_EQ(submit(entry), Error::NoRoom);
    EXPECT_EQ(user.process().refusals, before + 3);
}

TEST_F(SubmissionTest, ABatchThatCopiesMuchIsTakenInParts) {
    User& big = system.user("big", {.sq_entries = 64, .cq_entries = 64, .message_bytes = 1 << 20});
    const abi::Handle endpoint = big.create_endpoint("self", 64, 64);
    const abi::Handle reference = big.mint(endpoint, 1, kEcho);
    // Twenty calls of 128 KiB to itself, all from one place into one other.
    for (int i = 0; i < 20; ++i) {
        abi::Submission entry{};
        entry.operation = abi::Operation::Receive;
        entry.handle = endpoint;
        entry.buffer_offset = 256 * 1024;
        entry.buffer_capacity = 256 * 1024;
        entry.deadline = abi::kNoDeadline;
        big.push(entry);
        entry.operation = abi::Operation::Call;
        entry.handle = reference;
        entry.interface_or_call = kEcho;
        entry.message_length = abi::kMaxMessageBytes;
        entry.buffer_capacity = 0;
        big.push(entry);
    }
    EXPECT_EQ(big.enter(64, abi::kNoDeadline), 8u);           // early: 8 times 128 KiB have been copied
    EXPECT_EQ(big.header().sq_head - big.header().sq_tail + 40, 16u);
    EXPECT_EQ(big.enter(64, abi::kNoDeadline), 8u);
    EXPECT_EQ(big.enter(), 4u);
    EXPECT_EQ(big.header().sq_head, big.header().sq_tail);
}

TEST_F(SubmissionTest, ALongBatchOfKernelCallsIsTakenInParts) {
    User& big = system.user("big", {.sq_entries = 1024, .cq_entries = 1024, .message_bytes = 1 << 20});
    for (int i = 0; i < 1000; ++i) big.begin_call(big.timer, schema::Timer::kInterfaceId, 99, {}, {.capacity = 0});
    EXPECT_EQ(big.enter(1000, abi::kNoDeadline), 512u);
    EXPECT_EQ(big.enter(), 488u);
}

TEST_F(SubmissionTest, ABatchOfLargeRequestsToTheKernelIsTakenInParts) {
    User& big = system.user("big", {.sq_entries = 128, .cq_entries = 128, .message_bytes = 1 << 20});
    abi::Submission entry{};
    entry.operation = abi::Operation::Call;
    entry.handle = big.timer;
    entry.interface_or_call = schema::Timer::kInterfaceId;
    entry.method = 99;
    entry.message_length = kernel::kKernelMessageBytes;        // all from one place
    entry.deadline = abi::kNoDeadline;
    for (int i = 0; i < 100; ++i) big.push(entry);
    // Each costs its copy and a call.
    constexpr std::uint64_t kAtOnce = (1 << 20) / (kernel::kKernelMessageBytes + kernel::kCallWork) + 1;
    EXPECT_EQ(big.enter(100, abi::kNoDeadline), kAtOnce);
    EXPECT_EQ(big.enter(), 100 - kAtOnce);
}

// --- calls on kernel objects

TEST_F(SubmissionTest, AMalformedMessageIsRefused) {
    auto entry = memory_call();
    std::memset(user.messages() + entry.message_offset, 0xff, entry.message_length);
    EXPECT_EQ(submit(entry), Error::MalformedMessage);
}

TEST_F(SubmissionTest, AnAbsentMessageIsAnEmptyStruct) {
    auto entry = memory_call();
    entry.message_length = 0;
    EXPECT_EQ(submit(entry), Error::InvalidArgument);         // size 0
}

TEST_F(SubmissionTest, AMessageTooLargeForAKernelObjectFindsNoRoom) {
    const Bytes large(kernel::kKernelMessageBytes + 8);
    EXPECT_EQ(submit(user.call_entry(user.timer, schema::Timer::kInterfaceId, 0, large, {.accept = 1})), Error::NoRoom);
    EXPECT_EQ(user.process().table().reserved(), 0u);
}

TEST_F(SubmissionTest, NothingIsDoneForACallerWithoutRoomForTheAnswer) {
    const std::uint64_t cells = memory().cells;
    for (std::uint32_t room : {0u, 8u, 15u}) {
        auto entry = memory_call();
        entry.buffer_capacity = 16 + room;
        EXPECT_EQ(submit(entry), Error::NoRoom);
    }
    auto entry = memory_call();
    entry.accept_capabilities = 0;
    EXPECT_EQ(submit(entry), Error::NoRoom);
    machine().settle();
    EXPECT_EQ(memory().cells, cells);
    EXPECT_EQ(user.process().table().reserved(), 0u);
}

TEST_F(SubmissionTest, AnExceptionCarriesItsReason) {
    auto answer = user.call<schema::MemoryFactory::CreateParams, schema::MemoryFactory::CreateResults>(
        user.memory_factory, schema::MemoryFactory::kInterfaceId, 0, [](auto&) {}, {.accept = 1});
    EXPECT_EQ(answer.status, Error::InvalidArgument);
    EXPECT_EQ(answer.reason, "size");
}

TEST_F(SubmissionTest, ACapabilityArgumentOfTheWrongInterfaceIsRefused) {
    EXPECT_EQ(user.map(user.address_space, user.timer, 0, 4096), 0u);
    EXPECT_EQ(user.refused, Error::WrongInterface);
    auto answer = user.call<schema::AddressSpace::MapParams, schema::AddressSpace::MapResults>(
        user.address_space, schema::AddressSpace::kInterfaceId, 0,
        [](auto& p) { p.set_object(wire::CapabilityIndex(3)); p.set_size(4096); }, {.send = {{user.timer}}});
    EXPECT_EQ(answer.status, Error::InvalidArgument);
}

TEST_F(SubmissionTest, AMessageAndTheBufferForItMayBeInOnePlace) {
    const abi::Handle endpoint = user.create_endpoint("self");
    const abi::Handle reference = user.mint(endpoint, 1, kEcho);
    abi::Submission call = user.call_entry(reference, kEcho, 0, bytes_of("abcdefghijklmnopqrstuvwxyz012345"));
    abi::Submission receive{};
    receive.operation = abi::Operation::Receive;
    receive.handle = endpoint;
    receive.buffer_offset = call.message_offset;
    receive.buffer_capacity = 128;
    receive.deadline = abi::kNoDeadline;
    user.push(call);
    const std::uint64_t id = user.push(receive);
    user.enter();
    EXPECT_EQ(user.take(id)->message_length, 32u);
}

}  // namespace
}  // namespace capos::test
