// Memory objects, address spaces and what they cost.
#include <gtest/gtest.h>

#include "kernel/mem/accounts.hpp"
#include "kernel/object/memory_object.hpp"
#include "tests/kernel_host/system.hpp"

namespace capos::test {
namespace {

using Space = schema::AddressSpace;
using Object = schema::MemoryObject;
using kernel::Protection;
constexpr std::uint64_t kPage = kernel::kPageSize;

class MemoryTest : public testing::Test {
protected:
    MappedPage page(User& of, std::uint64_t address) { return mapped_page(of.process().page_tables(), address); }
    Error unmap(User& of, std::uint64_t address, std::uint64_t size) {
        return of
            .call<Space::UnmapParams, Space::UnmapResults>(of.address_space, Space::kInterfaceId, 1,
                                                           [&](auto& p) { p.set_address(address); p.set_size(size); })
            .status;
    }
    Error protect(User& of, std::uint64_t address, std::uint64_t size, Space::Protection protection) {
        return of
            .call<Space::ProtectParams, Space::ProtectResults>(
                of.address_space, Space::kInterfaceId, 2,
                [&](auto& p) { p.set_address(address); p.set_size(size); p.set_protection(protection); })
            .status;
    }
    abi::Handle slice(User& of, abi::Handle object, std::uint64_t offset, std::uint64_t size) {
        auto answer = of.call<Object::SliceParams, Object::SliceResults>(
            object, Object::kInterfaceId, 1, [&](auto& p) { p.set_offset(offset); p.set_size(size); }, {.accept = 1});
        refused = answer.status;
        return answer.handle(answer.results.object());
    }
    abi::Handle read_only(User& of, abi::Handle object) {
        auto answer = of.call<Object::ReadOnlyParams, Object::ReadOnlyResults>(object, Object::kInterfaceId, 2,
                                                                               [](auto&) {}, {.accept = 1});
        return answer.handle(answer.results.object());
    }
    Object::InfoResults::Reader info(User& of, abi::Handle object) {
        kept = of.call<Object::InfoParams, Object::InfoResults>(object, Object::kInterfaceId, 0, [](auto&) {});
        return kept.results;
    }

    TestSystem system;
    User& user = system.user("user");
    Error refused = Error::None;
    Answer<Object::InfoResults> kept;
};

TEST_F(MemoryTest, AnObjectIsZeroedWholePagesOfItsCreators) {
    const std::uint64_t before = user.process().ledger().used(kernel::Resource::Pages);
    const abi::Handle object = user.create_memory(3 * kPage - 5);
    EXPECT_EQ(info(user, object).size(), 3 * kPage);
    EXPECT_TRUE(info(user, object).writable());
    EXPECT_EQ(user.process().ledger().used(kernel::Resource::Pages), before + 4);    // and the list of its frames
    const std::uint64_t address = user.map(user.address_space, object, 0, 3 * kPage);
    for (std::uint64_t i = 0; i < 3 * kPage; ++i)
        ASSERT_EQ(page(user, address + i).frame[i % kPage], std::byte{0}) << i;
    EXPECT_EQ(unmap(user, address, 3 * kPage), Error::None);
    EXPECT_EQ(user.release(object), Error::None);
    machine().settle();
    EXPECT_LE(user.process().ledger().used(kernel::Resource::Pages), before + 3);    // page tables stay
}

TEST_F(MemoryTest, MappingAndUnmappingForLongCostsNoMore) {
    const abi::Handle object = user.create_memory(140 * kPage);
    const std::uint64_t first = user.map(user.address_space, object, 0, 140 * kPage);
    const std::uint64_t used = user.process().ledger().used(kernel::Resource::Pages);
    for (int i = 0; i < 2000; ++i) {
        EXPECT_EQ(unmap(user, first, 140 * kPage), Error::None);
        EXPECT_EQ(user.map(user.address_space, object, 0, 140 * kPage), first);
    }
    EXPECT_EQ(user.process().ledger().used(kernel::Resource::Pages), used);
}

TEST_F(MemoryTest, AChosenRangeFitsIntoAGapWithAPageOnEitherSide) {
    const abi::Handle object = user.create_memory(8 * kPage);
    const auto place = [&](std::uint64_t pages) { return user.map(user.address_space, object, 0, pages * kPage); };
    const std::uint64_t a = place(4), b = place(4), c = place(4);
    EXPECT_EQ(b, a + 5 * kPage);
    EXPECT_EQ(c, b + 5 * kPage);
    EXPECT_EQ(unmap(user, b, 4 * kPage), Error::None);
    EXPECT_EQ(place(5), c + 5 * kPage);
    EXPECT_EQ(place(2), b);
    EXPECT_EQ(place(1), b + 3 * kPage);
    EXPECT_EQ(place(1), c + 11 * kPage);
    // What stands where the process put it is kept clear of as well.
    const std::uint64_t chosen = c + 14 * kPage;
    EXPECT_EQ(user.map(user.address_space, object, 0, kPage, chosen), chosen);
    EXPECT_EQ(place(1), chosen + 2 * kPage);
}

TEST_F(MemoryTest, MemoryIsNeverWritableAndExecutableAtOnceInAnyMapping) {
    using P = Space::Protection;
    User& other = system.user("other");
    const abi::Handle object = user.create_memory(2 * kPage);
    const abi::Handle part = slice(user, object, kPage, kPage);
    const std::uint64_t writable = user.map(user.address_space, object, 0, 2 * kPage, 0, P::read_write);
    EXPECT_EQ(user.map(user.address_space, part, 0, kPage, 0, P::read_execute), 0u);
    EXPECT_EQ(user.refused, Error::Denied);
    const abi::Handle lent = other.grant_from(user, read_only(user, object));
    EXPECT_EQ(other.map(other.address_space, lent, 0, kPage, 0, P::read_execute), 0u);
    EXPECT_EQ(other.refused, Error::Denied);
    // Written first, then executed: once nobody writes any more.
    EXPECT_EQ(protect(user, writable, 2 * kPage, P::read), Error::None);
    const std::uint64_t code = other.map(other.address_space, lent, 0, kPage, 0, P::read_execute);
    EXPECT_NE(code, 0u);
    EXPECT_EQ(protect(user, writable, 2 * kPage, P::read_write), Error::Denied);
    EXPECT_EQ(page(user, writable).protection, Protection::Read);
    EXPECT_EQ(user.map(user.address_space, part, 0, kPage, 0, P::read_write), 0u);
    EXPECT_EQ(unmap(other, code, kPage), Error::None);
    EXPECT_EQ(protect(user, writable, 2 * kPage, P::read_write), Error::None);
}

TEST_F(MemoryTest, WhatTheKernelOrADeviceWritesIsNeverExecutable) {
    using P = Space::Protection;
    using Timer = schema::Timer;
    auto answer = user.call<Timer::PageParams, Timer::PageResults>(user.timer, Timer::kInterfaceId, 0, [](auto&) {},
                                                                   {.accept = 1});
    const abi::Handle time_page = answer.handle(answer.results.page());
    // A used ring is served in the same way (kernel/device).
    auto frame = user.process().take_frame();
    auto used_ring = kernel::MemoryObject::over(&user.process().ledger(), *frame, 1, false);
    for (const abi::Handle object : {time_page, slice(user, time_page, 0, kPage), user.grant(**used_ring)}) {
        EXPECT_EQ(user.map(user.address_space, object, 0, kPage, 0, P::read_execute), 0u);
        EXPECT_EQ(user.refused, Error::Denied);
        const std::uint64_t seen = user.map(user.address_space, object, 0, kPage, 0, P::read);
        EXPECT_NE(seen, 0u);
        EXPECT_EQ(protect(user, seen, kPage, P::read_execute), Error::Denied);
        EXPECT_EQ(page(user, seen).protection, Protection::Read);
        EXPECT_EQ(unmap(user, seen, kPage), Error::None);
    }
    user.process().give_frame(*frame);
}

TEST_F(MemoryTest, SizesOutOfRangeAndBeyondTheLedgerAreRefused) {
    EXPECT_EQ(user.create_memory(0), abi::kNoHandle);
    EXPECT_EQ(user.refused, Error::InvalidArgument);
    EXPECT_EQ(user.create_memory((256u << 20) + 1), abi::kNoHandle);
    EXPECT_EQ(user.refused, Error::InvalidArgument);
    EXPECT_EQ(user.create_memory(4096 * kPage), abi::kNoHandle);
    EXPECT_EQ(user.refused, Error::QuotaExceeded);
    machine().settle();
}

TEST_F(MemoryTest, ProcessesThatMapOneObjectSeeOneMemory) {
    User& other = system.user("other");
    const abi::Handle object = user.create_memory(2 * kPage);
    const std::uint64_t mine = user.map(user.address_space, object, 0, 2 * kPage);
    const std::uint64_t theirs = other.map(other.address_space, other.grant_from(user, object), kPage, kPage);
    EXPECT_EQ(page(user, mine + kPage).frame, page(other, theirs).frame);
    EXPECT_EQ(page(other, theirs + kPage).frame, nullptr);
}

TEST_F(MemoryTest, PagesLiveUntilTheLastMappingGoes) {
    User& other = system.user("other");
    const abi::Handle object = user.create_memory(kPage);
    const std::uint64_t theirs = other.map(other.address_space, other.grant_from(user, object), 0, kPage);
    std::byte* frame = page(other, theirs).frame;
    EXPECT_EQ(user.release(object), Error::None);
    user.kill();
    user.reference = {};
    machine().settle();
    EXPECT_EQ(page(other, theirs).frame, frame);
    EXPECT_TRUE(frame_is_out(reinterpret_cast<std::uint64_t>(frame)));
    *frame = std::byte{7};
    EXPECT_GT(system.ledger().used(kernel::Resource::Pages), 0u);         // the dead creator's share
    other.kill();
    machine().settle();
    EXPECT_FALSE(frame_is_out(reinterpret_cast<std::uint64_t>(frame)));
}

TEST_F(MemoryTest, ASliceShowsItsPartOnly) {
    const abi::Handle object = user.create_memory(4 * kPage);
    const abi::Handle part = slice(user, object, kPage, 2 * kPage);
    EXPECT_EQ(info(user, part).size(), 2 * kPage);
    const abi::Handle inner = slice(user, part, kPage, kPage);
    const std::uint64_t whole = user.map(user.address_space, object, 0, 4 * kPage);
    const std::uint64_t small = user.map(user.address_space, inner, 0, kPage);
    EXPECT_EQ(page(user, small).frame, page(user, whole + 2 * kPage).frame);
    EXPECT_EQ(slice(user, part, kPage, 2 * kPage), abi::kNoHandle);
    EXPECT_EQ(refused, Error::InvalidArgument);
    EXPECT_EQ(user.map(user.address_space, part, 0, 3 * kPage), 0u);
    EXPECT_EQ(user.refused, Error::InvalidArgument);
}

TEST_F(MemoryTest, SlicesMisalignedEmptyOrOutsideAreRefused) {
    const abi::Handle object = user.create_memory(4 * kPage);
    for (auto [offset, size] : {std::pair{1ull, kPage + 0ull}, {0ull, 100ull}, {0ull, 0ull}, {5 * kPage, kPage + 0ull},
                                {0ull, 5 * kPage}, {~0ull << 12, kPage + 0ull}, {kPage + 0ull, ~0ull << 12}}) {
        EXPECT_EQ(slice(user, object, offset, size), abi::kNoHandle) << offset << " " << size;
        EXPECT_EQ(refused, Error::InvalidArgument);
    }
}

TEST_F(MemoryTest, ReadOnlyCannotBeUndone) {
    const abi::Handle object = user.create_memory(2 * kPage);
    const abi::Handle shown = read_only(user, object);
    EXPECT_FALSE(info(user, shown).writable());
    EXPECT_EQ(user.map(user.address_space, shown, 0, kPage), 0u);
    EXPECT_EQ(user.refused, Error::Denied);
    EXPECT_EQ(user.map(user.address_space, slice(user, shown, 0, kPage), 0, kPage), 0u);
    EXPECT_EQ(user.refused, Error::Denied);
    const std::uint64_t address = user.map(user.address_space, shown, 0, kPage, 0, Space::Protection::read);
    EXPECT_EQ(page(user, address).protection, Protection::Read);
    EXPECT_EQ(protect(user, address, kPage, Space::Protection::read_write), Error::Denied);
    EXPECT_EQ(protect(user, address, kPage, Space::Protection::read_execute), Error::None);
    EXPECT_EQ(page(user, address).protection, Protection::ReadExecute);
}

TEST_F(MemoryTest, ProtectionChangesForTheWholeMappingOnly) {
    const abi::Handle object = user.create_memory(2 * kPage);
    const std::uint64_t address = user.map(user.address_space, object, 0, 2 * kPage);
    EXPECT_EQ(protect(user, address, kPage, Space::Protection::read), Error::InvalidArgument);
    EXPECT_EQ(protect(user, address, 2 * kPage + 8, Space::Protection::read), Error::InvalidArgument);
    EXPECT_EQ(protect(user, address, 2 * kPage, static_cast<Space::Protection>(3)), Error::InvalidArgument);
    EXPECT_EQ(protect(user, address, 2 * kPage, Space::Protection::read), Error::None);
    EXPECT_EQ(page(user, address + kPage).protection, Protection::Read);
    EXPECT_EQ(unmap(user, address + kPage, kPage), Error::InvalidArgument);
    EXPECT_EQ(unmap(user, address, 0), Error::InvalidArgument);
    EXPECT_EQ(unmap(user, address, 7), Error::InvalidArgument);
    EXPECT_EQ(unmap(user, address, 2 * kPage), Error::None);
    EXPECT_EQ(page(user, address).frame, nullptr);
    EXPECT_EQ(unmap(user, address, 2 * kPage), Error::InvalidArgument);
}

TEST_F(MemoryTest, AddressesOutsideUserSpaceOrTakenAreRefused) {
    const abi::Handle object = user.create_memory(4 * kPage);
    const auto refused_at = [&](std::uint64_t address, std::uint64_t size = 4 * kPage) {
        EXPECT_EQ(user.map(user.address_space, object, 0, size, address), 0u) << address;
        return user.refused;
    };
    for (std::uint64_t bad : {std::uint64_t{0x800}, std::uint64_t{0x10001}, kernel::kUserLimit,
                              kernel::kUserLimit - kPage, std::uint64_t{1} << 63, ~std::uint64_t{0} << 12})
        EXPECT_EQ(refused_at(bad), Error::InvalidArgument);
    EXPECT_EQ(user.map(user.address_space, object, 0, 4 * kPage, 0x40'0000), 0x40'0000u);
    for (std::uint64_t taken : {0x40'0000u, 0x40'3000u, 0x3f'd000u}) EXPECT_EQ(refused_at(taken), Error::InvalidArgument);
    EXPECT_EQ(user.map(user.address_space, object, 0, 4 * kPage, 0x40'4000), 0x40'4000u);
    EXPECT_EQ(refused_at(user.thread().ring().user_address()), Error::InvalidArgument);
    EXPECT_EQ(user.map(user.address_space, object, 0, kPage, kernel::kUserLimit - kPage), kernel::kUserLimit - kPage);
}

TEST_F(MemoryTest, ARingCannotBeUnmappedOrReprotected) {
    const std::uint64_t ring = user.thread().ring().user_address();
    const std::uint64_t size = user.thread().ring().queues().shape().total_bytes();
    EXPECT_EQ(unmap(user, ring, size), Error::InvalidArgument);
    EXPECT_EQ(protect(user, ring, size, Space::Protection::read_execute), Error::InvalidArgument);
    EXPECT_EQ(page(user, ring).protection, Protection::ReadWrite);
}

// --- much of it ----------------------------------------------------------------------------------------------------

class LargeMemoryTest : public MemoryTest {
protected:
    // In pages: what is done in one entry stays about as much, however large the object is.
    static constexpr std::uint64_t kMost = 1500;
    static constexpr std::uint64_t kPages = 8192;
    LargeMemoryTest() { machine().most_pages_in_entry = 0; }
    std::uint64_t begin_create(std::uint64_t pages = kPages) {
        using I = schema::MemoryFactory;
        const std::uint64_t id =
            big.begin_call(big.memory_factory, I::kInterfaceId, 0,
                           message_of<I::CreateParams>([&](auto& p) { p.set_size(pages * kPage); }), {.accept = 1});
        big.enter();
        return id;
    }
    abi::Handle create(std::uint64_t pages = kPages) {
        const std::uint64_t id = begin_create(pages);
        machine().settle();
        auto answer = big.finish<schema::MemoryFactory::CreateResults>(id);
        EXPECT_EQ(answer.status, Error::None);
        return answer.handle(answer.results.object());
    }
    std::uint64_t used() { return big.reference->ledger().used(kernel::Resource::Pages); }
    User& big = system.user("big", {.pages = 3 * kPages, .object_bytes = 1 << 20});
};

TEST_F(LargeMemoryTest, ALargeObjectIsTakenInSteps) {
    const std::uint64_t before = used();
    const std::uint64_t id = begin_create();
    EXPECT_FALSE(big.completed(id));
    EXPECT_EQ(used(), before + kPages + 16) << "charged whole, with the table of its frames";
    EXPECT_EQ(kernel::memory_accounts().drift(), 0);
    EXPECT_GT(kernel::memory_accounts().promised_pages, kPages - kMost);
    machine().settle();
    EXPECT_EQ(kernel::memory_accounts().promised_pages, 0u);
    auto answer = big.finish<schema::MemoryFactory::CreateResults>(id);
    EXPECT_EQ(answer.status, Error::None);
    EXPECT_EQ(info(big, answer.handle(answer.results.object())).size(), kPages * kPage);
    EXPECT_EQ(used(), before + kPages + 16);                 // and the table of its frames
    EXPECT_LE(machine().most_pages_in_entry, kMost);
    EXPECT_EQ(big.release(answer.handle(answer.results.object())), Error::None);
    machine().settle();
    EXPECT_EQ(used(), before);
    EXPECT_LE(machine().most_pages_in_entry, kMost);
}

TEST_F(LargeMemoryTest, ALargeObjectIsGivenUpWhenNobodyWaitsForItAnyMore) {
    const std::uint64_t before = used();
    const std::uint64_t id = begin_create();
    EXPECT_EQ(big.cancel(id), Error::None);
    machine().settle();
    EXPECT_EQ(used(), before);
    EXPECT_EQ(big.finish<schema::MemoryFactory::CreateResults>(id).status, Error::Cancelled);
    begin_create();
    big.kill();                                              // at the end nothing may be left
}

TEST_F(LargeMemoryTest, ALargeObjectThatMemoryDoesNotReachForLeavesNothing) {
    const std::uint64_t before = used();
    EXPECT_TRUE(big.completed(begin_create(4 * kPages)));    // more than the ledger has: at once
    EXPECT_EQ(used(), before);
    const std::uint64_t id = begin_create();
    memory().takes_until_failure = 100;
    machine().settle();
    memory().takes_until_failure = ~std::uint64_t{0};
    EXPECT_EQ(big.finish<schema::MemoryFactory::CreateResults>(id).status, Error::QuotaExceeded);
    EXPECT_EQ(used(), before);
}

TEST_F(LargeMemoryTest, CreationsSideBySideNeverTakeEachOthersQuota) {
    const std::uint64_t before = used();
    const std::uint64_t first = begin_create(2 * kPages - 100);
    EXPECT_TRUE(big.completed(begin_create(kPages))) << "it does not fit beside the first: refused at once";
    const std::uint64_t second = begin_create(kPages / 2);
    machine().settle();
    auto one = big.finish<schema::MemoryFactory::CreateResults>(first);
    auto two = big.finish<schema::MemoryFactory::CreateResults>(second);
    EXPECT_EQ(one.status, Error::None);
    EXPECT_EQ(two.status, Error::None);
    for (auto* answer : {&one, &two}) EXPECT_EQ(big.release(answer->handle(answer->results.object())), Error::None);
    machine().settle();
    EXPECT_EQ(used(), before);
}

TEST_F(LargeMemoryTest, ALargeCreationHoldsUpNeitherTheEndOfAProcessNorWhoWantsToRun) {
    using Process = schema::Process;
    User& other = system.user("other");
    kernel::Process& process = *other.reference;
    const abi::Handle held = user.grant(process);
    const std::uint64_t wait = user.begin_call(held, Process::kInterfaceId, 3, {});
    user.enter();
    const std::uint64_t creation = begin_create(2 * kPages);
    machine().enter([&] {
        process.end({.cause = Process::WaitResults::Cause::killed});
        kernel::Scheduler::leave();
    });
    while (!user.completed(wait)) {
        ASSERT_FALSE(big.completed(creation)) << "the end of the process waited for the whole creation";
        machine().timer();
        machine().now += 200'000;
    }
    // The thread that was told runs; nothing is taken before its share of the time has passed.
    const std::uint64_t promised = kernel::memory_accounts().promised_pages;
    ASSERT_GT(promised, 0u);
    machine().timer();
    EXPECT_GT(machine().armed, machine().now);
    EXPECT_EQ(user.release(held), Error::None);
    machine().settle();
    EXPECT_TRUE(big.completed(creation));
}

TEST_F(LargeMemoryTest, ABatchOfLargeMappingsIsTakenInParts) {
    const abi::Handle object = create(1024);
    machine().most_pages_in_entry = 0;
    std::vector<std::uint64_t> calls;
    for (int i = 0; i < 16; ++i)
        calls.push_back(big.begin_call(big.address_space, Space::kInterfaceId, 0, message_of<Space::MapParams>([&](auto& p) {
                                           p.set_object(wire::CapabilityIndex(0));
                                           p.set_size(1024 * kPage);
                                       }), {.send = {{object}}}));
    for (int entries = 0; !big.completed(calls.back()); ++entries) {
        ASSERT_LT(entries, 8);
        big.enter();
    }
    EXPECT_LE(machine().most_pages_in_entry, 4u * 1024 + kMost);
    EXPECT_EQ(mapped_pages(big.process().page_tables()) / 1024, 16u);
}

TEST_F(LargeMemoryTest, AMappingHasABound) {
    User& huge = system.user("huge", {.pages = 20000});
    auto frames = kernel::MemoryObject::over(&huge.process().ledger(), {}, kernel::kMaxMappingPages + 1, true);
    const abi::Handle object = huge.grant(**frames);
    EXPECT_EQ(huge.map(huge.address_space, object, 0, (kernel::kMaxMappingPages + 1) * kPage, 0, Space::Protection::read), 0u);
    EXPECT_EQ(huge.refused, Error::InvalidArgument);
}

TEST_F(LargeMemoryTest, AProcessOfManyPagesEndsInStepsAndThenItsWaitersAreTold) {
    using Process = schema::Process;
    const abi::Handle object = create();
    EXPECT_NE(big.map(big.address_space, object, 0, kPages * kPage), 0u);
    EXPECT_NE(big.map(big.address_space, object, 0, kPages * kPage, 0, Space::Protection::read), 0u);
    // Page tables, one for each.
    const abi::Handle one = create(1);
    for (std::uint64_t i = 0; i < 600; ++i)
        ASSERT_NE(big.map(big.address_space, one, 0, kPage, kernel::kChosenLimit + (i << 21), Space::Protection::read), 0u);
    kernel::Process& process = *big.reference;
    const abi::Handle held = user.grant(process);
    const std::uint64_t wait = user.begin_call(held, Process::kInterfaceId, 3, {});
    user.enter();
    machine().most_pages_in_entry = 0;
    machine().enter([&] {
        process.end({.cause = Process::WaitResults::Cause::killed});
        kernel::Scheduler::leave();
    });
    EXPECT_TRUE(process.ended());
    EXPECT_FALSE(user.completed(wait));
    EXPECT_GT(mapped_pages(process.page_tables()), kPages);
    while (!user.completed(wait)) machine().advance(100'000);
    // Its tables stay for as long as somebody holds it, and nothing else.
    EXPECT_LT(process.ledger().used(kernel::Resource::Pages), 700u);
    EXPECT_EQ(user.release(held), Error::None);
    big.reference = {};
    machine().settle();
    EXPECT_LE(machine().most_pages_in_entry, kMost);
}

TEST_F(MemoryTest, AddressesTheKernelChoosesStayInTheirWindow) {
    const abi::Handle object = user.create_memory(kPage);
    // Right at the top of user space: what the kernel chooses next is not above it.
    EXPECT_NE(user.map(user.address_space, object, 0, kPage, kernel::kUserLimit - kPage), 0u);
    const std::uint64_t chosen = user.map(user.address_space, object, 0, kPage);
    EXPECT_GE(chosen, kernel::kChosenFirst);
    EXPECT_LT(chosen, kernel::kChosenLimit);
    // What stands at the window's end is no hindrance below it.
    EXPECT_NE(user.map(user.address_space, object, 0, kPage, kernel::kChosenLimit - kPage), 0u);
    EXPECT_EQ(user.map(user.address_space, object, 0, kPage), chosen + 2 * kPage);
    EXPECT_NE(user.map(user.address_space, object, 0, kPage, 0x50'0000), 0u);
}

TEST_F(MemoryTest, NeighboursThatTheKernelChoosesAreApart) {
    const abi::Handle object = user.create_memory(kPage);
    const std::uint64_t first = user.map(user.address_space, object, 0, kPage);
    const std::uint64_t second = user.map(user.address_space, object, 0, kPage);
    EXPECT_GE(second, first + 2 * kPage);
    // Also from what the process itself put there.
    EXPECT_NE(user.map(user.address_space, object, 0, kPage, second + 3 * kPage), 0u);
    EXPECT_EQ(user.map(user.address_space, object, 0, kPage), second + 5 * kPage);
}

TEST_F(MemoryTest, BadOffsetsSizesAndProtectionsOfAMapAreRefused) {
    const abi::Handle object = user.create_memory(2 * kPage);
    const auto refused_with = [&](std::uint64_t offset, std::uint64_t size, int protection = 1) {
        EXPECT_EQ(user.map(user.address_space, object, offset, size, 0, static_cast<Space::Protection>(protection)), 0u);
        return user.refused;
    };
    EXPECT_EQ(refused_with(8, kPage), Error::InvalidArgument);
    EXPECT_EQ(refused_with(0, 0), Error::InvalidArgument);
    EXPECT_EQ(refused_with(0, 100), Error::InvalidArgument);
    EXPECT_EQ(refused_with(0, 3 * kPage), Error::InvalidArgument);
    EXPECT_EQ(refused_with(2 * kPage, kPage), Error::InvalidArgument);
    EXPECT_EQ(refused_with(~std::uint64_t{0} << 12, kPage), Error::InvalidArgument);
    EXPECT_EQ(refused_with(0, kPage, 3), Error::InvalidArgument);
    EXPECT_EQ(refused_with(0, kPage, 0xffff), Error::InvalidArgument);
}

TEST_F(MemoryTest, AnAddressSpaceDoesNotKeepItsProcessAlive) {
    User& other = system.user("other");
    const abi::Handle space = user.grant_from(other, other.address_space);
    const abi::Handle object = user.create_memory(kPage);
    other.kill();
    EXPECT_EQ(user.map(space, object, 0, kPage), 0u);
    EXPECT_EQ(user.refused, Error::Disconnected);
    other.reference = {};
    machine().settle();
    EXPECT_EQ(user.map(space, object, 0, kPage), 0u);
    EXPECT_EQ(user.refused, Error::Disconnected);
}

TEST_F(MemoryTest, MappingForAnotherIsChargedToThatOther) {
    User& other = system.user("other");
    const abi::Handle space = user.grant_from(other, other.address_space);
    const abi::Handle object = user.create_memory(kPage);
    const std::uint64_t mine = user.process().ledger().used(kernel::Resource::ObjectBytes);
    const std::uint64_t theirs = other.process().ledger().used(kernel::Resource::ObjectBytes);
    EXPECT_NE(user.map(space, object, 0, kPage), 0u);
    EXPECT_EQ(user.process().ledger().used(kernel::Resource::ObjectBytes), mine);
    EXPECT_GT(other.process().ledger().used(kernel::Resource::ObjectBytes), theirs);
}

TEST_F(MemoryTest, ALedgerThatRunsOutDuringAMapLeavesNothingMapped) {
    // Page tables for far apart places use the pages up; the map that fails takes nothing.
    const abi::Handle object = user.create_memory(kPage);
    const std::size_t before = mapped_pages(user.process().page_tables());
    std::size_t mapped = 0;
    std::uint64_t address = kernel::kChosenLimit + (std::uint64_t{1} << 30);
    while (user.map(user.address_space, object, 0, kPage, address) != 0) {
        ++mapped;
        address += std::uint64_t{1} << 30;
    }
    EXPECT_EQ(user.refused, Error::QuotaExceeded);
    EXPECT_EQ(mapped_pages(user.process().page_tables()), before + mapped);
}

}  // namespace
}  // namespace capos::test
