#include <gtest/gtest.h>

#include <array>
#include <string>

#include "lib/text/address.hpp"
#include "lib/text/nearest.hpp"
#include "lib/text/number.hpp"
#include "lib/text/quantity.hpp"
#include "lib/text/table.hpp"

namespace capos::text {
namespace {

template <class Value>
std::string printed(const Value& value) {
    FixedText<128> out;
    static_cast<TextWriter&>(out) << value;
    return std::string(out.view());
}

TEST(ByteSizeTest, SmallSizesArePrintedInBytes) {
    EXPECT_EQ(printed(ByteSize{0}), "0 B");
    EXPECT_EQ(printed(ByteSize{1023}), "1023 B");
}

TEST(ByteSizeTest, LargerSizesHaveOneDecimalBelowAHundred) {
    EXPECT_EQ(printed(ByteSize{1024}), "1.0 KiB");
    EXPECT_EQ(printed(ByteSize{1536}), "1.5 KiB");
    EXPECT_EQ(printed(ByteSize{100 * 1024 + 512}), "100 KiB");
    EXPECT_EQ(printed(ByteSize{(std::uint64_t{63} << 20) + (512 << 10)}), "63.5 MiB");
    EXPECT_EQ(printed(ByteSize{~std::uint64_t{0}}), "15.9 EiB");
}

TEST(DurationTest, EachUnitHasItsRange) {
    EXPECT_EQ(printed(Duration{0}), "0 ns");
    EXPECT_EQ(printed(Duration{999}), "999 ns");
    EXPECT_EQ(printed(Duration{12'300}), "12.3 us");
    EXPECT_EQ(printed(Duration{999'999}), "999 us");
    EXPECT_EQ(printed(Duration{4'567'000}), "4.56 ms");
    EXPECT_EQ(printed(Duration{1'230'000'000}), "1.23 s");
    EXPECT_EQ(printed(Duration{59'999'999'999}), "59.9 s");
    EXPECT_EQ(printed(Duration{123'000'000'000}), "2 min 03 s");
    EXPECT_EQ(printed(Duration{11'040'000'000'000}), "3 h 04 min");
    EXPECT_EQ(printed(Duration{(5 * 24 + 6) * 3600ull * 1'000'000'000}), "5 d 06 h");
}

TEST(UptimeTest, DaysAreShownOnlyWhenThereAreAny) {
    EXPECT_EQ(printed(Uptime{7'900'000'000}), "00:00:07");
    EXPECT_EQ(printed(Uptime{((3 * 24 + 4) * 3600 + 5 * 60 + 6) * 1'000'000'000ull}), "3 d 04:05:06");
}

TEST(SecondsTest, MicrosecondsArePadded) { EXPECT_EQ(printed(Seconds{12'000'345'999}), "12.000345"); }

TEST(GroupedTest, ThousandsAreSeparated) {
    EXPECT_EQ(printed(Grouped{0}), "0");
    EXPECT_EQ(printed(Grouped{999}), "999");
    EXPECT_EQ(printed(Grouped{1'000}), "1,000");
    EXPECT_EQ(printed(Grouped{1'234'567}), "1,234,567");
    EXPECT_EQ(printed(Grouped{~std::uint64_t{0}}), "18,446,744,073,709,551,615");
}

TEST(ShareTest, NothingOfNothingIsADash) {
    EXPECT_EQ(printed(Share{1, 0}), "-");
    EXPECT_EQ(printed(Share{1, 3}), "33 %");
    EXPECT_EQ(printed(Share{~std::uint64_t{0}, ~std::uint64_t{0}}), "100 %");
}

TEST(AddressTest, AddressesArePrinted) {
    EXPECT_EQ(printed(Ipv4{0x0a00020f}), "10.0.2.15");
    EXPECT_EQ(printed(Ipv4Network{0xffffffff, 32}), "255.255.255.255/32");
    const std::array<std::byte, 3> bytes{std::byte{0x02}, std::byte{0xab}, std::byte{0}};
    EXPECT_EQ(printed(Mac{bytes}), "02:ab:00");
    EXPECT_EQ(printed(Mac{{}}), "");
}

TEST(AddressTest, WhatIsPrintedParses) {
    for (const std::uint32_t address : {0u, 0x0a00020fu, 0xffffffffu, 0xa9fea9feu})
        EXPECT_EQ(parse_ipv4(printed(Ipv4{address})), address);
}

TEST(AddressTest, AnythingElseDoesNotParse) {
    for (const char* text : {"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "256.1.1.1", "01.2.3.4", "1.2.3.4 ",
                             "1.2.3.-4", "1.2.3.4a", "1..2.3", "99999999999.1.1.1", "1.2.3.00"})
        EXPECT_EQ(parse_ipv4(text), std::nullopt) << text;
}

TEST(NumberTest, TheLimitIsTheLargestNumberTaken) {
    EXPECT_EQ(parse_decimal("255", 255), 255u);
    EXPECT_EQ(parse_decimal("256", 255), std::nullopt);
    EXPECT_EQ(parse_decimal("7", 5), std::nullopt);
    EXPECT_EQ(parse_decimal("18446744073709551615", ~std::uint64_t{0}), ~std::uint64_t{0});
    EXPECT_EQ(parse_decimal("18446744073709551616", ~std::uint64_t{0}), std::nullopt);
    EXPECT_EQ(parse_decimal("", 5), std::nullopt);
    EXPECT_EQ(parse_decimal("+1", 5), std::nullopt);
}

TEST(TableTest, CellsAreAlignedCutAndNotFollowedBySpaces) {
    static constexpr std::array<Column, 3> kColumns = {
        Column{"NAME", 6}, Column{"PID", 5, Align::Right}, Column{"STATE", 7}};
    static_assert(table_width(kColumns) == 22);
    FixedText<256> out;
    Table table(out, kColumns);
    table.header();
    table.cell("web").cell(12u).cell("up");
    table.cell("virtio-net").cell(std::uint64_t{1234567}).cell("");
    table.cell("").cell("").cell("");
    EXPECT_EQ(out.view(), "NAME      PID  STATE\nweb        12  up\nvirti~  1234~\n\n");
}

TEST(NearestTest, OneSlipIsFound) {
    static constexpr std::array<std::string_view, 5> kWords = {"help", "ps", "restart", "reboot", "version"};
    EXPECT_EQ(nearest("hlep", kWords), "help");
    EXPECT_EQ(nearest("restrat", kWords), "restart");
    EXPECT_EQ(nearest("verison", kWords), "version");
    EXPECT_EQ(nearest("pss", kWords), "ps");
}

TEST(NearestTest, NothingNearIsNothing) {
    static constexpr std::array<std::string_view, 2> kWords = {"help", "ps"};
    EXPECT_EQ(nearest("x", kWords), "");
    EXPECT_EQ(nearest("foo", kWords), "");
    EXPECT_EQ(nearest("", kWords), "");
    EXPECT_EQ(nearest("frobnicate", kWords), "");
}

TEST(NearestTest, DistanceCountsEdits) {
    EXPECT_EQ(edit_distance("", ""), 0u);
    EXPECT_EQ(edit_distance("abc", ""), 3u);
    EXPECT_EQ(edit_distance("ab", "ba"), 1u);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

}  // namespace
}  // namespace capos::text
