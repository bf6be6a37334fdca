#include "lib/pci/scan.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/pci/scripted_config.hpp"

namespace capos::pci {
namespace {

struct Collector final : Visitor {
    std::vector<Identity> all;
    void found(const Identity& identity) override { all.push_back(identity); }
    bool has(Bdf where) const {
        for (const Identity& identity : all)
            if (identity.where == where) return true;
        return false;
    }
};

TEST(PciScanTest, FindsDevicesWhenNothingAnswersAtZeroZeroZero) {
    test::ScriptedConfig config;
    config.add(0, 4, 0).ids(0x1af4, 0x1000, 0x020000).subsystem(0x1af4, 1);
    Collector seen;
    const ScanSummary summary = scan(config, seen);
    ASSERT_EQ(seen.all.size(), 1u);
    EXPECT_EQ(seen.all[0].where, Bdf(0, 4, 0));
    EXPECT_EQ(seen.all[0].subsystem, 1);
    EXPECT_EQ(seen.all[0].class_code, 0x020000u);
    EXPECT_EQ(summary.buses, 1u);
}

TEST(PciScanTest, EmptyMachineIsScannedAndFoundEmpty) {
    test::ScriptedConfig config;
    Collector seen;
    EXPECT_EQ(scan(config, seen).functions, 0u);
    EXPECT_EQ(config.reads, 32u);
}

TEST(PciScanTest, FurtherFunctionsAreLookedForOnlyBehindAMultiFunctionHeader) {
    test::ScriptedConfig config;
    config.add(0, 1, 0).ids(0x8086, 0x7000).header(0x80);
    config.add(0, 1, 3).ids(0x8086, 0x7113);
    config.add(0, 2, 0).ids(0x8086, 1);
    config.add(0, 2, 1).ids(0x8086, 2);       // an alias that a single-function device may answer at
    Collector seen;
    scan(config, seen);
    EXPECT_TRUE(seen.has(Bdf(0, 1, 3)));
    EXPECT_FALSE(seen.has(Bdf(0, 2, 1)));
    EXPECT_EQ(seen.all.size(), 3u);
}

TEST(PciScanTest, BusesBehindNestedBridgesAreScannedOnce) {
    test::ScriptedConfig config;
    config.add(0, 3, 0).ids(0x1b36, 0xc, 0x060400).header(1).bytes[kSecondaryBus] = 5;
    config.add(5, 0, 0).ids(0x1b36, 0xd, 0x060400).header(1).bytes[kSecondaryBus] = 9;
    config.add(9, 7, 0).ids(0x1af4, 0x1041);
    Collector seen;
    const ScanSummary summary = scan(config, seen);
    EXPECT_TRUE(seen.has(Bdf(9, 7, 0)));
    EXPECT_EQ(summary.buses, 3u);
    EXPECT_EQ(summary.refused_bridges, 0u);
}

TEST(PciScanTest, BridgesThatPointBackOrAtEachOtherDoNotLoop) {
    test::ScriptedConfig config;
    config.add(0, 3, 0).ids(0x1b36, 0xc).header(1).bytes[kSecondaryBus] = 0;      // never set up
    config.add(0, 4, 0).ids(0x1b36, 0xc).header(1).bytes[kSecondaryBus] = 7;
    config.add(7, 0, 0).ids(0x1b36, 0xc).header(1).bytes[kSecondaryBus] = 7;
    config.add(7, 1, 0).ids(0x1b36, 0xc).header(1).bytes[kSecondaryBus] = 0;
    Collector seen;
    const ScanSummary summary = scan(config, seen);
    EXPECT_EQ(seen.all.size(), 4u);
    EXPECT_EQ(summary.refused_bridges, 3u);
}

TEST(PciScanTest, EveryBusOccupiedByBridgesEnds) {
    test::ScriptedConfig config;
    for (unsigned bus = 0; bus < 256; ++bus)
        for (unsigned device = 0; device < 32; device += 8)
            config.add(static_cast<std::uint8_t>(bus), static_cast<std::uint8_t>(device), 0)
                .ids(0x1b36, 0xc).header(1).bytes[kSecondaryBus] = static_cast<std::uint8_t>(bus + 1 + device);
    Collector seen;
    EXPECT_EQ(scan(config, seen).buses, 256u);
    EXPECT_EQ(seen.all.size(), 1024u);
}

TEST(PciScanTest, BridgesAndUnknownHeadersHaveNoSubsystem) {
    test::ScriptedConfig config;
    config.add(0, 0, 0).ids(1, 2).header(2).subsystem(3, 4);
    Collector seen;
    scan(config, seen);
    EXPECT_EQ(seen.all.at(0).kind, HeaderKind::Other);
    EXPECT_EQ(seen.all[0].subsystem_vendor, 0);
}

TEST(PciCommandTest, BitsAreSetAndClearedAndUnchangedValuesAreNotWritten) {
    test::ScriptedConfig config;
    config.add(0, 1, 0).ids(1, 2).put16(kCommand, 0x0007);
    update_command(config, Bdf(0, 1, 0), kCommandInterruptDisable, kCommandBusMaster);
    EXPECT_EQ(config.read16(Bdf(0, 1, 0), kCommand), 0x0403);
}

}  // namespace
}  // namespace capos::pci
