// Processes and threads from start to end, and what their ends leave behind.
#include <gtest/gtest.h>

#include "tests/kernel_host/system.hpp"

namespace capos::test {
namespace {

using Process = schema::Process;
using Thread = schema::Thread;
using Factory = schema::ProcessFactory;
using Cause = Process::WaitResults::Cause;
constexpr std::uint64_t kEcho = 0xec40;

class ProcessTest : public testing::Test {
protected:
    struct Limits {
        std::uint64_t pages = 256;
        std::uint64_t object_bytes = 64 * 1024;
        std::uint32_t slots = 32;
    };
    Answer<Factory::CreateResults> create(User& by, std::string_view name, const Limits& limits) {
        return by.call<Factory::CreateParams, Factory::CreateResults>(
            by.process_factory, Factory::kInterfaceId, 0,
            [&](auto& p) {
                p.set_name(name);
                auto l = p.init_limits();
                l.set_pages(limits.pages);
                l.set_object_bytes(limits.object_bytes);
                l.set_slots(limits.slots);
            },
            {.accept = 1});
    }
    abi::Handle create(User& by, std::string_view name) {
        auto answer = create(by, name, Limits{});
        EXPECT_EQ(answer.status, Error::None);
        return answer.handle(answer.results.process());
    }
    Answer<Process::StartThreadResults> start_thread(User& by, abi::Handle process, const CallOptions& options = {.accept = 1},
                                                     std::uint64_t entry = 0x400000, std::uint32_t entries = 8) {
        return by.call<Process::StartThreadParams, Process::StartThreadResults>(
            process, Process::kInterfaceId, 2,
            [&](auto& p) {
                p.set_entry(entry);
                p.set_stack(0x800000);
                p.set_argument(7);
                auto ring = p.init_ring();
                ring.set_sq_entries(entries);
                ring.set_cq_entries(entries);
                ring.set_message_bytes(8192);
            },
            options);
    }
    Error kill(User& by, abi::Handle process) {
        return by.call<Process::KillParams, Process::KillResults>(process, Process::kInterfaceId, 4, [](auto&) {}).status;
    }
    std::uint64_t begin_wait(User& by, abi::Handle process) {
        const std::uint64_t id = by.begin_call(process, Process::kInterfaceId, 3, {});
        by.enter();
        return id;
    }
    kernel::Process& process_of(User& by, abi::Handle handle) {
        return static_cast<kernel::Process&>(by.object(handle));
    }

    TestSystem system;
    User& init = system.user("init", {.object_bytes = 1 << 20});
};

TEST_F(ProcessTest, SomethingSmallThatOthersHoldDoesNotKeepADeadProcesssShare) {
    kernel::Ledger& ledger = init.process().ledger();
    const std::uint64_t before = ledger.used(kernel::Resource::Pages);
    for (int life = 1; life <= 20; ++life) {
        auto child = kernel::Process::create(ledger, "child", init.process().pid(), 256, 64 * 1024, 32);
        ASSERT_TRUE(child.has_value()) << life;
        auto held = kernel::MemoryObject::create((*child)->ledger(), 1);
        ASSERT_TRUE(held.has_value());
        init.grant(**held);
        (*child)->end({.cause = Cause::killed});
        held = Error::Failed;
        child = Error::Failed;
        machine().settle();
        EXPECT_EQ(ledger.used(kernel::Resource::Pages), before + 2u * static_cast<unsigned>(life));
    }
}

TEST_F(ProcessTest, LimitsComeOutOfTheCreatorsAndGoBack) {
    const std::uint64_t pages = init.process().ledger().used(kernel::Resource::Pages);
    const std::uint64_t bytes = init.process().ledger().used(kernel::Resource::ObjectBytes);
    const abi::Handle child = create(init, "child");
    EXPECT_EQ(init.process().ledger().used(kernel::Resource::Pages), pages + 256);
    // And what the child's ledger itself takes.
    EXPECT_GT(init.process().ledger().used(kernel::Resource::ObjectBytes), bytes + 64 * 1024);
    EXPECT_LT(init.process().ledger().used(kernel::Resource::ObjectBytes), bytes + 65 * 1024);
    EXPECT_EQ(init.release(child), Error::None);
    machine().settle();
    EXPECT_EQ(init.process().ledger().used(kernel::Resource::Pages), pages);
    EXPECT_EQ(init.process().ledger().used(kernel::Resource::ObjectBytes), bytes);
}

TEST_F(ProcessTest, NamesAndLimitsOutOfRangeAreRefused) {
    for (std::string_view bad : {"", "Upper", "with space", "under_score", "12345678901234567890123456789012"})
        EXPECT_EQ(create(init, bad, {}).status, Error::InvalidArgument) << bad;
    EXPECT_EQ(create(init, "1234567890123456789012345678901", {}).status, Error::None);
    EXPECT_EQ(create(init, "x", {.slots = 0}).status, Error::InvalidArgument);
    EXPECT_EQ(create(init, "x", {.slots = 4097}).status, Error::InvalidArgument);
    EXPECT_EQ(create(init, "x", {.pages = 1u << 30}).status, Error::QuotaExceeded);
    EXPECT_EQ(create(init, "x", {.pages = ~std::uint64_t{0}}).status, Error::QuotaExceeded);
    EXPECT_EQ(create(init, "x", {.object_bytes = ~std::uint64_t{0}}).status, Error::QuotaExceeded);
    EXPECT_EQ(create(init, "x", {.pages = 0}).status, Error::QuotaExceeded);
    EXPECT_EQ(create(init, "x", {.object_bytes = 10}).status, Error::QuotaExceeded);
}

TEST_F(ProcessTest, AStartedThreadGetsItsArgumentAndItsRing) {
    const abi::Handle child = create(init, "child");
    auto started = start_thread(init, child);
    ASSERT_EQ(started.status, Error::None);
    auto& thread = static_cast<kernel::Thread&>(init.object(started.handle(started.results.thread())));
    EXPECT_EQ(thread.context().rip, 0x400000u);
    EXPECT_EQ(thread.context().rsp, 0x800000u);
    EXPECT_EQ(thread.context().rdi, 7u);
    EXPECT_EQ(thread.context().rsi, thread.ring().user_address());
    EXPECT_EQ(mapped_page(thread.process().page_tables(), thread.context().rsi).protection, kernel::Protection::ReadWrite);
    Hand hand(system, thread);
    hand.push({});
    EXPECT_EQ(hand.enter(), 1u);
}

TEST_F(ProcessTest, AThreadThatCannotBeHandedOverIsNotStarted) {
    const abi::Handle child = create(init, "child");
    EXPECT_EQ(start_thread(init, child, {.accept = 0}).status, Error::NoRoom);
    EXPECT_EQ(process_of(init, child).thread_count(), 0u);
    EXPECT_EQ(start_thread(init, child, {.accept = 1, .capacity = 8}).status, Error::NoRoom);
    EXPECT_EQ(process_of(init, child).thread_count(), 0u);
}

TEST_F(ProcessTest, EntriesStacksAndRingsOutOfRangeAreRefused) {
    const abi::Handle child = create(init, "child");
    EXPECT_EQ(start_thread(init, child, {.accept = 1}, 0).status, Error::InvalidArgument);
    EXPECT_EQ(start_thread(init, child, {.accept = 1}, kernel::kUserLimit).status, Error::InvalidArgument);
    EXPECT_EQ(start_thread(init, child, {.accept = 1}, ~std::uint64_t{0}).status, Error::InvalidArgument);
    EXPECT_EQ(start_thread(init, child, {.accept = 1}, 0x400000, 7).status, Error::InvalidArgument);
    machine().settle();
    EXPECT_EQ(process_of(init, child).thread_count(), 0u);
    auto small = create(init, "small", {.pages = 100});
    const abi::Handle too_small = small.handle(small.results.process());
    EXPECT_EQ(start_thread(init, too_small, {.accept = 1}, 0x400000, 1024).status, Error::QuotaExceeded);
    machine().settle();
    EXPECT_EQ(process_of(init, too_small).thread_count(), 0u);
    EXPECT_EQ(start_thread(init, too_small).status, Error::None);
}

TEST_F(ProcessTest, GrantCopiesACapabilityIntoTheTable) {
    const abi::Handle child = create(init, "child");
    const auto grant = [&](abi::Handle what) {
        return init.call<Process::GrantParams, Process::GrantResults>(
            child, Process::kInterfaceId, 1, [](auto& p) { p.set_capability(wire::CapabilityIndex(0)); },
            {.send = {{what}}});
    };
    auto granted = grant(init.timer);
    ASSERT_EQ(granted.status, Error::None);
    auto slot = process_of(init, child).table().look_up(granted.results.handle());
    ASSERT_TRUE(slot.has_value());
    EXPECT_EQ(process_of(init, child).table()[*slot].interface_id, schema::Timer::kInterfaceId);
    for (int i = 0; i < 31; ++i) EXPECT_EQ(grant(init.timer).status, Error::None);
    EXPECT_EQ(grant(init.timer).status, Error::NoSlots);
    EXPECT_EQ(kill(init, child), Error::None);
    EXPECT_EQ(grant(init.timer).status, Error::Disconnected);
}

TEST_F(ProcessTest, AProcessThatHoldsItselfGoesWithItsCreator) {
    const abi::Handle child = create(init, "child");
    auto granted = init.call<Process::GrantParams, Process::GrantResults>(
        child, Process::kInterfaceId, 1, [](auto& p) { p.set_capability(wire::CapabilityIndex(0)); },
        {.send = {{child}}});
    EXPECT_EQ(granted.status, Error::None);
    EXPECT_EQ(init.release(child), Error::None);
}

TEST_F(ProcessTest, WaitTellsHowItEnded) {
    const abi::Handle child = create(init, "child");
    const std::uint64_t early = begin_wait(init, child);
    const std::uint64_t second = begin_wait(init, child);
    EXPECT_FALSE(init.completed(early));
    auto started = start_thread(init, child);
    Hand hand(system, static_cast<kernel::Thread&>(init.object(started.handle(started.results.thread()))));
    hand.exit(-3);
    for (std::uint64_t id : {early, second, begin_wait(init, child)}) {
        auto ended = init.finish<Process::WaitResults>(id);
        EXPECT_EQ(ended.results.cause(), Cause::exited);
        EXPECT_EQ(ended.results.status(), -3);
    }
}

TEST_F(ProcessTest, AFaultIsToldWithWhatAndWhere) {
    const abi::Handle child = create(init, "child");
    const std::uint64_t wait = begin_wait(init, child);
    auto started = start_thread(init, child);
    auto& thread = static_cast<kernel::Thread&>(init.object(started.handle(started.results.thread())));
    Hand hand(system, thread);
    // Two frames on a stack inside the ring's message area, which is memory that the process has.
    const std::uint64_t stack = thread.ring().user_address() + thread.ring().queues().shape().message_offset();
    auto* words = reinterpret_cast<std::uint64_t*>(hand.messages());
    words[0] = stack + 32, words[1] = 0x401111;
    words[4] = 0, words[5] = 0x402222;
    thread.context().rbp = stack;
    thread.context().rip = 0x403333;
    hand.fault(14, 0x10);
    auto ended = init.finish<Process::WaitResults>(wait);
    EXPECT_EQ(ended.results.cause(), Cause::fault);
    EXPECT_EQ(ended.results.vector(), 14u);
    EXPECT_EQ(ended.results.error_code(), 6u);
    EXPECT_EQ(ended.results.address(), 0x10u);
    EXPECT_EQ(ended.results.instruction(), 0x403333u);
    ASSERT_EQ(ended.results.backtrace().size(), 2u);
    EXPECT_EQ(ended.results.backtrace()[0], 0x401111u);
    EXPECT_EQ(ended.results.backtrace()[1], 0x402222u);
    EXPECT_NE(machine().serial.find("process child (pid"), std::string::npos);
}

TEST_F(ProcessTest, AHostileStackOnlyEndsTheBacktrace) {
    const abi::Handle child = create(init, "child");
    const std::uint64_t wait = begin_wait(init, child);
    auto started = start_thread(init, child);
    auto& thread = static_cast<kernel::Thread&>(init.object(started.handle(started.results.thread())));
    Hand hand(system, thread);
    const std::uint64_t stack = thread.ring().user_address() + thread.ring().queues().shape().message_offset();
    auto* words = reinterpret_cast<std::uint64_t*>(hand.messages());
    words[0] = stack, words[1] = 0x401111;           // a frame that names itself
    thread.context().rbp = stack;
    hand.fault(13, 0);
    EXPECT_EQ(init.finish<Process::WaitResults>(wait).results.backtrace().size(), 1u);
}

TEST_F(ProcessTest, KillingAProcessLetsTheKillerGoOn) {
    const abi::Handle child = create(init, "child");
    start_thread(init, child);
    EXPECT_EQ(kill(init, child), Error::None);
    EXPECT_TRUE(init.running());                     // in its own address space: the machine checks that
    EXPECT_EQ(kill(init, child), Error::None);
    EXPECT_EQ(start_thread(init, child).status, Error::Disconnected);
    auto ended = init.finish<Process::WaitResults>(begin_wait(init, child));
    EXPECT_EQ(ended.results.cause(), Cause::killed);
}

TEST_F(ProcessTest, AProcessMayKillItself) {
    const abi::Handle self = init.grant(*init.reference);
    init.begin_call(self, Process::kInterfaceId, 4, {});
    init.push({});
    init.run();
    EXPECT_EQ(machine().enter([&] { kernel::on_syscall(init.thread().context(), 1, 0, 0); }), Left::Idle);
    EXPECT_TRUE(init.reference->ended());
    EXPECT_EQ(machine().ended, std::vector<std::uint32_t>{init.pid});
}

TEST_F(ProcessTest, ChildrenEndWithTheirCreatorHoweverLongTheLine) {
    User* creator = &init;
    std::vector<std::unique_ptr<User>> line;
    for (int i = 0; i < 40; ++i) {
        const std::uint64_t pages = creator->process().ledger().limit(kernel::Resource::Pages) -
                                    creator->process().ledger().used(kernel::Resource::Pages);
        const std::uint64_t bytes = creator->process().ledger().limit(kernel::Resource::ObjectBytes) -
                                    creator->process().ledger().used(kernel::Resource::ObjectBytes);
        auto made = create(*creator, "link", {.pages = pages - 20, .object_bytes = bytes - 8192});
        ASSERT_EQ(made.status, Error::None) << i;
        const abi::Handle child = made.handle(made.results.process());
        auto started = start_thread(*creator, child, {.accept = 1}, 0x400000, 64);
        ASSERT_EQ(started.status, Error::None) << i;
        auto& thread = static_cast<kernel::Thread&>(creator->object(started.handle(started.results.thread())));
        line.push_back(std::make_unique<User>(system, thread, kernel::Ref<kernel::Process>(thread.process())));
        creator = line.back().get();
    }
    init.kill();
    for (auto& user : line) EXPECT_TRUE(user->reference->ended());
    EXPECT_EQ(machine().ended.size(), 41u);
}

TEST_F(ProcessTest, APeerIsNotTouchedByAnothersEnd) {
    User& peer = system.user("peer");
    init.kill();
    EXPECT_FALSE(peer.reference->ended());
    peer.push({});
    EXPECT_EQ(peer.enter(), 1u);
}

TEST_F(ProcessTest, TheLastThreadsExitEndsTheProcess) {
    const abi::Handle self = init.grant(*init.reference);
    auto second = start_thread(init, self);
    ASSERT_EQ(second.status, Error::None);
    auto& thread = static_cast<kernel::Thread&>(init.object(second.handle(second.results.thread())));
    Hand other(system, thread);
    init.exit(1);
    EXPECT_FALSE(other.process().ended());
    other.push({});
    EXPECT_EQ(other.enter(), 1u);
    other.exit(5);
    EXPECT_TRUE(init.reference->ended());
    EXPECT_EQ(init.reference->exit_info().status, 5);
}

TEST_F(ProcessTest, AThreadCanBeStoppedAndItsCallsWithIt) {
    const abi::Handle self = init.grant(*init.reference);
    auto second = start_thread(init, self);
    const abi::Handle handle = second.handle(second.results.thread());
    auto& thread = static_cast<kernel::Thread&>(init.object(handle));
    Hand other(system, thread);
    const abi::Handle endpoint = init.create_endpoint("e");
    const abi::Handle reference = init.mint(endpoint, 1, kEcho);
    other.begin_call(reference, kEcho, 0, {}, {.accept = 2});
    other.enter();
    EXPECT_EQ(init.process().table().reserved(), 2u);
    auto stopped = init.call<Thread::StopParams, Thread::StopResults>(handle, Thread::kInterfaceId, 2, [](auto&) {});
    EXPECT_EQ(stopped.status, Error::None);
    EXPECT_EQ(init.process().table().reserved(), 0u);
    EXPECT_EQ(init.process().calls_outstanding, 0u);
    EXPECT_EQ(thread.state(), kernel::Thread::State::Stopped);
    stopped = init.call<Thread::StopParams, Thread::StopResults>(handle, Thread::kInterfaceId, 2, [](auto&) {});
    EXPECT_EQ(stopped.status, Error::None);
    // Its ring goes when nothing names the thread any more.
    const std::uint64_t ring = thread.ring().user_address();
    EXPECT_NE(mapped_page(init.process().page_tables(), ring).frame, nullptr);
    EXPECT_EQ(init.release(handle), Error::None);
    machine().settle();
    EXPECT_EQ(mapped_page(init.process().page_tables(), ring).frame, nullptr);
}

TEST_F(ProcessTest, AThreadThatStopsItselfIsGone) {
    const abi::Handle self = init.grant(init.thread());
    init.begin_call(self, Thread::kInterfaceId, 2, {});
    init.push({});
    init.run();
    EXPECT_EQ(machine().enter([&] { kernel::on_syscall(init.thread().context(), 1, 0, 0); }), Left::Idle);
    EXPECT_TRUE(init.reference->ended());
}

TEST_F(ProcessTest, InfoTellsThePid) {
    const abi::Handle child = create(init, "child");
    auto info = init.call<Process::InfoParams, Process::InfoResults>(child, Process::kInterfaceId, 5, [](auto&) {});
    EXPECT_EQ(info.results.pid(), process_of(init, child).pid());
    EXPECT_GT(info.results.pid(), init.pid);
}

TEST_F(ProcessTest, TheAddressSpaceOfAChildIsMappedByItsCreator) {
    const abi::Handle child = create(init, "child");
    auto answer = init.call<Process::AddressSpaceParams, Process::AddressSpaceResults>(
        child, Process::kInterfaceId, 0, [](auto&) {}, {.accept = 1});
    const abi::Handle space = answer.handle(answer.results.address_space());
    const abi::Handle object = init.create_memory(4096);
    EXPECT_EQ(init.map(space, object, 0, 4096, 0x40'0000), 0x40'0000u);
    EXPECT_NE(mapped_page(process_of(init, child).page_tables(), 0x40'0000).frame, nullptr);
    // The same object each time, also when the last handle was let go in between.
    EXPECT_EQ(init.release(space), Error::None);
    answer = init.call<Process::AddressSpaceParams, Process::AddressSpaceResults>(child, Process::kInterfaceId, 0,
                                                                                 [](auto&) {}, {.accept = 1});
    EXPECT_EQ(answer.status, Error::None);
    EXPECT_EQ(init.map(answer.handle(answer.results.address_space()), object, 0, 4096, 0x40'0000), 0u);
}

}  // namespace
}  // namespace capos::test
