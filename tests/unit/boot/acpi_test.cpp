#include <gtest/gtest.h>

#include <algorithm>

#include "kernel/boot/acpi.hpp"
#include "tests/unit/boot/fake_memory.hpp"

namespace capos::kernel::boot {
namespace {

using test::ByteWriter;
using test::FakeMemory;

constexpr std::uint64_t kRoot = 0xf5a00, kRootTable = 0x3fe1000, kMadt = 0x3fe2000, kFadt = 0x3fe3000, kDsdt = 0x3fe4000;

void fix_sum(ByteWriter& writer, std::size_t at, std::size_t length) {
    writer.set(at, std::uint8_t{0});
    std::uint8_t sum = 0;
    for (std::size_t i = 0; i < length; ++i) sum = static_cast<std::uint8_t>(sum + static_cast<std::uint8_t>(writer.bytes()[i]));
    writer.set(at, static_cast<std::uint8_t>(-sum));
}

std::vector<std::byte> table(std::string_view signature, const ByteWriter& content) {
    ByteWriter writer;
    writer.text(signature).put(static_cast<std::uint32_t>(36 + content.size())).put(std::uint8_t{1}).put(std::uint8_t{0});
    writer.text("capOS testtable ").put(0u).put(0u).append({});
    while (writer.size() < 36) writer.put(std::uint8_t{0});
    writer.append(content.bytes());
    fix_sum(writer, 9, writer.size());
    return writer.bytes();
}

std::vector<std::byte> root_pointer(std::uint8_t revision) {
    ByteWriter writer;
    writer.text("RSD PTR ").put(std::uint8_t{0}).text("CAPOS ").put(revision).put(static_cast<std::uint32_t>(kRootTable));
    fix_sum(writer, 8, 20);
    if (revision >= 2) {
        writer.put(36u).put(kRootTable + 0x800).put(0u);
        fix_sum(writer, 32, 36);
    }
    return writer.bytes();
}

ByteWriter io_apic(std::uint8_t id, std::uint32_t address, std::uint32_t first) {
    return ByteWriter().put(std::uint8_t{1}).put(std::uint8_t{12}).put(id).put(std::uint8_t{0}).put(address).put(first);
}
ByteWriter local_apic(std::uint32_t flags) {
    return ByteWriter().put(std::uint8_t{0}).put(std::uint8_t{8}).put(std::uint8_t{0}).put(std::uint8_t{0}).put(flags);
}
ByteWriter override_entry(std::uint8_t source, std::uint32_t interrupt, std::uint16_t flags) {
    return ByteWriter().put(std::uint8_t{2}).put(std::uint8_t{10}).put(std::uint8_t{0}).put(source).put(interrupt).put(flags);
}

ByteWriter madt_content(std::initializer_list<ByteWriter> entries) {
    ByteWriter content;
    content.put(0xfee00000u).put(1u);
    for (const ByteWriter& entry : entries) content.append(entry.bytes());
    return content;
}

// A FADT like PIIX4's in QEMU; offsets are those of the whole table.
ByteWriter fadt_content(std::uint32_t flags, std::uint64_t wide_dsdt = 0) {
    ByteWriter whole;
    whole.set(243, std::uint8_t{0});
    whole.set(40, static_cast<std::uint32_t>(kDsdt)).set(46, std::uint16_t{9}).set(48, 0xb2u).set(52, std::uint8_t{0xf1});
    whole.set(56, 0x600u).set(64, 0x604u).set(76, 0x608u).set(88, std::uint8_t{4}).set(89, std::uint8_t{2}).set(91, std::uint8_t{4});
    whole.set(112, flags).set(116, std::uint8_t{1}).set(120, std::uint64_t{0xcf9}).set(128, std::uint8_t{0x0f});
    whole.set(140, wide_dsdt);
    ByteWriter content;
    for (std::size_t i = 36; i < whole.size(); ++i) content.put(whole.bytes()[i]);
    return content;
}

const ByteWriter kSleepPackage = ByteWriter().text("xxxx").put(std::uint8_t{0x08}).text("_S5_").put(std::uint8_t{0x12})
    .put(std::uint8_t{0x06}).put(std::uint8_t{0x04}).put(std::uint8_t{0x0a}).put(std::uint8_t{0x05}).put(std::uint8_t{0x01})
    .put(std::uint8_t{0}).put(std::uint8_t{0});

struct Machine {
    FakeMemory memory;
    AcpiFacts facts;

    void place_tables(const std::vector<std::byte>& madt, const std::vector<std::byte>& fadt) {
        memory.place(kMadt, madt);
        memory.place(kFadt, fadt);
        memory.place(kDsdt, table("DSDT", kSleepPackage));
        memory.place(kRootTable, table("RSDT", ByteWriter().put(static_cast<std::uint32_t>(kMadt)).put(static_cast<std::uint32_t>(kFadt))));
        memory.place(kRootTable + 0x800, table("XSDT", ByteWriter().put(kMadt).put(kFadt)));
    }
    void place_standard() {
        place_tables(table("APIC", madt_content({local_apic(1), local_apic(1), local_apic(0), io_apic(0, 0xfec00000, 0),
                                                 override_entry(0, 2, 0), override_entry(9, 9, 0xd), override_entry(11, 21, 0xf)})),
                     table("FACP", fadt_content(1 << 10 | 1 << 8)));
    }
};

TEST(AcpiTest, ControllersProcessorsAndOverridesAreRead) {
    Machine machine;
    machine.memory.place(kRoot, root_pointer(0));
    machine.place_standard();
    ASSERT_TRUE(read_acpi(machine.memory, kRoot, machine.facts));
    const AcpiFacts& facts = machine.facts;
    EXPECT_TRUE(facts.present && facts.interrupt_table);
    EXPECT_EQ(facts.cpus, 2u);
    ASSERT_EQ(facts.io_apic_count, 1u);
    EXPECT_EQ(facts.io_apics[0].address, 0xfec00000u);
    ASSERT_EQ(facts.override_count, 3u);
    EXPECT_EQ(facts.overrides[0].interrupt, 2u);
    EXPECT_FALSE(facts.overrides[0].level);
    EXPECT_TRUE(facts.overrides[1].level);
    EXPECT_FALSE(facts.overrides[1].active_low);
    EXPECT_TRUE(facts.overrides[2].level && facts.overrides[2].active_low);
}

TEST(AcpiTest, FixedHardwareIsReadFromTheFadt) {
    Machine machine;
    machine.memory.place(kRoot, root_pointer(0));
    machine.place_standard();
    ASSERT_TRUE(read_acpi(machine.memory, kRoot, machine.facts));
    const AcpiFacts& facts = machine.facts;
    EXPECT_TRUE(facts.fixed_hardware && facts.power_button && facts.timer_32_bit);
    EXPECT_EQ(facts.event_a, 0x600);
    EXPECT_EQ(facts.control_a, 0x604);
    EXPECT_EQ(facts.timer_port, 0x608);
    EXPECT_EQ(facts.command_port, 0xb2);
    EXPECT_EQ(facts.enable_command, 0xf1);
    EXPECT_EQ(facts.reset.space, FirmwareRegister::Space::Port);
    EXPECT_EQ(facts.reset.address, 0xcf9u);
    EXPECT_EQ(facts.reset_value, 0x0f);
    EXPECT_TRUE(facts.sleep_off);
    EXPECT_EQ(facts.sleep_type_a, 5);
    EXPECT_EQ(facts.sleep_type_b, 1);
}

TEST(AcpiTest, TheExtendedRootTableIsUsedFromRevisionTwo) {
    Machine machine;
    machine.memory.place(kRoot, root_pointer(2));
    machine.memory.place(kMadt, table("APIC", madt_content({local_apic(1)})));
    machine.memory.place(kRootTable + 0x800, table("XSDT", ByteWriter().put(kMadt)));
    ASSERT_TRUE(read_acpi(machine.memory, kRoot, machine.facts));
    EXPECT_EQ(machine.facts.cpus, 1u);
    EXPECT_TRUE(machine.facts.interrupt_table);
}

TEST(AcpiTest, ADamagedExtendedPointerFallsBackToTheOldTable) {
    std::vector<std::byte> pointer = root_pointer(2);
    pointer[25] ^= std::byte{1};
    Machine machine;
    machine.memory.place(kRoot, pointer);
    machine.place_standard();
    ASSERT_TRUE(read_acpi(machine.memory, kRoot, machine.facts));
    EXPECT_TRUE(machine.facts.fixed_hardware);
}

TEST(AcpiTest, ATableWithAWrongSumIsPassedOver) {
    std::vector<std::byte> madt = table("APIC", madt_content({local_apic(1), local_apic(1)}));
    madt[40] ^= std::byte{1};
    Machine machine;
    machine.memory.place(kRoot, root_pointer(0));
    machine.place_tables(madt, table("FACP", fadt_content(0)));
    ASSERT_TRUE(read_acpi(machine.memory, kRoot, machine.facts));
    EXPECT_FALSE(machine.facts.interrupt_table);
    EXPECT_TRUE(machine.facts.fixed_hardware);
    EXPECT_EQ(machine.facts.cpus, 1u);
}

TEST(AcpiTest, SumsOfAnyLengthAreChecked) {
    for (std::size_t length = 0; length < 2100; length += length < 40 ? 1 : 101) {
        ByteWriter content = ByteWriter().put(kMadt);
        for (std::size_t i = 0; i < length; ++i) content.put(std::uint8_t{0xff});
        std::vector<std::byte> root = table("XSDT", content);
        Machine good, bad;
        good.memory.place(kRoot, root_pointer(2));
        good.memory.place(kRootTable + 0x800, root);
        EXPECT_TRUE(read_acpi(good.memory, kRoot, good.facts)) << length;
        root.back() ^= std::byte{0x10};
        bad.memory.place(kRoot, root_pointer(2));
        bad.memory.place(kRootTable + 0x800, root);
        EXPECT_FALSE(read_acpi(bad.memory, kRoot, bad.facts)) << length;
    }
}

TEST(AcpiTest, ADamagedRootPointerOrRootTableIsMalformed) {
    std::vector<std::byte> pointer = root_pointer(0);
    pointer[10] ^= std::byte{4};
    Machine machine;
    machine.memory.place(kRoot, pointer);
    machine.place_standard();
    EXPECT_EQ(read_acpi(machine.memory, kRoot, machine.facts).error(), Error::Malformed);
    EXPECT_EQ(read_acpi(machine.memory, 0x1234, machine.facts).error(), Error::Malformed);
    Machine other;
    other.memory.place(kRoot, root_pointer(0));
    EXPECT_EQ(read_acpi(other.memory, kRoot, other.facts).error(), Error::Malformed);
}

TEST(AcpiTest, AMadtEntryOfLengthZeroEndsTheReading) {
    Machine machine;
    machine.memory.place(kRoot, root_pointer(0));
    machine.place_tables(table("APIC", madt_content({local_apic(1), ByteWriter().put(std::uint16_t{0}), local_apic(1)})),
                         table("FACP", fadt_content(0)));
    ASSERT_TRUE(read_acpi(machine.memory, kRoot, machine.facts));
    EXPECT_EQ(machine.facts.cpus, 1u);
}

TEST(AcpiTest, MoreControllersAndOverridesThanFitAreLeftOut) {
    ByteWriter content = madt_content({});
    for (int i = 0; i < 40; ++i) content.append(io_apic(static_cast<std::uint8_t>(i), 0xfec00000, 0).bytes()).append(override_entry(3, 3, 0).bytes());
    Machine machine;
    machine.memory.place(kRoot, root_pointer(0));
    machine.place_tables(table("APIC", content), table("FACP", fadt_content(0)));
    ASSERT_TRUE(read_acpi(machine.memory, kRoot, machine.facts));
    EXPECT_EQ(machine.facts.io_apic_count, std::size(machine.facts.io_apics));
    EXPECT_EQ(machine.facts.override_count, std::size(machine.facts.overrides));
}

TEST(AcpiTest, X2ApicProcessorsAndAWideLocalApicAddressCount) {
    Machine machine;
    machine.memory.place(kRoot, root_pointer(0));
    const ByteWriter wide = ByteWriter().put(std::uint8_t{9}).put(std::uint8_t{16}).put(std::uint16_t{0}).put(300u).put(1u).put(0u);
    const ByteWriter address = ByteWriter().put(std::uint8_t{5}).put(std::uint8_t{12}).put(std::uint16_t{0}).put(std::uint64_t{0x1fee00000});
    machine.place_tables(table("APIC", madt_content({local_apic(1), wide, address})), table("FACP", fadt_content(0)));
    ASSERT_TRUE(read_acpi(machine.memory, kRoot, machine.facts));
    EXPECT_EQ(machine.facts.cpus, 2u);
    EXPECT_EQ(machine.facts.local_apic, 0x1fee00000u);
}

TEST(AcpiTest, AHardwareReducedMachineHasNoFixedHardware) {
    Machine machine;
    machine.memory.place(kRoot, root_pointer(0));
    machine.place_tables(table("APIC", madt_content({local_apic(1)})), table("FACP", fadt_content(1 << 20)));
    ASSERT_TRUE(read_acpi(machine.memory, kRoot, machine.facts));
    EXPECT_FALSE(machine.facts.fixed_hardware || machine.facts.power_button);
    EXPECT_EQ(machine.facts.timer_port, 0);
}

TEST(AcpiTest, AButtonThatIsADeviceIsNotAFixedButton) {
    Machine machine;
    machine.memory.place(kRoot, root_pointer(0));
    machine.place_tables(table("APIC", madt_content({local_apic(1)})), table("FACP", fadt_content(1 << 4)));
    ASSERT_TRUE(read_acpi(machine.memory, kRoot, machine.facts));
    EXPECT_TRUE(machine.facts.fixed_hardware);
    EXPECT_FALSE(machine.facts.power_button);
}

TEST(AcpiTest, AWideDefinitionTableIsPreferred) {
    Machine machine;
    machine.memory.place(kRoot, root_pointer(0));
    machine.place_tables(table("APIC", madt_content({local_apic(1)})), table("FACP", fadt_content(0, 0x12345678)));
    ASSERT_TRUE(read_acpi(machine.memory, kRoot, machine.facts));
    EXPECT_FALSE(machine.facts.sleep_off);
}

TEST(AcpiTest, TheRootPointerIsFoundInTheBiosAreas) {
    FakeMemory bios;
    std::vector<std::byte> area(0x20000);
    const std::vector<std::byte> pointer = root_pointer(0);
    std::copy(pointer.begin(), pointer.end(), area.begin() + 0x15a00);
    bios.place(0xe0000, area);
    EXPECT_EQ(find_root_pointer(bios), 0xf5a00u);

    FakeMemory extended;
    extended.place(0x40e, ByteWriter().put(std::uint16_t{0x9fc0}).bytes());
    std::vector<std::byte> data(1024);
    std::copy(pointer.begin(), pointer.end(), data.begin() + 0x20);
    extended.place(0x9fc00, data);
    EXPECT_EQ(find_root_pointer(extended), 0x9fc20u);

    FakeMemory nothing;
    EXPECT_EQ(find_root_pointer(nothing), 0u);
}

Bytes aml(const ByteWriter& writer) { return writer.bytes(); }

TEST(SleepPackageTest, NumbersOfEveryEncodingAreRead) {
    std::uint8_t a = 9, b = 9;
    const auto named = [] { return ByteWriter().put(std::uint8_t{0x08}).text("_S5_").put(std::uint8_t{0x12}); };
    EXPECT_TRUE(find_sleep_off(aml(named().put(std::uint32_t{0x07000406}).put(0u)), a, b) == false);   // 7 is no prefix
    ASSERT_TRUE(find_sleep_off(aml(named().put(std::uint8_t{6}).put(std::uint8_t{2}).put(std::uint8_t{0}).put(std::uint8_t{1}).put(0u)), a, b));
    EXPECT_EQ(a, 0);
    EXPECT_EQ(b, 1);
    ASSERT_TRUE(find_sleep_off(aml(named().put(std::uint8_t{9}).put(std::uint8_t{2}).put(std::uint8_t{0x0b}).put(std::uint16_t{5})
                                       .put(std::uint8_t{0x0c}).put(6u)), a, b));
    EXPECT_EQ(a, 5);
    EXPECT_EQ(b, 6);
}

TEST(SleepPackageTest, OneNumberServesBothAndTheRootPrefixIsAllowed) {
    std::uint8_t a = 9, b = 9;
    ASSERT_TRUE(find_sleep_off(aml(ByteWriter().put(std::uint8_t{0x08}).text("\\_S5_").put(std::uint8_t{0x12}).put(std::uint8_t{0x44})
                                       .put(std::uint8_t{0}).put(std::uint8_t{1}).put(std::uint8_t{0x0a}).put(std::uint8_t{7})), a, b));
    EXPECT_EQ(a, 7);
    EXPECT_EQ(b, 7);
}

TEST(SleepPackageTest, WhatIsNotANamedPackageOfSmallNumbersIsPassedOver) {
    std::uint8_t a, b;
    const auto tail = [](ByteWriter writer) { return writer.put(std::uint8_t{0x12}).put(std::uint8_t{6}).put(std::uint8_t{1}).put(std::uint8_t{0x0a}); };
    EXPECT_FALSE(find_sleep_off(aml(tail(ByteWriter().text("X_S5_")).put(std::uint8_t{5})), a, b));
    EXPECT_FALSE(find_sleep_off(aml(tail(ByteWriter().put(std::uint8_t{8}).text("_S5_")).put(std::uint8_t{8})), a, b));
    EXPECT_FALSE(find_sleep_off(aml(tail(ByteWriter().put(std::uint8_t{8}).text("_S5_"))), a, b));
    EXPECT_FALSE(find_sleep_off({}, a, b));
}

}  // namespace
}  // namespace capos::kernel::boot
