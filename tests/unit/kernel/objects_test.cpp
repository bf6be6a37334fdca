// The objects that every system has: timer, terminal, log, entropy, system information, power, boot bundle.
#include <gtest/gtest.h>

#include <algorithm>

#include "abi/time_page.hpp"
#include "kernel/object/boot_bundle.hpp"
#include "tests/kernel_host/system.hpp"

namespace capos::test {
namespace {

using kernel::root_objects;

class ObjectsTest : public testing::Test {
protected:
    template <class Params, class Results, class Fill>
    Answer<Results> ask(abi::Handle handle, std::uint64_t interface_id, std::uint16_t method, Fill&& fill,
                        const CallOptions& options = {}) {
        return user.call<Params, Results>(handle, interface_id, method, fill, options);
    }
    TestSystem system;
    User& user = system.user("user", {.slots = 256});
};

// --- Timer

TEST_F(ObjectsTest, SleepEndsAtItsInstantNotBefore) {
    using I = schema::Timer;
    const std::uint64_t until = machine().now + 1000;
    const auto sleep = [&](std::uint64_t at, std::uint64_t deadline) {
        return user.begin_call(user.timer, I::kInterfaceId, 1,
                               message_of<I::SleepUntilParams>([&](auto& p) { p.set_deadline(at); }), {.deadline = deadline});
    };
    const std::uint64_t id = sleep(until, abi::kNoDeadline);
    const std::uint64_t past = sleep(machine().now, abi::kNoDeadline);
    const std::uint64_t impatient = sleep(until + 500, until + 100);
    user.wait(2);
    EXPECT_EQ(user.finish<I::SleepUntilResults>(past).results.now(), machine().now);
    machine().advance(999);
    EXPECT_FALSE(user.completed(id));
    machine().advance(1);
    EXPECT_EQ(user.finish<I::SleepUntilResults>(id).results.now(), until);
    machine().advance(100);
    EXPECT_EQ(user.finish<I::SleepUntilResults>(impatient).status, Error::TimedOut);
}

TEST_F(ObjectsTest, ManySleepersWakeInOrder) {
    using I = schema::Timer;
    std::vector<std::uint64_t> ids;
    for (std::uint64_t i = 0; i < 40; ++i)
        ids.push_back(user.begin_call(user.timer, I::kInterfaceId, 1, message_of<I::SleepUntilParams>([&](auto& p) {
                                          p.set_deadline(machine().now + 100 + (i * 7 % 40));
                                      })));
    user.enter();
    EXPECT_EQ(user.cancel(ids[3]), Error::None);
    for (int step = 0; step < 150; ++step) {
        machine().advance(1);
        user.read_completions();
    }
    std::uint64_t last = 0;
    for (const std::uint64_t id : ids) EXPECT_TRUE(user.completed(id));
    for (const abi::Completion& completion : user.unclaimed()) {
        if (completion.status != 0) continue;
        const std::uint64_t order = (completion.user_data - ids[0]) * 7 % 40;
        EXPECT_GE(order, last);
        last = order;
    }
}

TEST_F(ObjectsTest, TheTimePageIsReadOnlyAndHoldsTheClock) {
    using I = schema::Timer;
    auto answer = ask<I::PageParams, I::PageResults>(user.timer, I::kInterfaceId, 0, [](auto&) {}, {.accept = 1});
    const abi::Handle page = answer.handle(answer.results.page());
    EXPECT_EQ(user.map(user.address_space, page, 0, 4096), 0u);
    EXPECT_EQ(user.refused, Error::Denied);
    const std::uint64_t at = user.map(user.address_space, page, 0, 4096, 0, schema::AddressSpace::Protection::read);
    const auto* shown = reinterpret_cast<abi::TimePage*>(mapped_page(user.process().page_tables(), at).frame);
    EXPECT_EQ(shown->multiplier, kernel::arch::clock().multiplier);
    EXPECT_EQ(shown->sequence % 2, 0u);
}

// --- Terminal

TEST_F(ObjectsTest, ReadWaitsForAByteAndTakesWhatIsThere) {
    using I = schema::Terminal;
    const abi::Handle terminal = user.grant(root_objects().terminal);
    const auto read = [&](std::uint32_t max, std::uint32_t capacity) {
        const std::uint64_t id = user.begin_call(terminal, I::kInterfaceId, 0,
                                                 message_of<I::ReadParams>([&](auto& p) { p.set_max(max); }),
                                                 {.capacity = capacity});
        user.enter();
        return id;
    };
    const auto type = [](std::string_view text) {
        for (char c : text) machine().keyboard.push_back(c);
        do machine().enter([] { kernel::on_uart(); });
        while (!machine().keyboard.empty());
    };
    const auto text_of = [&](std::uint64_t id) {
        const auto answer = user.finish<I::ReadResults>(id);
        EXPECT_EQ(answer.status, Error::None);
        const auto bytes = answer.results.bytes();
        return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
    EXPECT_EQ(user.finish<I::ReadResults>(read(0, 100)).status, Error::InvalidArgument);
    EXPECT_EQ(user.finish<I::ReadResults>(read(5000, 100)).status, Error::InvalidArgument);
    const std::uint64_t waiting = read(4, 100);
    EXPECT_FALSE(user.completed(waiting));
    type("abcdefgh");
    EXPECT_EQ(text_of(waiting), "abcd");
    // A reader with less room than it asks for loses nothing; one with none is refused.
    EXPECT_EQ(user.finish<I::ReadResults>(read(4, 16)).status, Error::NoRoom);
    type("ijklmnop");
    EXPECT_EQ(text_of(read(100, 24)), "efghijkl");
    const std::uint64_t cancelled_soon = read(1, 100);
    EXPECT_EQ(text_of(cancelled_soon), "m");
    EXPECT_EQ(text_of(read(100, 1000)), "nop");
    const std::uint64_t given_up = read(1, 100);
    EXPECT_EQ(user.cancel(given_up), Error::None);
    type("q");
    EXPECT_EQ(text_of(read(1, 100)), "q");
    type(std::string(2000, 'x'));
    EXPECT_EQ(text_of(read(4096, 4200)).size(), 1024u);
}

TEST_F(ObjectsTest, WhatIsTypedWhileAnInterruptIsServedIsNotLeftForAnother) {
    using I = schema::Terminal;
    const abi::Handle terminal = user.grant(root_objects().terminal);
    const auto typed = [&] {
        auto answer = ask<I::ReadParams, I::ReadResults>(terminal, I::kInterfaceId, 0, [](auto& p) { p.set_max(1000); });
        const auto bytes = answer.results.bytes();
        return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
    machine().raised_again = 0;
    machine().keyboard = {'a'};
    machine().typed_meanwhile = {"b", "c"};
    machine().enter([] { kernel::on_uart(); });
    EXPECT_EQ(typed(), "abc");
    EXPECT_EQ(machine().raised_again, 0u);
    // Without an end it is left for the next interrupt, which is brought about.
    machine().typed_meanwhile = std::deque<std::string>(20, "x");
    machine().enter([] { kernel::on_uart(); });
    EXPECT_EQ(machine().raised_again, 1u);
    machine().enter([] { kernel::on_uart(); });
    machine().enter([] { kernel::on_uart(); });
    EXPECT_EQ(typed(), std::string(20, 'x'));
}

TEST_F(ObjectsTest, WriteTakesWhatTheQueueHolds) {
    using I = schema::Terminal;
    const abi::Handle terminal = user.grant(root_objects().terminal);
    const auto write = [&](std::string_view text) {
        return ask<I::WriteParams, I::WriteResults>(terminal, I::kInterfaceId, 1,
                                                    [&](auto& p) { p.set_bytes(std::as_bytes(std::span(text))); })
            .results.accepted();
    };
    EXPECT_EQ(write("hello\r\n"), 7u);
    EXPECT_NE(machine().serial.find("hello\r\n"), std::string::npos);
    machine().serial_blocked = true;
    std::uint64_t taken = 0;
    for (int i = 0; i < 20; ++i) taken += write(std::string(4000, 'y') + "\n");
    EXPECT_LT(taken, 20u * 4001);
    EXPECT_GT(taken, 20'000u);
    EXPECT_EQ(write("z"), 0u);
    machine().serial_blocked = false;
    machine().enter([] { kernel::on_uart(); });
    EXPECT_EQ(write("z\n"), 2u);
    auto size = ask<I::SizeParams, I::SizeResults>(terminal, I::kInterfaceId, 2, [](auto&) {});
    EXPECT_EQ(size.results.columns(), 80u);
}

// --- Log

TEST_F(ObjectsTest, ALogLineCarriesItsWritersNameAndNoControlCharacters) {
    using I = schema::Log;
    const abi::Handle log = user.grant(root_objects().log);
    const auto write = [&](I::Level level, std::string_view text) {
        return ask<I::WriteParams, I::WriteResults>(log, I::kInterfaceId, 0,
                                                    [&](auto& p) { p.set_level(level); p.set_text(text); })
            .status;
    };
    EXPECT_EQ(write(I::Level::warning, "one\r\ncloudboot-evidence: two\x1b[A"), Error::None);
    EXPECT_NE(machine().serial.find("] user: warning: one\\x0d\\x0acloudboot-evidence: two\\x1b[A\r\n"), std::string::npos);
    EXPECT_EQ(write(I::Level::error, "bad"), Error::None);
    EXPECT_NE(machine().serial.find("] user: error: bad\r\n"), std::string::npos);
    EXPECT_EQ(write(I::Level::info, std::string(1000, 'a')), Error::None);
    EXPECT_NE(machine().serial.find(std::string(240, 'a') + " (760 bytes more)\r\n"), std::string::npos);
    EXPECT_EQ(machine().serial.find(std::string(241, 'a')), std::string::npos);
}

TEST_F(ObjectsTest, AFloodOfLinesIsRefusedAndOneProcessesFloodIsNotAnothers) {
    using I = schema::Log;
    User& quiet = system.user("quiet");
    const auto write = [&](User& writer, abi::Handle log) {
        return writer.call<I::WriteParams, I::WriteResults>(log, I::kInterfaceId, 0, [](auto& p) { p.set_text("line"); })
            .status;
    };
    const abi::Handle log = user.grant(root_objects().log);
    int taken = 0;
    while (taken < 1000 && write(user, log) == Error::None) ++taken;
    EXPECT_EQ(taken, 256);
    EXPECT_EQ(write(user, log), Error::Overloaded);
    EXPECT_EQ(write(quiet, quiet.grant(root_objects().log)), Error::None);
    machine().advance(20'000'000);
    EXPECT_EQ(write(user, log), Error::None);
    EXPECT_NE(machine().serial.find("] kernel: user wrote too much: 2 lines of it were refused\r\n"), std::string::npos);
    EXPECT_EQ(write(user, log), Error::Overloaded);
    machine().advance(1'000'000'000);
    for (int i = 0; i < 50; ++i) EXPECT_EQ(write(user, log), Error::None) << i;
    EXPECT_EQ(write(user, log), Error::Overloaded);
}

// --- Entropy

TEST_F(ObjectsTest, EntropyComesInBoundedPieces) {
    using I = schema::Entropy;
    const abi::Handle entropy = user.grant(root_objects().entropy);
    const auto bytes = [&](std::uint32_t count) {
        return ask<I::BytesParams, I::BytesResults>(entropy, I::kInterfaceId, 0, [&](auto& p) { p.set_count(count); });
    };
    EXPECT_EQ(bytes(0).status, Error::InvalidArgument);
    EXPECT_EQ(bytes(257).status, Error::InvalidArgument);
    std::set<std::string> seen;
    for (int i = 0; i < 600; ++i) {
        const auto answer = bytes(16);
        EXPECT_TRUE(seen.insert(std::string(reinterpret_cast<const char*>(answer.results.bytes().data()), 16)).second);
    }
    EXPECT_EQ(bytes(256).results.bytes().size(), 256u);
    auto state = ask<I::StateParams, I::StateResults>(entropy, I::kInterfaceId, 1, [](auto&) {});
    EXPECT_TRUE(state.results.rdseed() && state.results.rdrand() && state.results.hardware_source());
    EXPECT_EQ(state.results.jitter_samples(), 128u);
}

// --- SystemInfo

TEST_F(ObjectsTest, TheOverviewHoldsWhatIsCounted) {
    using I = schema::SystemInfo;
    const abi::Handle info = user.grant(root_objects().system_info);
    auto first = ask<I::OverviewParams, I::OverviewResults>(info, I::kInterfaceId, 0, [](auto&) {});
    EXPECT_EQ(first.results.version(), "test");
    EXPECT_EQ(first.results.command_line(), "test=1");
    EXPECT_EQ(first.results.ledger_drift(), 0);
    EXPECT_EQ(first.results.uptime_ns(), machine().now);
    EXPECT_EQ(first.results.doorbells(), 5u);
    EXPECT_EQ(first.results.mitigations().size(), 2u);
    user.release(0);
    auto second = ask<I::OverviewParams, I::OverviewResults>(info, I::kInterfaceId, 0, [](auto&) {});
    EXPECT_EQ(second.results.refusals(), first.results.refusals() + 1);
    EXPECT_EQ(second.results.submissions(), first.results.submissions() + 2);
}

TEST_F(ObjectsTest, ProcessesAreListedWithTheirLedgers) {
    using I = schema::SystemInfo;
    User& other = system.user("other");
    other.wait();
    const abi::Handle info = user.grant(root_objects().system_info);
    auto answer = ask<I::ProcessesParams, I::ProcessesResults>(info, I::kInterfaceId, 1, [](auto&) {});
    const auto processes = answer.results.processes();
    ASSERT_EQ(processes.size(), 2u);
    EXPECT_EQ(processes[0].name(), "user");
    EXPECT_EQ(processes[0].state(), I::ProcessInfo::State::running);
    EXPECT_EQ(processes[0].pid(), user.pid);
    EXPECT_EQ(processes[0].threads(), 1u);
    EXPECT_EQ(processes[0].slots_limit(), 256u);
    EXPECT_EQ(processes[0].pages_used(), user.process().ledger().used(kernel::Resource::Pages));
    EXPECT_EQ(processes[1].state(), I::ProcessInfo::State::waiting);
    other.kill();
    answer = ask<I::ProcessesParams, I::ProcessesResults>(info, I::kInterfaceId, 1, [](auto&) {});
    EXPECT_EQ(answer.results.processes()[1].state(), I::ProcessInfo::State::ended);
}

TEST(SystemInfoTest, AListOfMoreProcessesThanAnAnswerHoldsComesInParts) {
    using I = schema::SystemInfo;
    TestSystem many(1 << 16, 64 << 20);
    for (int i = 0; i < 130; ++i)
        many.user("process-with-quite-a-long-name0", {.pages = 64, .slots = 16, .sq_entries = 8, .cq_entries = 8, .message_bytes = 4096});
    User& asker = many.user("asker");
    const abi::Handle info = asker.grant(root_objects().system_info);
    std::uint32_t seen = 0;
    std::uint32_t last = 0;
    for (const std::size_t part : {112u, 19u, 0u}) {
        auto answer = asker.call<I::ProcessesParams, I::ProcessesResults>(
            info, I::kInterfaceId, 1, [&](auto& p) { p.set_after(last); }, {.capacity = 20'000});
        EXPECT_EQ(answer.status, Error::None);
        EXPECT_EQ(answer.results.total(), 131u);
        ASSERT_EQ(answer.results.processes().size(), part);
        for (const auto& process : answer.results.processes()) {
            EXPECT_GT(process.pid(), last);
            last = process.pid();
            ++seen;
        }
    }
    EXPECT_EQ(seen, 131u);
    EXPECT_EQ(last, asker.pid);
}

TEST_F(ObjectsTest, CapabilitiesAreListedWithLabels) {
    using I = schema::SystemInfo;
    const abi::Handle info = user.grant(root_objects().system_info);
    const abi::Handle endpoint = user.create_endpoint("web-listen");
    user.mint(endpoint, 3, 77);
    user.create_memory(8192);
    user.create_notification();
    user.grant(*user.reference);
    user.grant(user.thread());
    const auto list = [&](std::uint32_t pid, std::uint32_t from = 0) {
        return ask<I::CapabilitiesParams, I::CapabilitiesResults>(
            info, I::kInterfaceId, 2, [&](auto& p) { p.set_pid(pid); p.set_from(from); }, {.capacity = 16'000});
    };
    auto answer = list(user.pid);
    EXPECT_TRUE(answer.results.found());
    std::string labels;
    for (const auto& each : answer.results.capabilities()) labels += std::string(each.label()) + ";";
    for (std::string_view label : {"timer;", "endpoint web-listen;", "reference to web-listen #3;", "memory 8 KiB;",
                                   "notification;", "memory factory;", "process factory;", "address space of user;",
                                   "system information;", "thread of user;", "endpoint factory;", "notification factory;"})
        EXPECT_NE(labels.find(label), std::string::npos) << label << " in " << labels;
    while (user.process().table().used() < 200) user.grant(root_objects().timer);
    // Slots given back between others are passed over.
    const abi::Handle between = user.grant(root_objects().timer);
    user.grant(root_objects().timer);
    EXPECT_EQ(user.release(between), Error::None);
    std::set<std::uint64_t> seen;
    std::uint32_t from = 0;
    for (const std::size_t part : {128u, 73u}) {
        auto some = list(user.pid, from);
        EXPECT_EQ(some.results.total(), 201u);
        EXPECT_EQ(some.results.capabilities().size(), part);
        for (const auto& each : some.results.capabilities()) EXPECT_TRUE(seen.insert(each.handle()).second);
        from = some.results.next();
    }
    EXPECT_EQ(from, 0u);
    EXPECT_EQ(seen.size(), 201u);
    EXPECT_FALSE(list(99'999).results.found());
}

TEST_F(ObjectsTest, TheLogCanBeReadToItsEndInParts) {
    using I = schema::SystemInfo;
    const abi::Handle info = user.grant(root_objects().system_info);
    std::uint64_t from = 0;
    std::string text;
    for (int part = 0; part < 40; ++part) {
        auto answer = ask<I::LogParams, I::LogResults>(info, I::kInterfaceId, 3, [&](auto& p) { p.set_from(from); },
                                                       {.capacity = 5000});
        ASSERT_EQ(answer.status, Error::None);
        if (answer.results.text().empty()) break;
        text += answer.results.text();
        EXPECT_GT(answer.results.next(), from);
        from = answer.results.next();
    }
    ASSERT_FALSE(text.empty());
    EXPECT_EQ(text.front(), '[');
    EXPECT_EQ(text.back(), '\n');
}

TEST_F(ObjectsTest, DevicesAndBootStepsAreListed) {
    using I = schema::SystemInfo;
    const abi::Handle info = user.grant(root_objects().system_info);
    auto devices = ask<I::DevicesParams, I::DevicesResults>(info, I::kInterfaceId, 4, [](auto&) {});
    ASSERT_EQ(devices.results.devices().size(), 1u);
    EXPECT_EQ(devices.results.devices()[0].bdf(), "00:03.0");
    EXPECT_EQ(devices.results.devices()[0].vendor(), 0x1af4u);
    auto steps = ask<I::BootStepsParams, I::BootStepsResults>(info, I::kInterfaceId, 5, [](auto&) {});
    EXPECT_EQ(steps.status, Error::None);
}

TEST_F(ObjectsTest, MethodsThatDoNotExistAreUnimplementedEverywhere) {
    std::vector<abi::Handle> handles = {user.memory_factory, user.endpoint_factory, user.notification_factory,
                                        user.process_factory, user.timer, user.address_space,
                                        user.grant(root_objects().log), user.grant(root_objects().terminal),
                                        user.grant(root_objects().entropy), user.grant(root_objects().system_info),
                                        user.grant(root_objects().power), user.grant(kernel::boot_bundle()),
                                        user.grant(*user.reference), user.grant(user.thread()),
                                        user.create_notification(), user.create_endpoint("e"), user.create_memory(4096)};
    for (const abi::Handle handle : handles) {
        const std::uint64_t id = user.begin_call(handle, user.object(handle).interface_id(), 99, {});
        user.enter();
        const auto answer = user.finish<schema::Timer::PageParams>(id);
        EXPECT_EQ(answer.status, Error::Unimplemented);
        EXPECT_EQ(answer.reason, "method");
    }
}

// --- Power, and the bundle that is not there

TEST_F(ObjectsTest, PowerOffAndResetSayWhoAskedAndDoIt) {
    using I = schema::Power;
    const abi::Handle power = user.grant(root_objects().power);
    for (std::uint16_t method : {0, 1}) {
        user.begin_call(power, I::kInterfaceId, method, {});
        user.run();
        const Left left = machine().enter([&] { kernel::on_syscall(user.thread().context(), 1, 0, 0); });
        EXPECT_EQ(left, method == 0 ? Left::PoweredOff : Left::Reset);
        EXPECT_NE(machine().serial.find(method == 0 ? "power off, asked for by user" : "reset, asked for by user"),
                  std::string::npos);
        root_objects().power.release();              // the reference of the call that never came back
    }
}

TEST_F(ObjectsTest, ThePowerButtonWakesItsWaitersOrTurnsTheMachineOff) {
    using I = schema::Power;
    const abi::Handle power = user.grant(root_objects().power);
    const std::uint64_t wait = user.begin_call(power, I::kInterfaceId, 2, {});
    user.enter();
    EXPECT_EQ(machine().enter([] { kernel::on_power_button(); }), Left::Resumed);
    EXPECT_EQ(user.finish<I::WaitButtonResults>(wait).status, Error::None);
    EXPECT_EQ(machine().enter([] { kernel::on_power_button(); }), Left::PoweredOff);
}

TEST_F(ObjectsTest, WithoutABundleEveryAnswerSaysSo) {
    using I = schema::BootBundle;
    static const bool once = [] { return kernel::boot_bundle().inspect(), true; }();
    (void)once;
    const abi::Handle bundle = user.grant(kernel::boot_bundle());
    auto entries = ask<I::EntriesParams, I::EntriesResults>(bundle, I::kInterfaceId, 2, [](auto&) {});
    EXPECT_EQ(entries.results.fault(), "the boot loader brought no bundle");
    EXPECT_EQ(entries.results.entries().size(), 0u);
    auto program = ask<I::ProgramParams, I::ProgramResults>(bundle, I::kInterfaceId, 1,
                                                            [](auto& p) { p.set_name("init"); }, {.accept = 1});
    EXPECT_EQ(program.status, Error::None);
    EXPECT_EQ(program.results.outcome(), I::ProgramResults::Outcome::not_found);
}

}  // namespace
}  // namespace capos::test
