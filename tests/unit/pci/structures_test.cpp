#include <gtest/gtest.h>

#include "lib/pci/bars.hpp"
#include "lib/pci/capabilities.hpp"
#include "lib/pci/msix.hpp"
#include "lib/virtio/pci_structures.hpp"
#include "tests/unit/pci/scripted_config.hpp"

namespace capos::pci {
namespace {

constexpr Bdf kHere(0, 4, 0);

TEST(PciBarTest, PortAndMemoryRegistersAreSizedAndPutBack) {
    test::ScriptedConfig config;
    auto& function = config.add(0, 4, 0).ids(0x1af4, 0x1000);
    function.put16(kCommand, 7);
    function.port_bar(0, 0xc040, 64).memory_bar(1, 0xfebd1000, 4096).memory_bar64(4, 0x8'0000'4000, 16384);
    const Bars bars = read_bars(config, kHere);
    EXPECT_EQ(bars[0].kind, BarKind::Io);
    EXPECT_EQ(bars[0].base, 0xc040u);
    EXPECT_EQ(bars[0].bytes, 64u);
    EXPECT_EQ(bars[1].kind, BarKind::Memory);
    EXPECT_EQ(bars[1].bytes, 4096u);
    EXPECT_EQ(bars[4].base, 0x8'0000'4000u);
    EXPECT_EQ(bars[4].bytes, 16384u);
    EXPECT_EQ(bars[2].kind, BarKind::None);
    EXPECT_EQ(bars[5].kind, BarKind::None);
    EXPECT_EQ(function.get(0x10, 4), 0xc041u);
    EXPECT_EQ(function.get(kCommand, 2), 7u);
    EXPECT_EQ(config.misaligned, 0u);
}

TEST(PciBarTest, SixtyFourByteMemoryRegisterKeepsItsPlaceInThePage) {
    test::ScriptedConfig config;
    config.add(0, 4, 0).ids(1, 2).memory_bar(1, 0xfebff040, 64);
    const Bars bars = read_bars(config, kHere);
    EXPECT_EQ(bars[1].base, 0xfebff040u);
    EXPECT_EQ(bars[1].bytes, 64u);
}

TEST(PciBarTest, RegistersWithoutAddressOrOutsideTheirRangeReadAsNone) {
    test::ScriptedConfig config;
    auto& function = config.add(0, 4, 0).ids(1, 2);
    function.memory_bar(0, 0, 4096);                       // firmware gave no address
    function.memory_bar64(1, 1ull << 60, 4096);            // past any physical address
    function.port_bar(3, 0xffc0, 64);
    function.memory_bar(5, 0xfebf0000, 4096);
    function.put32(0x24, 0xfebf0004);                      // 64-bit register with no second half
    const Bars bars = read_bars(config, kHere);
    for (const unsigned index : {0u, 1u, 2u, 4u, 5u})
        EXPECT_EQ(bars[index].kind, BarKind::None) << index;
    EXPECT_EQ(bars[3].kind, BarKind::Io);
    EXPECT_TRUE(bars[3].contains(0, 64));
    EXPECT_FALSE(bars[3].contains(1, 64));
    EXPECT_FALSE(bars[3].contains(~0ull, 2));
}

TEST(PciBarTest, MemoryWindowWhereNoDeviceCanBeIsRefused) {
    test::ScriptedConfig config;
    config.add(0, 4, 0).ids(1, 2).port_bar(0, 0xc000, 64).memory_bar(1, 0x10000000, 4096).memory_bar64(2, 0x8'0000'0000, 4096);
    const Bars bars = read_bars(config, kHere, [](std::uint64_t base, std::uint64_t) { return base >= 0x8000'0000; });
    EXPECT_EQ(bars[0].kind, BarKind::Io);
    EXPECT_EQ(bars[1].kind, BarKind::None);
    EXPECT_TRUE(bars[1].refused);
    EXPECT_EQ(bars[2].kind, BarKind::Memory);
    EXPECT_FALSE(bars[4].refused);                            // only not there
}

TEST(PciCapabilityTest, ListIsReadInOrder) {
    test::ScriptedConfig config;
    config.add(0, 4, 0).ids(1, 2).capability(0x98, 0x11).capability(0x40, 0x09).capability(0x84, 0x09);
    const CapabilityList list = CapabilityList::read(config, kHere);
    ASSERT_EQ(list.entries().size(), 3u);
    EXPECT_EQ(list.entries()[1].offset, 0x40);
    EXPECT_EQ(list.find(0x09)->offset, 0x40);
    EXPECT_EQ(list.find(0x05), nullptr);
    EXPECT_FALSE(list.damaged());
}

TEST(PciCapabilityTest, ListThatLoopsEndsAndIsDamaged) {
    test::ScriptedConfig config;
    config.add(0, 4, 0).ids(1, 2).capability(0x40, 9).capability(0x50, 9).bytes[0x51] = 0x40;
    const CapabilityList list = CapabilityList::read(config, kHere);
    EXPECT_EQ(list.entries().size(), 2u);
    EXPECT_TRUE(list.damaged());
}

TEST(PciCapabilityTest, PointerIntoTheHeaderEndsTheList) {
    test::ScriptedConfig config;
    config.add(0, 4, 0).ids(1, 2).capability(0x40, 9).bytes[0x41] = 0x10;
    const CapabilityList list = CapabilityList::read(config, kHere);
    EXPECT_EQ(list.entries().size(), 1u);
    EXPECT_TRUE(list.damaged());
}

TEST(PciCapabilityTest, LongestPossibleListFits) {
    test::ScriptedConfig config;
    auto& function = config.add(0, 4, 0).ids(1, 2);
    for (unsigned offset = 0x40; offset < 0x100; offset += 4)
        function.capability(static_cast<std::uint8_t>(offset), 9);
    EXPECT_EQ(CapabilityList::read(config, kHere).entries().size(), 48u);
}

TEST(PciCapabilityTest, NoListWithoutTheStatusBit) {
    test::ScriptedConfig config;
    auto& function = config.add(0, 4, 0).ids(1, 2).capability(0x40, 9);
    function.put16(kStatus, 0);
    EXPECT_TRUE(CapabilityList::read(config, kHere).entries().empty());
}

class MsixTest : public testing::Test {
protected:
    Result<MsixLayout> read(std::uint16_t vectors, std::uint32_t bar_bytes, std::uint32_t table, std::uint32_t pending) {
        test::ScriptedConfig config;
        config.add(0, 4, 0).ids(0x1af4, 0x1000).memory_bar(1, bar_bytes > 64 ? 0xfe000000 : 0xfebff040, bar_bytes).port_bar(0, 0xc000, 64)
            .msix(0x40, vectors, table, pending);
        return read_msix(config, kHere, 0x40, read_bars(config, kHere));
    }
};

TEST_F(MsixTest, TableAtOffsetEightOfASixtyFourByteBarIsAccepted) {
    const auto layout = read(3, 64, 8 | 1, 0 | 1);
    ASSERT_TRUE(layout);
    EXPECT_EQ(layout->vectors, 3);
    EXPECT_EQ(layout->table_offset, 8u);
    EXPECT_EQ(layout->entry_offset(2), 40u);
    EXPECT_EQ(layout->table_bar, 1);
}

TEST_F(MsixTest, TableThatEndsPastItsBarIsRefused) {
    EXPECT_EQ(read(4, 64, 8 | 1, 0 | 1).error(), Error::DeviceMisbehaved);
    EXPECT_EQ(read(3, 64, 0xfffffff8 | 1, 0 | 1).error(), Error::DeviceMisbehaved);
}

TEST_F(MsixTest, TableInPortsOrInNoBarIsRefused) {
    EXPECT_FALSE(read(1, 64, 8 | 0, 0 | 1));
    EXPECT_FALSE(read(1, 64, 8 | 3, 0 | 1));
    EXPECT_FALSE(read(1, 64, 8 | 7, 0 | 1));
    EXPECT_FALSE(read(1, 64, 8 | 1, 64 | 1));
}

TEST_F(MsixTest, PendingBitsOnTopOfTheTableAreRefused) {
    EXPECT_FALSE(read(2, 64, 0 | 1, 24 | 1));
    EXPECT_TRUE(read(2, 64, 0 | 1, 32 | 1));
}

TEST_F(MsixTest, TwoThousandVectorsNeedTheirRoom) {
    EXPECT_FALSE(read(2048, 32768, 0 | 1, 0x8000 | 1));
    EXPECT_TRUE(read(2048, 65536, 0 | 1, 0x8000 | 1));
}

TEST(MsixCapabilityTest, CapabilityThatReachesPastTheEndIsRefused) {
    test::ScriptedConfig config;
    config.add(0, 4, 0).ids(1, 2);
    EXPECT_FALSE(read_msix(config, kHere, 0xf8, Bars{}));
    EXPECT_FALSE(read_msix(config, kHere, 0x00, Bars{}));
}

class VirtioStructuresTest : public testing::Test {
protected:
    VirtioStructuresTest() : function(config.add(0, 4, 0).ids(0x1af4, 0x1041).memory_bar64(4, 0x8'0000'0000, 16384)) {}
    Result<virtio::ModernStructures> read() {
        return virtio::read_structures(config, kHere, CapabilityList::read(config, kHere), read_bars(config, kHere));
    }
    test::ScriptedConfig config;
    test::ScriptedFunction& function;
};

TEST_F(VirtioStructuresTest, CompleteSetIsFoundWithItsMultiplier) {
    function.virtio_structure(0x40, 1, 4, 0, 0x38).virtio_structure(0x50, 3, 4, 0x1000, 4)
        .virtio_structure(0x60, 4, 4, 0x2000, 64).virtio_structure(0x70, 2, 4, 0x3000, 0x1000, 4);
    const auto found = read();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->notify_multiplier, 4u);
    EXPECT_EQ(found->device.offset, 0x2000u);
    EXPECT_EQ(found->device.bytes, 64u);
}

TEST_F(VirtioStructuresTest, StructureOutsideItsBarDoesNotCountAndALaterOneDoes) {
    function.virtio_structure(0x40, 1, 4, 16384 - 8, 0x38).virtio_structure(0x50, 3, 4, 0x1000, 4)
        .virtio_structure(0x70, 2, 4, 0x3000, 0x1000, 4);
    EXPECT_EQ(read().error(), Error::NotFound);
    function.virtio_structure(0x90, 1, 4, 0, 0x38);
    ASSERT_TRUE(read());
    EXPECT_FALSE(read()->device.present());
}

TEST_F(VirtioStructuresTest, NoMoreOfALongStructureIsUsedThanAnybodyNeeds) {
    function.memory_bar64(4, 0x8'0000'0000, 1 << 24).virtio_structure(0x40, 1, 4, 0, 0x38).virtio_structure(0x50, 3, 4, 0x1000, 4)
        .virtio_structure(0x60, 4, 4, 0x200000, 0x800000).virtio_structure(0x70, 2, 4, 0x100000, 0x100000, 4);
    ASSERT_TRUE(read());
    EXPECT_EQ(read()->notify.bytes, virtio::PciStructure::kMost);
    EXPECT_EQ(read()->device.bytes, virtio::PciStructure::kMost);
}

TEST_F(VirtioStructuresTest, ShortOrMisplacedStructuresAreRefused) {
    function.virtio_structure(0x40, 1, 4, 0, 0x20)           // too short for the common structure
        .virtio_structure(0x50, 3, 6, 0x1000, 4)             // no such BAR
        .virtio_structure(0x60, 2, 4, 0x3001, 0x100, 4);     // misaligned doorbells
    EXPECT_FALSE(read());
}

TEST_F(VirtioStructuresTest, CapabilityThatIsTooShortOrTooLateIsSkipped) {
    function.virtio_structure(0x50, 3, 4, 0x1000, 4).virtio_structure(0x70, 2, 4, 0x3000, 0x1000, 4)
        .virtio_structure(0x40, 1, 4, 0, 0x38);
    function.bytes[0x42] = 8;
    EXPECT_FALSE(read());
    function.bytes[0x42] = 16;
    EXPECT_TRUE(read());
    function.bytes[0x72] = 16;                                // a notify capability without its multiplier
    EXPECT_FALSE(read());
}

TEST(VirtioIdentityTest, TypeComesFromTheSubsystemOnLegacyIdsAndFromTheIdOnModernOnes) {
    Identity identity{.where = kHere, .vendor = 0x1af4, .device = 0x1000, .subsystem = 1, .kind = HeaderKind::Device};
    EXPECT_TRUE(virtio::is_virtio(identity));
    EXPECT_EQ(virtio::device_type(identity), 1);
    identity.device = 0x1048;
    EXPECT_EQ(virtio::device_type(identity), 8);
    identity.device = 0x1080;
    EXPECT_FALSE(virtio::is_virtio(identity));
}

TEST(VirtioIdentityTest, LegacyRegistersNeedATransitionalIdAndAPortBar) {
    Identity identity{.where = kHere, .vendor = 0x1af4, .device = 0x1000, .subsystem = 1, .kind = HeaderKind::Device};
    Bars bars{};
    EXPECT_FALSE(virtio::has_legacy_registers(identity, bars));
    bars[0] = {BarKind::Io, 0xc000, 64};
    EXPECT_TRUE(virtio::has_legacy_registers(identity, bars));
    bars[0].bytes = 16;
    EXPECT_FALSE(virtio::has_legacy_registers(identity, bars));
    bars[0].bytes = 64;
    identity.device = 0x1041;
    EXPECT_FALSE(virtio::has_legacy_registers(identity, bars));
}

}  // namespace
}  // namespace capos::pci
