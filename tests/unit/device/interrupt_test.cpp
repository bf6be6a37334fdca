#include "tests/unit/device/device_fixture.hpp"

namespace capos::test {
namespace {

class InterruptTest : public DeviceTest {
protected:
    std::uint64_t begin_wait(abi::Handle interrupt) {
        const std::uint64_t wait = driver.begin_call(interrupt, Interrupt::kInterfaceId, 0, {});
        driver.enter();
        return wait;
    }
    // Word `word` of entry `index` of the legacy function's table, at offset 8 of its BAR.
    static std::uint32_t& table(unsigned index, unsigned word) {
        return fake_machine().memory_at<std::uint32_t>(FakeMachine::kLegacyMsixBar + 8 + 16 * index + 4 * word);
    }
    static std::uint8_t vector_of(unsigned index) { return static_cast<std::uint8_t>(table(index, 2)); }
    Error simple(abi::Handle interrupt, Interrupt::Method method) {
        return call<Interrupt, Interrupt::MaskParams, Interrupt::MaskResults>(interrupt, method, kNothing).status;
    }
};

TEST_F(InterruptTest, TableEntryIsProgrammedAndOpenedAtItsOddOffset) {
    const abi::Handle function = claim(FakeMachine::kLegacy);
    EXPECT_EQ(table(1, 3), 1u);                              // masked when the function was claimed
    interrupt_of(function, 1);
    EXPECT_EQ(table(1, 0), 0xfee00000u);
    EXPECT_EQ(table(1, 3), 0u);
    EXPECT_EQ(table(0, 3), 1u);
    EXPECT_TRUE(fake_machine().vectors.contains(vector_of(1)));
    driver.release(function);
    EXPECT_EQ(table(1, 3), 1u);
    EXPECT_FALSE(fake_machine().vectors.contains(vector_of(1)));
}

TEST_F(InterruptTest, DeliveryWakesTheWaiter) {
    const abi::Handle interrupt = interrupt_of(claim(FakeMachine::kLegacy), 0);
    const std::uint64_t wait = begin_wait(interrupt);
    EXPECT_FALSE(driver.completed(wait));
    const std::uint64_t ended = fake_machine().ended;
    raise(vector_of(0));
    EXPECT_EQ(fake_machine().ended, ended + 1);
    EXPECT_EQ(driver.finish<Interrupt::WaitResults>(wait).results.count(), 1u);
    EXPECT_EQ(facts(FakeMachine::kLegacy).interrupts, 1u);
}

TEST_F(InterruptTest, InterruptsThatNobodyWaitsForAreLatchedAndCounted) {
    const abi::Handle interrupt = interrupt_of(claim(FakeMachine::kLegacy), 0);
    for (int i = 0; i < 3; ++i)
        raise(vector_of(0));
    EXPECT_EQ(driver.finish<Interrupt::WaitResults>(begin_wait(interrupt)).results.count(), 3u);
    EXPECT_FALSE(driver.completed(begin_wait(interrupt)));
}

TEST_F(InterruptTest, SecondWaiterIsBusyAndTeardownTellsTheFirst) {
    const abi::Handle function = claim(FakeMachine::kLegacy);
    const abi::Handle interrupt = interrupt_of(function, 0);
    const std::uint64_t first = begin_wait(interrupt);
    EXPECT_EQ(driver.finish<Interrupt::WaitResults>(begin_wait(interrupt)).status, Error::Busy);
    driver.release(function);
    EXPECT_EQ(driver.finish<Interrupt::WaitResults>(first).status, Error::Disconnected);
}

TEST_F(InterruptTest, WaiterWithoutRoomForTheCountNeitherTakesItNorWaits) {
    const abi::Handle interrupt = interrupt_of(claim(FakeMachine::kLegacy), 0);
    const auto wait_without_room = [&] {
        const std::uint64_t wait = driver.begin_call(interrupt, Interrupt::kInterfaceId, 0, {}, {.capacity = 8});
        driver.enter();
        return driver.finish<Interrupt::WaitResults>(wait).status;
    };
    EXPECT_EQ(wait_without_room(), Error::NoRoom);
    raise(vector_of(0));
    EXPECT_EQ(wait_without_room(), Error::NoRoom);
    EXPECT_EQ(driver.finish<Interrupt::WaitResults>(begin_wait(interrupt)).results.count(), 1u);
}

TEST_F(InterruptTest, StormIsMaskedUntilSomebodyWaits) {
    const abi::Handle interrupt = interrupt_of(claim(FakeMachine::kLegacy), 0);
    for (std::uint64_t i = 0; i < kernel::InterruptObject::kStorm; ++i)
        raise(vector_of(0));
    EXPECT_EQ(table(0, 3), 1u);
    EXPECT_EQ(driver.finish<Interrupt::WaitResults>(begin_wait(interrupt)).results.count(),
              kernel::InterruptObject::kStorm);
    EXPECT_EQ(table(0, 3), 0u);
}

TEST_F(InterruptTest, MaskAndUnmaskAreTheDriversAndAWaitDoesNotOpenThem) {
    const abi::Handle interrupt = interrupt_of(claim(FakeMachine::kLegacy), 0);
    EXPECT_EQ(simple(interrupt, Interrupt::Method::mask), Error::None);
    EXPECT_EQ(table(0, 3), 1u);
    begin_wait(interrupt);
    EXPECT_EQ(table(0, 3), 1u);
    EXPECT_EQ(simple(interrupt, Interrupt::Method::unmask), Error::None);
    EXPECT_EQ(table(0, 3), 0u);
}

TEST_F(InterruptTest, IndexThatTheFunctionDoesNotHaveIsRefused) {
    const abi::Handle function = claim(FakeMachine::kLegacy);
    const auto answer = call<Function, Function::InterruptParams, Function::InterruptResults>(
        function, Function::Method::interrupt, [](auto& params) { params.set_index(3); }, {.accept = 1});
    EXPECT_EQ(answer.status, Error::InvalidArgument);
}

class LineTest : public InterruptTest {
protected:
    static void assert_line(std::uint16_t bdf, bool on) {
        fake_machine().function(bdf).put16(pci::kStatus, on ? pci::kStatusInterrupt : 0);
    }
    static bool silenced(std::uint16_t bdf) {
        return (fake_machine().command(bdf) & pci::kCommandInterruptDisable) != 0;
    }
    static std::uint8_t line_vector() { return fake_machine().lines.at(FakeMachine::kSharedLine); }
    std::uint64_t first_interrupts = facts(FakeMachine::kSharerOne).interrupts;

    void TearDown() override {
        assert_line(FakeMachine::kSharerOne, false);
        assert_line(FakeMachine::kSharerTwo, false);
    }
};

TEST_F(LineTest, OnlyTheSharerThatAssertsIsSilencedAndTold) {
    const abi::Handle one = interrupt_of(claim(FakeMachine::kSharerOne), 0);
    const abi::Handle two = interrupt_of(claim(FakeMachine::kSharerTwo), 0);
    const std::uint64_t first = begin_wait(one);
    const std::uint64_t second = begin_wait(two);
    EXPECT_FALSE(silenced(FakeMachine::kSharerOne));
    assert_line(FakeMachine::kSharerTwo, true);
    raise(line_vector());
    EXPECT_FALSE(driver.completed(first));
    EXPECT_TRUE(driver.completed(second));
    EXPECT_TRUE(silenced(FakeMachine::kSharerTwo));
    EXPECT_FALSE(silenced(FakeMachine::kSharerOne));
}

TEST_F(LineTest, AckReadsTheDevicesStatusAndLetsTheLineThroughAgain) {
    const abi::Handle interrupt = interrupt_of(claim(FakeMachine::kSharerOne), 0);
    assert_line(FakeMachine::kSharerOne, true);
    fake_machine().legacy(FakeMachine::kSharerOne).interrupt_status = 3;
    raise(line_vector());
    EXPECT_TRUE(silenced(FakeMachine::kSharerOne));
    auto ack = call<Interrupt, Interrupt::AckParams, Interrupt::AckResults>(interrupt, Interrupt::Method::ack, kNothing);
    EXPECT_TRUE(ack.results.configuration_changed());
    EXPECT_EQ(fake_machine().legacy(FakeMachine::kSharerOne).interrupt_status, 0);
    EXPECT_FALSE(silenced(FakeMachine::kSharerOne));
    ack = call<Interrupt, Interrupt::AckParams, Interrupt::AckResults>(interrupt, Interrupt::Method::ack, kNothing);
    EXPECT_FALSE(ack.results.configuration_changed());
}

TEST_F(LineTest, LineThatCameDuringTheDriversOwnResetIsOpenAfterIt) {
    constexpr std::uint16_t kBdf = FakeMachine::kSharerOne;
    const abi::Handle function = claim(kBdf);
    const abi::Handle interrupt = interrupt_of(function, 0);
    const auto reset_with_an_interrupt = [&] {
        fake_machine().legacy(kBdf).reset_reads = 1000;
        const std::uint64_t call = driver.begin_call(function, Function::kInterfaceId,
                                                     static_cast<std::uint16_t>(Function::Method::reset), {});
        driver.enter();
        fake_machine().legacy(kBdf).reset_reads = 0;
        EXPECT_FALSE(driver.completed(call));
        assert_line(kBdf, true);
        raise(line_vector());
        EXPECT_NE(simple(interrupt, Interrupt::Method::unmask), Error::None);
        EXPECT_TRUE(silenced(kBdf));
        assert_line(kBdf, false);
        for (int i = 0; i < 90 && !driver.completed(call); ++i)
            machine().advance(1'000'000);
        EXPECT_EQ(driver.finish<Function::ResetResults>(call).status, Error::None);
    };
    reset_with_an_interrupt();
    EXPECT_FALSE(silenced(kBdf));
    EXPECT_EQ(driver.finish<Interrupt::WaitResults>(begin_wait(interrupt)).results.count(), 1u);
    const std::uint64_t wait = begin_wait(interrupt);
    assert_line(kBdf, true);
    raise(line_vector());
    EXPECT_EQ(driver.finish<Interrupt::WaitResults>(wait).results.count(), 1u);
    assert_line(kBdf, false);
    // What the driver masked stays so.
    EXPECT_EQ(simple(interrupt, Interrupt::Method::unmask), Error::None);
    EXPECT_EQ(reset(function), Error::None);
    EXPECT_FALSE(silenced(kBdf));
    EXPECT_EQ(simple(interrupt, Interrupt::Method::mask), Error::None);
    EXPECT_EQ(reset(function), Error::None);
    EXPECT_TRUE(silenced(kBdf));
}

TEST_F(LineTest, LineThatNobodyOwnsIsMaskedInTheEnd) {
    const abi::Handle function = claim(FakeMachine::kSharerOne);
    interrupt_of(function, 0);
    EXPECT_TRUE(fake_machine().open_lines.contains(FakeMachine::kSharedLine));
    int raised = 0;
    const std::uint64_t before = kernel::counters.unowned_interrupts;
    for (; raised < 5000 && fake_machine().open_lines.contains(FakeMachine::kSharedLine); ++raised)
        raise(line_vector());
    EXPECT_EQ(kernel::counters.unowned_interrupts, before + static_cast<std::uint64_t>(raised));
    EXPECT_GT(raised, 100);
    EXPECT_LT(raised, 5000);
    // A new sharer opens it again.
    driver.release(function);
    interrupt_of(claim(FakeMachine::kSharerTwo), 0);
    EXPECT_TRUE(fake_machine().open_lines.contains(FakeMachine::kSharedLine));
}

TEST_F(LineTest, SharerThatIsSilencedAlreadyOwnsNothing) {
    const abi::Handle one = interrupt_of(claim(FakeMachine::kSharerOne), 0);
    interrupt_of(claim(FakeMachine::kSharerTwo), 0);
    assert_line(FakeMachine::kSharerOne, true);              // and stays so: nobody reads its status
    raise(line_vector());
    EXPECT_TRUE(silenced(FakeMachine::kSharerOne));
    assert_line(FakeMachine::kSharerTwo, true);
    raise(line_vector());
    EXPECT_EQ(driver.finish<Interrupt::WaitResults>(begin_wait(one)).results.count(), 1u);
    EXPECT_EQ(facts(FakeMachine::kSharerOne).interrupts, first_interrupts + 1);
}

TEST_F(LineTest, LineThatASilencedSharerDoesNotHoldIsMaskedInTheEnd) {
    interrupt_of(claim(FakeMachine::kSharerOne), 0);
    assert_line(FakeMachine::kSharerOne, true);
    int raised = 0;
    for (; raised < 5000 && fake_machine().open_lines.contains(FakeMachine::kSharedLine); ++raised)
        raise(line_vector());
    EXPECT_LT(raised, 5000);
    EXPECT_EQ(facts(FakeMachine::kSharerOne).interrupts, first_interrupts + 1);
}

TEST_F(LineTest, LastSharerThatGoesTakesTheLineWithIt) {
    const abi::Handle one = claim(FakeMachine::kSharerOne);
    const abi::Handle two = claim(FakeMachine::kSharerTwo);
    interrupt_of(one, 0);
    interrupt_of(two, 0);
    driver.release(one);
    EXPECT_TRUE(silenced(FakeMachine::kSharerOne));
    EXPECT_TRUE(fake_machine().open_lines.contains(FakeMachine::kSharedLine));
    driver.release(two);
    EXPECT_FALSE(fake_machine().open_lines.contains(FakeMachine::kSharedLine));
}

}  // namespace
}  // namespace capos::test
