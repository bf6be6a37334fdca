#include "tests/unit/device/device_fixture.hpp"

namespace capos::test {
namespace {

using Outcome = Bus::ClaimResults::Outcome;

class ClaimTest : public DeviceTest {};

TEST_F(ClaimTest, EveryFunctionIsQuietAfterTheScanAlsoThoseBeyondTheLimit) {
    ASSERT_GT(fake_machine().config.functions.size(), kernel::device::kMaxFunctions);
    for (const auto& [bdf, function] : fake_machine().config.functions) {
        const std::uint16_t command = fake_machine().command(bdf);
        EXPECT_EQ(command & pci::kCommandBusMaster, 0) << bdf;
        EXPECT_NE(command & pci::kCommandInterruptDisable, 0) << bdf;
    }
    EXPECT_EQ(fake_machine().function(FakeMachine::kOther).get(0x52, 2), 0x0003u);       // MSI-X
    EXPECT_EQ(fake_machine().function(FakeMachine::kOther).get(0x72, 2), 0x0080u);       // MSI
}

TEST_F(ClaimTest, FunctionsAreListedWithTheirTransport) {
    const auto list = call<Bus, Bus::FunctionsParams, Bus::FunctionsResults>(bus, Bus::Method::functions, kNothing,
                                                                             {.capacity = 8192});
    ASSERT_EQ(list.status, Error::None);
    ASSERT_EQ(list.results.functions().size(), kernel::device::kMaxFunctions);
    const auto first = list.results.functions()[0];
    EXPECT_EQ(first.bdf(), FakeMachine::kModern);
    EXPECT_EQ(first.transport(), Bus::Transport::virtio_modern);
    EXPECT_EQ(list.results.functions()[1].transport(), Bus::Transport::virtio_legacy);
    EXPECT_FALSE(first.claimed());
}

TEST_F(ClaimTest, ClaimResetsThenLetsTheFunctionMasterTheBus) {
    const unsigned resets = fake_machine().legacy(FakeMachine::kLegacy).status_writes_of_zero;
    claim(FakeMachine::kLegacy);
    EXPECT_EQ(fake_machine().legacy(FakeMachine::kLegacy).status_writes_of_zero, resets + 1);
    EXPECT_NE(fake_machine().command(FakeMachine::kLegacy) & pci::kCommandBusMaster, 0);
    EXPECT_EQ(facts(FakeMachine::kLegacy).regime, "brokered");
}

TEST_F(ClaimTest, DroppingTheLastReferenceTearsTheClaimDown) {
    const abi::Handle function = claim(FakeMachine::kLegacy);
    const unsigned resets = fake_machine().legacy(FakeMachine::kLegacy).status_writes_of_zero;
    driver.release(function);
    EXPECT_EQ(fake_machine().legacy(FakeMachine::kLegacy).status_writes_of_zero, resets + 1);
    EXPECT_EQ(fake_machine().command(FakeMachine::kLegacy) & pci::kCommandBusMaster, 0);
    EXPECT_EQ(facts(FakeMachine::kLegacy).regime, "unclaimed");
    claim(FakeMachine::kLegacy);
}

TEST_F(ClaimTest, DeathOfTheDriverTearsTheClaimDown) {
    claim(FakeMachine::kLegacy);
    driver.kill();
    machine().settle();
    EXPECT_EQ(fake_machine().command(FakeMachine::kLegacy) & pci::kCommandBusMaster, 0);
    EXPECT_EQ(facts(FakeMachine::kLegacy).regime, "unclaimed");
}

TEST_F(ClaimTest, RegisterWindowsInMemoryOrBeyondTheProcessorsReachAreNotBelieved) {
    EXPECT_EQ(facts(FakeMachine::kInMemory).transport, "none");
    EXPECT_EQ(facts(FakeMachine::kBeyond).transport, "none");
    EXPECT_EQ(try_claim(FakeMachine::kInMemory).results.outcome(), Outcome::no_broker);
    EXPECT_EQ(try_claim(FakeMachine::kBeyond).results.outcome(), Outcome::no_broker);
}

TEST_F(ClaimTest, NoMoreIsMappedOfAStructureThanAnybodyNeedsAndNoWindowLeftIsOverload) {
    fake_machine().windows_refused = 1;
    EXPECT_EQ(try_claim(FakeMachine::kLarge).status, Error::Overloaded);
    EXPECT_EQ(facts(FakeMachine::kLarge).regime, "unclaimed");
    claim(FakeMachine::kLarge);
    EXPECT_LE(fake_machine().longest_window, 64u * 1024);
}

// What is left of the claim that did not begin is destroyed after the next has begun.
TEST_F(ClaimTest, ClaimThatDidNotBeginTakesNothingFromTheNext) {
    fake_machine().windows_refused = 1;
    std::uint64_t begun[2];
    for (std::uint64_t& call : begun)
        call = driver.begin_call(bus, Bus::kInterfaceId, 1, message_of<Bus::ClaimParams>([](auto& params) {
                                     params.set_bdf(FakeMachine::kRefused);
                                 }),
                                 {.accept = 1});
    driver.enter();
    machine().settle();
    EXPECT_EQ(driver.finish<Bus::ClaimResults>(begun[0]).status, Error::Overloaded);
    const auto claimed = driver.finish<Bus::ClaimResults>(begun[1]);
    EXPECT_EQ(claimed.results.outcome(), Outcome::claimed);
    EXPECT_EQ(facts(FakeMachine::kRefused).regime, "brokered");
    const abi::Handle function = claimed.handle(claimed.results.function());
    EXPECT_EQ(reset(function), Error::None);
    driver.release(function);
    EXPECT_EQ(facts(FakeMachine::kRefused).regime, "unclaimed");
}

TEST_F(ClaimTest, FunctionsThatCannotBeClaimedSayWhy) {
    claim(FakeMachine::kLegacy);
    EXPECT_EQ(try_claim(FakeMachine::kLegacy).results.outcome(), Outcome::already_claimed);
    EXPECT_EQ(try_claim(FakeMachine::kBalloon).results.outcome(), Outcome::no_broker);
    EXPECT_EQ(try_claim(FakeMachine::kOther).results.outcome(), Outcome::no_broker);
    EXPECT_EQ(try_claim(0xfff8).results.outcome(), Outcome::not_found);
}

TEST_F(ClaimTest, EverythingMadeFromAClaimIsStaleAfterIt) {
    const abi::Handle function = claim(FakeMachine::kLegacy);
    const abi::Handle registers = registers_of(function);
    const abi::Handle interrupt = interrupt_of(function, 0);
    const auto dma = try_dma(function, driver.create_memory(4096), 2048);
    const abi::Handle pool = dma.handle(dma.results.pool());
    driver.release(function);
    EXPECT_EQ(read(registers, 0, 1).status, Error::Disconnected);
    EXPECT_EQ((call<Interrupt, Interrupt::AckParams, Interrupt::AckResults>(interrupt, Interrupt::Method::ack, kNothing)
                   .status),
              Error::Disconnected);
    EXPECT_EQ((call<Pool, Pool::SlotsParams, Pool::SlotsResults>(pool, Pool::Method::slots, kNothing).status),
              Error::Disconnected);
    // A later claim does not bring them back.
    claim(FakeMachine::kLegacy);
    EXPECT_EQ(read(registers, 0, 1).status, Error::Disconnected);
}

TEST_F(ClaimTest, RegistersShowTheDeviceConfigurationAndNothingElse) {
    const abi::Handle registers = registers_of(claim(FakeMachine::kLegacy));
    EXPECT_EQ(read(registers, 0, 1).results.value(), 0x52u);
    EXPECT_EQ(read(registers, 5, 1).results.value(), 0x56u);
    EXPECT_EQ(read(registers, 0xfffffffc, 4).status, Error::Denied);      // the queue's page frame number, wrapped
    EXPECT_EQ(read(registers, 40, 1).status, Error::Denied);              // past 64 bytes of ports
    EXPECT_EQ(read(registers, 1, 4).status, Error::Denied);
    EXPECT_EQ(read(registers, 0, 3).status, Error::Denied);
    const auto write = call<Registers, Registers::WriteParams, Registers::WriteResults>(
        registers, Registers::Method::write, [](auto& params) { params.set_width(1); });
    EXPECT_EQ(write.status, Error::Denied);
}

TEST_F(ClaimTest, PoolsAreWritableMemoryCutIntoSlots) {
    const abi::Handle function = claim(FakeMachine::kLegacy);
    const abi::Handle memory = driver.create_memory(8192);
    EXPECT_EQ(try_dma(function, memory, 256).status, Error::InvalidArgument);
    EXPECT_EQ(try_dma(function, memory, 3000).status, Error::InvalidArgument);
    EXPECT_EQ(try_dma(function, memory, 8192).status, Error::InvalidArgument);
    EXPECT_EQ(try_dma(function, function, 2048).status, Error::WrongInterface);
    const auto read_only = call<schema::MemoryObject, schema::MemoryObject::ReadOnlyParams,
                                schema::MemoryObject::ReadOnlyResults>(
        memory, schema::MemoryObject::Method::read_only, kNothing, {.accept = 1});
    EXPECT_EQ(try_dma(function, read_only.handle(read_only.results.object()), 2048).status, Error::Denied);
    const auto dma = try_dma(function, memory, 512);
    const auto slots = call<Pool, Pool::SlotsParams, Pool::SlotsResults>(dma.handle(dma.results.pool()),
                                                                         Pool::Method::slots, kNothing);
    EXPECT_EQ(slots.results.count(), 16u);
    EXPECT_EQ(slots.results.in_flight(), 0u);
}

TEST_F(ClaimTest, SlowResetKeepsTheCallerWaitingAndNotTheKernel) {
    const std::uint64_t begun = driver.begin_call(bus, Bus::kInterfaceId, 1,
                                                  message_of<Bus::ClaimParams>([](auto& params) {
                                                      params.set_bdf(FakeMachine::kSlow);
                                                  }),
                                                  {.accept = 1});
    driver.enter();
    EXPECT_FALSE(driver.completed(begun));
    EXPECT_EQ(try_claim(FakeMachine::kSlow).results.outcome(), Outcome::already_claimed);
    for (int i = 0; i < 90 && !driver.completed(begun); ++i)
        machine().advance(1'000'000);
    ASSERT_TRUE(driver.completed(begun));
    const auto answer = driver.finish<Bus::ClaimResults>(begun);
    EXPECT_EQ(answer.results.outcome(), Outcome::claimed);
    driver.release(answer.handle(answer.results.function()));
    EXPECT_EQ(facts(FakeMachine::kSlow).regime, "brokered");      // the teardown's reset is under way
    for (int i = 0; i < 90; ++i)
        machine().advance(1'000'000);
    EXPECT_EQ(facts(FakeMachine::kSlow).regime, "unclaimed");
}

TEST_F(ClaimTest, ClaimThatNobodyWaitsForAnyMoreIsGivenUp) {
    const std::uint64_t begun = driver.begin_call(bus, Bus::kInterfaceId, 1,
                                                  message_of<Bus::ClaimParams>([](auto& params) {
                                                      params.set_bdf(FakeMachine::kSlow);
                                                  }),
                                                  {.accept = 1});
    driver.enter();
    EXPECT_EQ(driver.cancel(begun), Error::None);
    for (int i = 0; i < 200; ++i)
        machine().advance(1'000'000);
    EXPECT_EQ(facts(FakeMachine::kSlow).regime, "unclaimed");
    EXPECT_EQ(fake_machine().command(FakeMachine::kSlow) & pci::kCommandBusMaster, 0);
}

// The last test of its function: it is dead afterwards.
TEST_F(ClaimTest, FunctionThatNeverConfirmsItsResetIsDead) {
    const std::uint64_t begun = driver.begin_call(bus, Bus::kInterfaceId, 1,
                                                  message_of<Bus::ClaimParams>([](auto& params) {
                                                      params.set_bdf(FakeMachine::kStubborn);
                                                  }),
                                                  {.accept = 1});
    driver.enter();
    for (int i = 0; i < 200; ++i)
        machine().advance(1'000'000);
    ASSERT_TRUE(driver.completed(begun));
    EXPECT_EQ(driver.finish<Bus::ClaimResults>(begun).results.outcome(), Outcome::reset_failed);
    EXPECT_EQ(facts(FakeMachine::kStubborn).regime, "dead");
    const auto list = call<Bus, Bus::FunctionsParams, Bus::FunctionsResults>(bus, Bus::Method::functions, kNothing,
                                                                             {.capacity = 8192});
    for (const auto listed : list.results.functions())
        EXPECT_FALSE(listed.claimed()) << listed.bdf();      // nobody's: a claim says that it is dead
    EXPECT_EQ(fake_machine().command(FakeMachine::kStubborn) & pci::kCommandBusMaster, 0);
    EXPECT_EQ(try_claim(FakeMachine::kStubborn).results.outcome(), Outcome::dead);
}

}  // namespace
}  // namespace capos::test
