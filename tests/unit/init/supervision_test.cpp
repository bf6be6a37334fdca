// Services started, watched, ended and started again, in a pretended machine.
#include "tests/unit/init/supervised.hpp"

namespace capos::init {
namespace {

using Cause = schema::Process::WaitResults::Cause;
using Strings = std::vector<std::string>;

class SupervisionTest : public SupervisedTest {};

TEST_F(SupervisionTest, AServiceIsGivenExactlyItsGrantsAndNothingElse) {
    world_.devices = {0x18};
    start_services();
    EXPECT_EQ(world_.process("stack").granted,
              (Strings{"endpoint stack.tcp", "device 24", "own AddressSpace"}));
    EXPECT_EQ(world_.process("page").granted, (Strings{"Log", "Timer", "endpoint stack.tcp #80"}));
    EXPECT_TRUE(world_.process("page").threads);
}

TEST_F(SupervisionTest, WhatCannotBeGivenDoesNotPassTheCheckOfTheManifest) {
    EXPECT_EQ(catalogue_.entry("web"), Presence::Present);
    EXPECT_EQ(catalogue_.entry("broken"), Presence::Damaged);
    EXPECT_EQ(catalogue_.entry("notes"), Presence::Missing);
    EXPECT_EQ(catalogue_.entry("init"), Presence::Missing) << "the kernel loads it; init has no object of it to give";
}

TEST_F(SupervisionTest, NothingIsMappedWritableAndExecutableAndInitKeepsNoView) {
    world_.devices = {0x18};
    start_services();
    // Program: read, execute, write; start page; stack; heap; for the page also the time page.
    EXPECT_EQ(world_.process("stack").mapped,
              (Strings{"read", "readExecute", "readWrite", "read", "readWrite", "readWrite"}));
    EXPECT_EQ(world_.process("page").mapped,
              (Strings{"read", "readExecute", "readWrite", "read", "readWrite", "readWrite", "read"}));
    EXPECT_EQ(world_.own_views, 0u);
}

TEST_F(SupervisionTest, ARestartedServiceHasTheSameEndpointAndReferencesAreMintedOnce) {
    world_.devices = {0x18};
    start_services();
    const Strings before = world_.process("page").granted;
    world_.claimed.clear();
    world_.end(world_.process("stack"), Cause::exited, 1);
    world_.end(world_.process("page"), Cause::exited, 1);
    world_.settle();
    EXPECT_EQ(world_.count_of("stack"), 2u);
    EXPECT_EQ(world_.process("stack").granted.at(0), "endpoint stack.tcp");
    EXPECT_EQ(world_.process("page").granted, before);
    EXPECT_EQ(std::count_if(world_.labels.begin(), world_.labels.end(),
                            [](const auto& item) { return item.second == "endpoint stack.tcp #80"; }), 1);
}

TEST_F(SupervisionTest, WithoutItsDeviceAServiceWaitsAndTheOthersRun) {
    start_services();
    EXPECT_EQ(world_.count_of("stack"), 0u);
    EXPECT_EQ(world_.count_of("page"), 1u);
    EXPECT_TRUE(said("service \"stack\": waiting, there is no device for grant \"device\""));
}

TEST_F(SupervisionTest, AClaimThatIsStillTornDownIsWaitedForAndNotLeftForAnother) {
    world_.devices = {0x18};
    start_services();
    world_.devices = {0x18, 0x20};       // another one like it, unclaimed
    world_.end(world_.process("stack"), Cause::fault);
    world_.settle();
    EXPECT_EQ(world_.count_of("stack"), 1u);
    world_.claimed.clear();              // the teardown is done
    world_.settle(200 * rt::kMillisecond);
    EXPECT_EQ(world_.count_of("stack"), 2u);
    EXPECT_EQ(world_.process("stack").granted.at(1), "device 24");
}

TEST_F(SupervisionTest, ADeadDeviceIsNamedAndTheNextOneLikeItTaken) {
    world_.devices = {0x18, 0x20};
    world_.dead = {0x18};
    start_services();
    EXPECT_TRUE(said("device 00:03.0 cannot be claimed: it is dead until reboot"));
    EXPECT_EQ(world_.process("stack").granted.at(1), "device 32");
}

TEST_F(SupervisionTest, WithNothingButADeadDeviceTheServiceFailsAndDoesNotWaitForIt) {
    world_.devices = {0x18};
    world_.dead = {0x18};
    start_services();
    EXPECT_TRUE(said("device 00:03.0 cannot be claimed: it is dead until reboot"));
    EXPECT_TRUE(said("service \"stack\": cannot be started"));
    EXPECT_EQ(world_.count_of("stack"), 0u);
}

TEST_F(SupervisionTest, AFaultIsRecordedAndTheServiceComesBack) {
    start_services();
    world_.end(world_.process("page"), Cause::fault);
    world_.settle();
    EXPECT_TRUE(said("crash: process page pid 2: page fault (write to 0x10) at 0x401012"));
    EXPECT_EQ(world_.count_of("page"), 2u);
    alignas(8) std::byte storage[4096];
    wire::MessageBuilder builder(storage);
    auto results = builder.init_root<schema::ServiceList::CrashesResults>();
    crashes_.list(results);
    const auto bytes = *builder.finish();
    const auto listed = *(*wire::MessageReader::open(bytes)).root<schema::ServiceList::CrashesResults>();
    ASSERT_EQ(listed.crashes().size(), 1u);
    EXPECT_EQ(listed.crashes()[0].process(), "page");
    EXPECT_EQ(listed.crashes()[0].backtrace().size(), 2u);
}

TEST_F(SupervisionTest, AStartThatFailsHalfWayLeavesNothing) {
    world_.failures["Process.startThread"] = Error::QuotaExceeded;
    start_services();
    EXPECT_TRUE(said("service \"page\": cannot be started: first thread: QuotaExceeded"));
    // The first attempt's process is gone; the second one, at once, runs.
    ASSERT_EQ(world_.count_of("page"), 2u);
    EXPECT_TRUE(world_.processes.front().ended);
    EXPECT_TRUE(world_.process("page").threads);
    EXPECT_EQ(world_.own_views, 0u);
}

TEST_F(SupervisionTest, AGrantThatFailsNamesItselfAndIsTakenBack) {
    world_.failures["Process.grant"] = Error::NoSlots;
    start_services();
    EXPECT_TRUE(said("service \"page\": cannot be started: grant \"log\": NoSlots"));
    EXPECT_TRUE(world_.processes.front().ended);
    EXPECT_EQ(world_.own_views, 0u);
}

}  // namespace
}  // namespace capos::init
