// What holders of ServiceList and ServiceControl can do, and the machine's orderly end.
#include "services/init/control.hpp"
#include "tests/unit/init/supervised.hpp"

namespace capos::init {
namespace {

using Interface = schema::ServiceControl;
using Outcome = Interface::Outcome;

class OperatorTest : public SupervisedTest {
protected:
    // Calls a method by its number, as the holder of a reference to that endpoint would; the answer's message.
    template <class Params, class Fill>
    Result<std::vector<std::byte>> call(rt::Router& router, std::uint64_t interface_id, std::uint16_t method, Fill&& fill,
                                        std::uint64_t for_ns = 0) {
        alignas(8) std::byte storage[256];
        wire::MessageBuilder builder(storage);
        auto params = builder.init_root<Params>();
        fill(params);
        client::Endpoint endpoint(rt::Handle(77));
        auto serving = rt::serve(endpoint, router, {.receives = 1, .buffer_bytes = 512, .accept_capabilities = 0});
        serving.start();
        world_.settle();
        world_.kernel.returned.clear();
        world_.kernel.returned_messages.clear();
        world_.kernel.deliver(world_.kernel.parked(abi::Operation::Receive),
                              {1, interface_id, abi::RequestKind::Call, method, 0}, *builder.finish(), 1);
        world_.settle(for_ns);
        const auto returned = world_.kernel.returned.at(0);
        if (returned.flags != 0) return static_cast<Error>(returned.method);
        return world_.kernel.returned_messages[0];
    }

    Outcome kill(const char* name) {
        const auto answer = call<Interface::KillParams>(control_, Interface::kInterfaceId,
                                                        static_cast<std::uint16_t>(Interface::Method::kill),
                                                        [&](auto& params) { params.set_name(name); });
        return (*wire::MessageReader::open(*answer)->root<Interface::KillResults>()).outcome();
    }
    Outcome restart(const char* name, std::uint64_t for_ns = 0) {
        const auto answer = call<Interface::RestartParams>(control_, Interface::kInterfaceId,
                                                           static_cast<std::uint16_t>(Interface::Method::restart),
                                                           [&](auto& params) { params.set_name(name); }, for_ns);
        return (*wire::MessageReader::open(*answer)->root<Interface::RestartResults>()).outcome();
    }

    CrashLog none_;
    Listing listing_{services_, none_};
    Control control_{services_, shutdown_};
};

TEST_F(OperatorTest, WhoHoldsTheListCannotEndAnythingWhateverItCalls) {
    start_services();
    const std::uint64_t id = schema::ServiceList::kInterfaceId;
    for (std::uint16_t method = 0; method < 16; ++method) {
        const auto answer =
            call<Interface::KillParams>(listing_, id, method, [](auto& params) { params.set_name("page"); });
        if (method > static_cast<std::uint16_t>(schema::ServiceList::Method::crashes)) {
            EXPECT_EQ(answer.error(), Error::Unimplemented);
        }
    }
    EXPECT_EQ(world_.count_of("page"), 1u);
    EXPECT_FALSE(world_.process("page").ended);
    EXPECT_FALSE(said("shutting down"));
}

TEST_F(OperatorTest, TheListHasEveryServiceWithItsState) {
    start_services();
    const auto answer = call<schema::ServiceList::ListParams>(
        listing_, schema::ServiceList::kInterfaceId, static_cast<std::uint16_t>(schema::ServiceList::Method::list),
        [](auto&) {});
    const auto listed = (*wire::MessageReader::open(*answer)->root<schema::ServiceList::ListResults>()).services();
    ASSERT_EQ(listed.size(), 2u);
    EXPECT_EQ(listed[0].name(), "stack");
    EXPECT_EQ(listed[0].state(), Service::State::waiting);
    EXPECT_EQ(listed[0].pid(), 0u);
    EXPECT_EQ(listed[1].state(), Service::State::running);
    EXPECT_EQ(listed[1].grants()[2].source(), "service stack.tcp #80");
}

TEST_F(OperatorTest, KillSaysWhatBecameOfItAndIsNeverCounted) {
    start_services();
    EXPECT_EQ(kill("pege"), Outcome::no_such_service);
    EXPECT_EQ(kill("init"), Outcome::no_such_service);
    EXPECT_EQ(kill("stack"), Outcome::waiting_for_device);
    EXPECT_EQ(kill("page"), Outcome::done);
    world_.settle();
    EXPECT_EQ(world_.count_of("page"), 2u);
    for (int i = 0; i < 12; ++i) EXPECT_EQ(kill("page"), Outcome::done);
    world_.settle();
    EXPECT_EQ(world_.count_of("page"), 14u);
    EXPECT_FALSE(said("next start in"));
}

TEST_F(OperatorTest, RestartAnswersWhenTheNewProcessRuns) {
    start_services();
    EXPECT_EQ(restart("page"), Outcome::done);
    EXPECT_EQ(world_.count_of("page"), 2u);
    EXPECT_TRUE(world_.process("page").threads);
    EXPECT_EQ(restart("pege"), Outcome::no_such_service);
}

TEST_F(OperatorTest, RestartOfAServiceWhoseDeviceIsMissingSaysSo) {
    start_services();
    EXPECT_EQ(restart("stack"), Outcome::waiting_for_device);
    world_.devices = {0x18};
    EXPECT_EQ(restart("stack"), Outcome::done);
    EXPECT_EQ(world_.count_of("stack"), 1u);
    EXPECT_EQ(restart("stack", 2 * rt::kSecond), Outcome::not_started);      // the first claim is never torn down
}

TEST_F(OperatorTest, RestartOfAServiceThatCannotBeStartedSaysSo) {
    start_services();
    world_.failures["Process.startThread"] = Error::QuotaExceeded;
    EXPECT_EQ(restart("page"), Outcome::not_started);
    EXPECT_TRUE(said("service \"page\": cannot be started: first thread: QuotaExceeded"));
}

TEST_F(OperatorTest, ARestartDuringAStartIsThatStartAndLeavesNothingForTheNextDeath) {
    world_.devices = {0x18};
    start_services();
    auto ended = services_[0]->restart();       // its claim is not torn down yet: the start takes a while
    ended.start();
    world_.settle(20 * rt::kMillisecond);
    ASSERT_EQ(world_.count_of("stack"), 1u);
    auto again = services_[0]->restart();
    again.start();
    world_.settle();
    world_.claimed.clear();
    world_.settle(rt::kSecond);
    ASSERT_EQ(world_.count_of("stack"), 2u);
    for (int death = 0; death < 2; ++death) {
        world_.claimed.clear();
        world_.end(world_.process("stack"), schema::Process::WaitResults::Cause::exited, 1);
        world_.settle();
    }
    EXPECT_TRUE(said("service \"stack\": next start in 100 ms")) << "both deaths count";
    EXPECT_EQ(world_.count_of("stack"), 3u) << "and the pause is kept";
}

TEST_F(OperatorTest, ARefusedKillDoesNotMakeALaterDeathTheOperators) {
    start_services();
    world_.failures["Process.kill"] = Error::Failed;
    EXPECT_EQ(kill("page"), Outcome::refused);
    for (int death = 0; death < 2; ++death) {
        world_.end(world_.process("page"), schema::Process::WaitResults::Cause::exited, 1);
        world_.settle();
    }
    EXPECT_TRUE(said("service \"page\": next start in 100 ms"));
}

TEST_F(OperatorTest, AMachineWhosePowerDoesNotGoOffIsReset) {
    start_services();
    world_.failures["Power.off"] = Error::Failed;
    auto shutting_down = shutdown_.run(Interface::Then::power_off, "test");
    shutting_down.start();
    world_.settle(rt::kSecond);
    EXPECT_TRUE(said("the power does not go off: Failed; resetting instead"));
    ASSERT_FALSE(world_.power.empty());
    EXPECT_EQ(world_.power.back(), "Power.reset");
}

TEST_F(OperatorTest, ThePowerButtonEndsTheServicesFromTheLastAndThenTheMachine) {
    world_.devices = {0x18};
    start_services();
    auto watching = shutdown_.watch_button();
    watching.start();
    world_.settle();
    EXPECT_FALSE(said("shutting down"));
    world_.press_power_button();
    world_.settle(rt::kSecond);
    EXPECT_TRUE(world_.process("page").ended);
    EXPECT_TRUE(world_.process("stack").ended);
    EXPECT_EQ(world_.count_of("page"), 1u);      // neither comes back
    EXPECT_EQ(world_.count_of("stack"), 1u);
    EXPECT_LT(line_with("shutting down: power button"), line_with("service \"page\" pid 2: stopped"));
    EXPECT_LT(line_with("service \"page\" pid 2: stopped"), line_with("service \"stack\" pid 3: stopped"));
    EXPECT_LT(line_with("service \"stack\" pid 3: stopped"), line_with("all services have ended"));
    EXPECT_EQ(world_.power, (std::vector<std::string>{"Power.off"}));
}

TEST_F(OperatorTest, TheOperatorHasHisAnswerBeforeTheMachineIsReset) {
    start_services();
    const auto answer = call<Interface::ShutDownParams>(
        control_, Interface::kInterfaceId, static_cast<std::uint16_t>(Interface::Method::shut_down),
        [](auto& params) { params.set_then(Interface::Then::reset); });
    EXPECT_TRUE(answer);
    EXPECT_TRUE(world_.power.empty());
    world_.failures["Power.reset"] = Error::Failed;       // so that the shutdown comes to an end, and says so
    world_.settle(rt::kSecond);
    EXPECT_TRUE(world_.process("page").ended);
    EXPECT_FALSE(said("going on"));               // also the stack, which waited for its device, no longer does
    EXPECT_TRUE(said("the machine is still on: Failed"));
}

TEST_F(OperatorTest, AServiceThatDoesNotEndHoldsTheShutdownUpForASecondOnly) {
    world_.devices = {0x18};
    start_services();
    world_.failures["Process.kill"] = Error::Failed;      // the first that is ended: the page
    auto shutting_down = shutdown_.run(Interface::Then::power_off, "test");
    shutting_down.start();
    world_.settle(900 * rt::kMillisecond);
    EXPECT_TRUE(world_.power.empty());
    world_.settle(rt::kSecond);
    EXPECT_TRUE(said("service \"page\": has not ended within 1000 ms, going on"));
    EXPECT_TRUE(world_.process("stack").ended);
    EXPECT_EQ(world_.power, (std::vector<std::string>{"Power.off"}));
}

TEST_F(OperatorTest, AServiceInItsPauseBeforeTheNextStartIsNotStartedAgain) {
    start_services();
    for (int death = 0; death < 2; ++death) {
        world_.end(world_.process("page"), schema::Process::WaitResults::Cause::exited, 1);
        world_.settle();
    }
    EXPECT_TRUE(said("next start in 100 ms"));
    auto shutting_down = shutdown_.run(Interface::Then::power_off, "test");
    shutting_down.start();
    world_.settle(rt::kSecond);
    EXPECT_EQ(world_.count_of("page"), 2u);
    EXPECT_EQ(world_.power, (std::vector<std::string>{"Power.off"}));
}

}  // namespace
}  // namespace capos::init
