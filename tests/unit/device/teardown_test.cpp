// The end of a claim, step by step, and of a device that does not do as it is told.
#include <cstdlib>

#include "tests/unit/device/queue_fixture.hpp"

namespace capos::test {
namespace {

class TeardownTest : public QueueTest {
protected:
    ~TeardownTest() override {
        machine().on_clock = nullptr;
        fake_machine().on_config_write = nullptr;
    }

    std::uint8_t& status() { return fake_machine().memory_at<std::uint8_t>(bar + virtio::modern::kDeviceStatus); }
    static bool masters(std::uint16_t bdf) { return (fake_machine().command(bdf) & pci::kCommandBusMaster) != 0; }
    // The device's status stays as it is whatever is written there, from the next look at the clock on.
    void stick() {
        machine().on_clock = [this] {
            machine().now += 1000;
            status() = 0x0f;
        };
    }
    // Runs `body` in a process of its own: what a dead function keeps is never given back, and a test must end with
    // everything given back.
    template <class Body>
    void in_a_machine_of_its_own(Body&& body) {
        EXPECT_EXIT(
            {
                body();
                std::_Exit(HasFailure() ? 1 : 0);
            },
            testing::ExitedWithCode(0), "");
    }
    static void pass_ms(int milliseconds) {
        for (int i = 0; i < milliseconds; ++i)
            machine().advance(1'000'000);
    }
    std::uint64_t pool_page() {
        const kernel::UserAddr mapped = driver.map(driver.address_space, memory, 0, 4096);
        return reinterpret_cast<std::uint64_t>(mapped_page(driver.process().page_tables(), mapped).frame);
    }
};

TEST_F(TeardownTest, QueuePagesAreFreedAfterInterruptsResetAndBusMasterInThatOrder) {
    bring_up();
    ASSERT_EQ(activate(), Error::None);
    exchange(receive_slots(4));
    const std::uint64_t pages = area();
    bool masked = false, cleared = false;
    fake_machine().on_config_write = [&](pci::Bdf where, unsigned offset, std::uint32_t value) {
        if (where.value() != FakeMachine::kModern)
            return;
        if (offset == 0x9a && (value & pci::kMsixEnable) == 0) {
            EXPECT_NE(status(), 0) << "interrupts are still open at the reset";
            masked = true;
        }
        if (offset == pci::kCommand && (value & pci::kCommandBusMaster) == 0 && !cleared && masked && status() == 0) {
            EXPECT_TRUE(frame_is_out(pages)) << "freed while the device may master the bus";
            EXPECT_EQ(facts(FakeMachine::kModern).slots_in_flight, 4u);
            cleared = true;
        }
    };
    driver.release(function);
    machine().settle();
    EXPECT_TRUE(masked);
    EXPECT_TRUE(cleared);
    driver.release(queue);
    machine().settle();
    EXPECT_FALSE(frame_is_out(pages));
    EXPECT_FALSE(masters(FakeMachine::kModern));
}

TEST_F(TeardownTest, DriversOwnResetTakesBusMasteringAwayBeforeItsPagesToo) {
    bring_up();
    ASSERT_EQ(activate(), Error::None);
    exchange(receive_slots(4));
    bool cleared = false;
    fake_machine().on_config_write = [&](pci::Bdf where, unsigned offset, std::uint32_t value) {
        if (where.value() == FakeMachine::kModern && offset == pci::kCommand && (value & pci::kCommandBusMaster) == 0) {
            EXPECT_EQ(facts(FakeMachine::kModern).slots_in_flight, 4u);
            cleared = true;
        }
    };
    EXPECT_EQ(reset(function), Error::None);
    EXPECT_TRUE(cleared);
    EXPECT_EQ(facts(FakeMachine::kModern).slots_in_flight, 0u);
    EXPECT_TRUE(masters(FakeMachine::kModern));
}

TEST_F(TeardownTest, DeviceWhoseResetSticksWhenItsDriverDiesKeepsQueueAndPool) {
    in_a_machine_of_its_own([&] {
        bring_up(FakeMachine::kStuckReset);
        ASSERT_EQ(activate(), Error::None);
        exchange(receive_slots(4));
        const std::uint64_t pages = area();
        const std::uint64_t page = pool_page();
        stick();
        driver.kill();
        machine().settle();
        EXPECT_EQ(facts(FakeMachine::kStuckReset).regime, "brokered");
        pass_ms(150);
        EXPECT_EQ(facts(FakeMachine::kStuckReset).regime, "dead");
        EXPECT_FALSE(masters(FakeMachine::kStuckReset));
        EXPECT_TRUE(frame_is_out(pages));
        EXPECT_TRUE(frame_is_out(page));
        EXPECT_EQ(facts(FakeMachine::kStuckReset).slots_in_flight, 4u);
        EXPECT_NE(machine().serial.find("reset not confirmed, out of use until the next boot"), std::string::npos);
    });
}

TEST_F(TeardownTest, DeviceWhoseBusMasterBitSticksKeepsQueueAndPoolAndSaysSo) {
    in_a_machine_of_its_own([&] {
        bring_up(FakeMachine::kStuckMaster);
        ASSERT_EQ(activate(), Error::None);
        exchange(receive_slots(4));
        const std::uint64_t pages = area();
        const std::uint64_t page = pool_page();
        fake_machine().function(FakeMachine::kStuckMaster).command_stuck = pci::kCommandBusMaster;
        driver.kill();
        machine().settle();
        EXPECT_EQ(facts(FakeMachine::kStuckMaster).regime, "dead");
        EXPECT_TRUE(frame_is_out(pages));
        EXPECT_TRUE(frame_is_out(page));
        EXPECT_EQ(facts(FakeMachine::kStuckMaster).slots_in_flight, 4u);
        EXPECT_NE(machine().serial.find("bus master stays set after the reset, out of use until the next boot"),
                  std::string::npos);
    });
}

class LevelResetTest : public TeardownTest {
protected:
    static std::uint32_t& table(unsigned index, unsigned word) {
        return fake_machine().memory_at<std::uint32_t>(FakeMachine::kLevelMsixBar + 16 * index + 4 * word);
    }
    // A reset that the device does not confirm; the call is under way.
    std::uint64_t begin_stuck_reset(std::uint16_t bdf) {
        fake_machine().legacy(bdf).reset_reads = ~0u;
        const std::uint64_t call = driver.begin_call(function, Function::kInterfaceId, 5, {});
        driver.enter();
        return call;
    }
};

TEST_F(LevelResetTest, TriedWhenTheResetIsNotConfirmedAndEverythingIsPutBack) {
    constexpr std::uint16_t kBdf = FakeMachine::kLevelExpress;
    function = claim(kBdf);
    auto& ports = fake_machine().legacy(kBdf);
    const std::uint32_t port = fake_machine().function(kBdf).get(0x10, 4);
    interrupt_of(function, 1);
    const std::uint32_t vector = table(1, 2);
    ASSERT_NE(vector, 0u);
    const unsigned before = fake_machine().level_resets;
    const std::uint64_t call = begin_stuck_reset(kBdf);
    pass_ms(90);
    EXPECT_EQ(fake_machine().level_resets, before);
    pass_ms(20);
    EXPECT_EQ(fake_machine().level_resets, before + 1);
    EXPECT_FALSE(driver.completed(call));
    pass_ms(110);
    ASSERT_TRUE(driver.completed(call));
    EXPECT_EQ(driver.finish<Function::ResetResults>(call).status, Error::None);
    EXPECT_EQ(ports.touched_too_early, 0u);
    EXPECT_EQ(fake_machine().function(kBdf).get(0x10, 4), port);
    EXPECT_EQ(fake_machine().function(kBdf).get(0x14, 4), FakeMachine::kLevelMsixBar);
    EXPECT_EQ(fake_machine().function(kBdf).get(0x68, 2), 0x2810u);
    EXPECT_EQ(fake_machine().function(kBdf).get(0x42, 2) & 0xc000, pci::kMsixEnable);
    EXPECT_EQ(fake_machine().command(kBdf) & 7, 7);
    EXPECT_EQ(table(1, 0), 0xfee00000u);
    EXPECT_EQ(table(1, 2), vector);
    EXPECT_EQ(table(1, 3), 0u);
    EXPECT_EQ(table(0, 3), 1u);
    EXPECT_EQ(facts(kBdf).regime, "brokered");
}

TEST_F(LevelResetTest, TriedOfAdvancedFeaturesToo) {
    constexpr std::uint16_t kBdf = FakeMachine::kLevelFeatures;
    function = claim(kBdf);
    interrupt_of(function, 0);
    const std::uint64_t call = begin_stuck_reset(kBdf);
    pass_ms(230);
    ASSERT_TRUE(driver.completed(call));
    EXPECT_EQ(driver.finish<Function::ResetResults>(call).status, Error::None);
    EXPECT_EQ(fake_machine().legacy(kBdf).touched_too_early, 0u);
    EXPECT_EQ(fake_machine().command(kBdf) & pci::kCommandInterruptDisable, 0);
    EXPECT_TRUE(masters(kBdf));
}

TEST_F(LevelResetTest, WhatComesUpSlowlyAfterItIsWaitedFor) {
    constexpr std::uint16_t kBdf = FakeMachine::kLevelFeatures;
    function = claim(kBdf);
    const std::uint32_t reads_at_once = std::exchange(fake_machine().legacy(kBdf).reset_reads_after, ~0u);
    const std::uint64_t call = begin_stuck_reset(kBdf);
    pass_ms(250);
    EXPECT_FALSE(driver.completed(call));
    fake_machine().legacy(kBdf).level_reset(0);                  // now it is up
    fake_machine().legacy(kBdf).reset_reads_after = reads_at_once;
    pass_ms(5);
    ASSERT_TRUE(driver.completed(call));
    EXPECT_EQ(driver.finish<Function::ResetResults>(call).status, Error::None);
    EXPECT_EQ(facts(kBdf).regime, "brokered");
}

TEST_F(LevelResetTest, OfADriverThatDiesMeanwhileEndsInATeardown) {
    constexpr std::uint16_t kBdf = FakeMachine::kLevelFeatures;
    function = claim(kBdf);
    begin_stuck_reset(kBdf);
    pass_ms(110);
    driver.kill();
    pass_ms(110);
    EXPECT_EQ(facts(kBdf).regime, "unclaimed");
    EXPECT_FALSE(masters(kBdf));
}

TEST_F(LevelResetTest, InVainTheFunctionIsDead) {
    constexpr std::uint16_t kBdf = FakeMachine::kLevelInVain;
    function = claim(kBdf);
    const unsigned before = fake_machine().level_resets;
    const std::uint64_t call = begin_stuck_reset(kBdf);
    pass_ms(290);
    EXPECT_FALSE(driver.completed(call)) << "it has as long after the function-level reset as before";
    pass_ms(20);
    ASSERT_TRUE(driver.completed(call));
    EXPECT_EQ(driver.finish<Function::ResetResults>(call).status, Error::Failed);
    EXPECT_EQ(fake_machine().level_resets, before + 1);
    EXPECT_EQ(facts(kBdf).regime, "dead");
    EXPECT_FALSE(masters(kBdf));
}

TEST_F(TeardownTest, BridgesPassOnceSomethingBehindThemIsClaimed) {
    claim(FakeMachine::kLegacy);
    EXPECT_FALSE(masters(FakeMachine::kBridge));
    claim(FakeMachine::kBehindBridges);
    EXPECT_TRUE(masters(FakeMachine::kBridge));
    EXPECT_TRUE(masters(FakeMachine::kInnerBridge));
    EXPECT_FALSE(masters(FakeMachine::kOtherBridge));
}

}  // namespace
}  // namespace capos::test
