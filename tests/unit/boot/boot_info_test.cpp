#include <gtest/gtest.h>

#include "kernel/boot/boot_source.hpp"

namespace capos::kernel::boot {
namespace {

constexpr MemoryRange kImage = {0x100000, 0x91234};

BootSource sixty_four_mebibytes() {
    BootSource source;
    source.ram.add(0, 0x9fc00);
    source.ram.add(0x100000, 0x3f00000);
    return source;
}

TEST(BootInfoTest, KernelBundleAndPageZeroAreCutOut) {
    BootSource source = sixty_four_mebibytes();
    source.bundle = {0x200000, 0x1801};
    BootInfo info{};
    ASSERT_TRUE(make_boot_info(source, kImage, info));
    ASSERT_EQ(info.usable_count, 3u);
    EXPECT_EQ(info.usable[0].base, 0x1000u);
    EXPECT_EQ(info.usable[0].bytes, 0x9e000u);
    EXPECT_EQ(info.usable[1].base, 0x192000u);
    EXPECT_EQ(info.usable[1].bytes, 0x200000u - 0x192000u);
    EXPECT_EQ(info.usable[2].base, 0x202000u);
    EXPECT_EQ(info.bundle.bytes, 0x1801u);
}

TEST(BootInfoTest, WhatWasLeftOutIsToldOn) {
    BootSource source = sixty_four_mebibytes();
    BootInfo info{};
    ASSERT_TRUE(make_boot_info(source, kImage, info));
    EXPECT_STREQ(info.note, "");
    EXPECT_EQ(info.ranges_left_out, 0u);
    source.note = "something";
    for (std::uint64_t i = 0; i < 100; ++i) source.ram.add(0x1000'0000 + 0x4000 * i, 0x2000);
    ASSERT_TRUE(make_boot_info(source, kImage, info));
    EXPECT_STREQ(info.note, "something");
    EXPECT_EQ(info.ranges_left_out, 102u - std::size(info.usable));
}

TEST(BootInfoTest, ABundleOffAPageBoundaryIsRefused) {
    BootSource source = sixty_four_mebibytes();
    source.bundle = {0x200800, 0x1000};
    BootInfo info{};
    EXPECT_EQ(make_boot_info(source, kImage, info).error(), Error::Malformed);
}

TEST(BootInfoTest, ABundleOverTheKernelIsRefused) {
    for (const MemoryRange bundle : {MemoryRange{0x191000, 0x1000}, MemoryRange{0xff000, 0x1001}, MemoryRange{0x120000, 0x10},
                                     MemoryRange{0, 0x10000000}}) {
        BootSource source = sixty_four_mebibytes();
        source.bundle = bundle;
        BootInfo info{};
        EXPECT_EQ(make_boot_info(source, kImage, info).error(), Error::Malformed) << bundle.base;
    }
}

TEST(BootInfoTest, ABundleThatWrapsIsRefused) {
    BootSource source = sixty_four_mebibytes();
    source.bundle = {0x200000, ~std::uint64_t{0}};
    BootInfo info{};
    EXPECT_EQ(make_boot_info(source, kImage, info).error(), Error::Malformed);
    source.bundle = {~std::uint64_t{0} & ~0xfffull, 0x1000};
    EXPECT_EQ(make_boot_info(source, kImage, info).error(), Error::Malformed);
}

TEST(BootInfoTest, NoMemoryIsAnError) {
    BootSource source;
    source.ram.add(0x100000, 0x91000);
    BootInfo info{};
    EXPECT_EQ(make_boot_info(source, kImage, info).error(), Error::NotFound);
}

TEST(BootInfoTest, TheLargestRangesAreKeptWhenThereAreMoreThanFit) {
    BootSource source;
    for (std::uint64_t i = 0; i < 100; ++i) source.ram.add(0x1000000 + i * 0x100000, (i + 1) * 0x1000);
    BootInfo info{};
    ASSERT_TRUE(make_boot_info(source, kImage, info));
    EXPECT_EQ(info.usable_count, std::size(info.usable));
    EXPECT_EQ(info.usable[0].bytes, 37u * 0x1000);
    for (std::uint32_t i = 1; i < info.usable_count; ++i) EXPECT_GT(info.usable[i].base, info.usable[i - 1].base);
}

TEST(CommandLineTest, AValueIsFoundByItsWholeKey) {
    EXPECT_EQ(find_option("panic=exit run=42", "run"), "42");
    EXPECT_EQ(find_option("panic=exit run=42", "panic"), "exit");
    EXPECT_EQ(find_option("xpanic=exit", "panic"), "");
    EXPECT_EQ(find_option("panic=exit", "pan"), "");
    EXPECT_EQ(find_option("panic", "panic"), "");
    EXPECT_EQ(find_option("panic=", "panic"), "");
    EXPECT_EQ(find_option("", "panic"), "");
    EXPECT_EQ(find_option("   a=b=c  ", "a"), "b=c");
}

TEST(CommandLineTest, TheFirstWordThatIsNotKnownIsFound) {
    EXPECT_EQ(first_unknown_option(""), "");
    EXPECT_EQ(first_unknown_option("  panic=exit kpti=off  panic=reset "), "");
    EXPECT_EQ(first_unknown_option("panic=exit kpti=maybe foo"), "kpti=maybe");
    EXPECT_EQ(first_unknown_option("panic=exit foo"), "foo");
    EXPECT_EQ(first_unknown_option("panic=exitx"), "panic=exitx");
    EXPECT_EQ(first_unknown_option("panic"), "panic");
}

TEST(CommandLineTest, TheLastOfSeveralValuesCounts) {
    EXPECT_EQ(find_option("panic=exit run=1 panic=reset", "panic"), "reset");
    EXPECT_EQ(find_option("panic=exit panic=", "panic"), "");
}

}  // namespace
}  // namespace capos::kernel::boot
