// Memory that runs out at every single place where it is taken: each time a typed error, and nothing kept.
#include <gtest/gtest.h>

#include "tests/kernel_host/system.hpp"

namespace capos::test {
namespace {

constexpr std::uint64_t kEcho = 0xec40;

// A bit of everything that takes memory. Steps that others depend on are skipped once something was refused.
bool use_everything(TestSystem& system) {
    User* server = system.try_user("server", {.message_bytes = 8192});
    User* client = system.try_user("client", {.message_bytes = 8192});
    if (server == nullptr || client == nullptr) return false;
    bool all = true;
    const auto had = [&](abi::Handle handle) { return handle != abi::kNoHandle || (all = false); };
    const abi::Handle endpoint = server->create_endpoint("e", 200, 4);
    if (had(endpoint)) {
        const abi::Handle minted = server->mint(endpoint, 1, kEcho);
        if (had(minted)) {
            const abi::Handle reference = client->grant_from(*server, minted);
            client->begin_call(reference, kEcho, 0, bytes_of("x"), {.send = {{client->timer}}});
            client->enter();
            const Request request = server->receive(endpoint, 1);
            EXPECT_EQ(server->answer(endpoint, request.call_id), Error::None);
        }
    }
    had(client->create_notification());
    const abi::Handle object = client->create_memory(3 * kernel::kPageSize);
    if (had(object)) {
        if (client->address_space != abi::kNoHandle) {
            all = client->map(client->address_space, object, 0, 3 * kernel::kPageSize, 0x7000'0000) != 0 && all;
            all = client->map(client->address_space, object, kernel::kPageSize, kernel::kPageSize) != 0 && all;
        }
        using I = schema::MemoryObject;
        auto part = client->call<I::SliceParams, I::SliceResults>(
            object, I::kInterfaceId, 1, [](auto& p) { p.set_size(kernel::kPageSize); }, {.accept = 1});
        had(part.handle(part.results.object()));
    }
    using F = schema::ProcessFactory;
    auto made = client->call<F::CreateParams, F::CreateResults>(
        client->process_factory, F::kInterfaceId, 0,
        [](auto& p) {
            p.set_name("child");
            auto limits = p.init_limits();
            limits.set_pages(100);
            limits.set_object_bytes(16 * 1024);
            limits.set_slots(8);
        },
        {.accept = 1});
    const abi::Handle child = made.handle(made.results.process());
    if (had(child)) {
        using P = schema::Process;
        auto started = client->call<P::StartThreadParams, P::StartThreadResults>(
            child, P::kInterfaceId, 2,
            [](auto& p) {
                p.set_entry(0x400000);
                p.set_stack(0x800000);
                auto ring = p.init_ring();
                ring.set_sq_entries(8);
                ring.set_cq_entries(8);
                ring.set_message_bytes(4096);
            },
            {.accept = 1});
        had(started.handle(started.results.thread()));
        auto space = client->call<P::AddressSpaceParams, P::AddressSpaceResults>(child, P::kInterfaceId, 0, [](auto&) {},
                                                                                {.accept = 1});
        had(space.handle(space.results.address_space()));
    }
    return all && client->address_space != abi::kNoHandle && server->address_space != abi::kNoHandle;
}

// Fails the take after `point` others, alone or with all that follow; true when so many never came.
bool survives(std::uint64_t point, bool once) {
    TestSystem system;
    memory().fail_once = once;
    memory().takes_until_failure = point;
    const bool done = use_everything(system);
    memory().takes_until_failure = ~std::uint64_t{0};
    machine().settle();
    return done;
}

TEST(ExhaustionTest, MemoryMayRunOutAtAnyPointForOnce) {
    std::uint64_t point = 0;
    while (!survives(point, true)) ASSERT_LT(++point, 1000u);
    EXPECT_GT(point, 40u);
}

TEST(ExhaustionTest, MemoryMayBeGoneFromAnyPointOn) {
    std::uint64_t point = 0;
    while (!survives(point, false)) ASSERT_LT(++point, 1000u);
    EXPECT_GT(point, 40u);
}

TEST(ExhaustionTest, ALedgerMayBeTooSmallByAnyAmount) {
    for (std::uint64_t pages = 8; pages < 120; ++pages) {
        TestSystem system;
        User* user = system.try_user("user", {.pages = pages, .sq_entries = 8, .cq_entries = 8, .message_bytes = 4096});
        if (user == nullptr) continue;
        user->create_endpoint("e", 300, 4);
        const abi::Handle object = user->create_memory(2 * kernel::kPageSize);
        if (object != abi::kNoHandle && user->address_space != abi::kNoHandle)
            user->map(user->address_space, object, 0, 2 * kernel::kPageSize, 0x7000'0000);
    }
    for (std::uint64_t bytes = 64; bytes < 8192; bytes += 64) {
        TestSystem system;
        User* user = system.try_user("user", {.object_bytes = bytes, .sq_entries = 8, .cq_entries = 8, .message_bytes = 4096});
        if (user == nullptr) continue;
        const abi::Handle endpoint = user->create_endpoint("e", 300, 4);
        if (endpoint != abi::kNoHandle) user->mint(endpoint, 1, kEcho);
        user->create_notification();
        const abi::Handle object = user->create_memory(kernel::kPageSize);
        if (object != abi::kNoHandle && user->address_space != abi::kNoHandle)
            user->map(user->address_space, object, 0, kernel::kPageSize);
    }
}

}  // namespace
}  // namespace capos::test
