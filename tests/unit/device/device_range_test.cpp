#include "kernel/arch/x86_64/device_range.hpp"

#include <gtest/gtest.h>

namespace capos::kernel::arch {
namespace {

constexpr MemoryRange kRam[] = {{0, 0xa0000}, {0x100000, 0x7ff00000}, {0x1'0000'0000, 0x8000'0000}};

TEST(DeviceRangeTest, GapsBetweenMemoryAreTheDevices) {
    EXPECT_TRUE(may_be_device(0xa0000, 0x60000, 40, kRam));
    EXPECT_TRUE(may_be_device(0x8000'0000, 0x8000'0000, 40, kRam));
    EXPECT_TRUE(may_be_device(0xfee00000, 4096, 40, kRam));
}

TEST(DeviceRangeTest, WhatTouchesMemoryIsNot) {
    EXPECT_FALSE(may_be_device(0x9ffff, 2, 40, kRam));
    EXPECT_FALSE(may_be_device(0xfffff, 2, 40, kRam));
    EXPECT_FALSE(may_be_device(0x200000, 4096, 40, kRam));
    EXPECT_FALSE(may_be_device(0x8000'0000, 0x1'0000'0000, 40, kRam));       // all of the upper range
    EXPECT_FALSE(may_be_device(0, std::uint64_t{1} << 40, 40, kRam));
}

TEST(DeviceRangeTest, NothingIsBeyondThePhysicalLimitAndNothingIsEmpty) {
    EXPECT_TRUE(may_be_device((std::uint64_t{1} << 40) - 4096, 4096, 40, kRam));
    EXPECT_FALSE(may_be_device((std::uint64_t{1} << 40) - 4096, 4097, 40, kRam));
    EXPECT_FALSE(may_be_device(std::uint64_t{1} << 40, 1, 40, kRam));
    EXPECT_FALSE(may_be_device(~std::uint64_t{0}, 2, 40, kRam));
    EXPECT_FALSE(may_be_device(0, ~std::uint64_t{0}, 40, kRam));
    EXPECT_FALSE(may_be_device(0xfee00000, 0, 40, kRam));
}

}  // namespace
}  // namespace capos::kernel::arch
