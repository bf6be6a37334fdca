// Both transports against scripted registers.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <functional>
#include <map>

#include "lib/virtio/device_access.hpp"
#include "lib/virtio/features.hpp"
#include "lib/virtio/legacy_transport.hpp"
#include "lib/virtio/modern_transport.hpp"

namespace capos::virtio {
namespace {

// Registers that remember what was written; reads and writes can be scripted by offset.
class ScriptedWindow final : public RegisterWindow {
public:
    explicit ScriptedWindow(std::uint32_t bytes) : bytes_(bytes) {}
    std::array<std::byte, 256> memory{};
    std::map<std::uint32_t, std::function<void(std::uint32_t)>> on_write;
    std::uint32_t last_write_offset = 0;

    std::uint8_t read8(std::uint32_t offset) override { return read<std::uint8_t>(offset); }
    std::uint16_t read16(std::uint32_t offset) override { return read<std::uint16_t>(offset); }
    std::uint32_t read32(std::uint32_t offset) override { return read<std::uint32_t>(offset); }
    void write8(std::uint32_t offset, std::uint8_t value) override { write(offset, value); }
    void write16(std::uint32_t offset, std::uint16_t value) override { write(offset, value); }
    void write32(std::uint32_t offset, std::uint32_t value) override { write(offset, value); }

    template <class T>
    T read(std::uint32_t offset) {
        EXPECT_LE(offset + sizeof(T), bytes_);
        T value{};
        std::memcpy(&value, &memory.at(offset), sizeof value);
        return value;
    }
    template <class T>
    void write(std::uint32_t offset, T value) {
        EXPECT_LE(offset + sizeof(T), bytes_);
        std::memcpy(&memory.at(offset), &value, sizeof value);
        last_write_offset = offset;
        if (const auto script = on_write.find(offset); script != on_write.end())
            script->second(value);
    }

private:
    std::uint32_t bytes_;
};

TEST(LegacyTransportTest, QueueIsNamedByPageFrameNumber) {
    ScriptedWindow ports(64);
    LegacyTransport transport(ports, 64);
    ports.write<std::uint16_t>(legacy::kQueueSize, 4096);
    EXPECT_EQ(transport.queue_size(1), 4096);
    EXPECT_EQ(ports.read<std::uint16_t>(legacy::kQueueSelect), 1);
    const auto layout = *SplitLayout::create(4096);
    ASSERT_TRUE(transport.set_queue(1, layout, 0x1234'5000));
    EXPECT_EQ(ports.read<std::uint32_t>(legacy::kQueuePage), 0x12345u);
    EXPECT_FALSE(transport.set_queue(1, layout, std::uint64_t{1} << 44));
    EXPECT_FALSE(transport.set_queue(1, layout, 0x1234'5800));
    EXPECT_FALSE(transport.set_queue(1, layout, 0));
    transport.notify(1);
    EXPECT_EQ(ports.read<std::uint16_t>(legacy::kQueueNotify), 1);
}

TEST(LegacyTransportTest, DeviceConfigurationMovesWithMsix) {
    ScriptedWindow ports(64);
    LegacyTransport transport(ports, 64);
    ports.write<std::uint8_t>(20, 0x52);
    ports.write<std::uint8_t>(24, 0x54);
    EXPECT_EQ(transport.read_device(0, 1), 0x52u);
    EXPECT_EQ(transport.device_bytes(), 44u);
    transport.set_msix_enabled(true);
    EXPECT_EQ(transport.read_device(0, 1), 0x54u);
    EXPECT_EQ(transport.device_bytes(), 40u);
}

TEST(LegacyTransportTest, RefusedVectorIsNoticed) {
    ScriptedWindow ports(64);
    LegacyTransport transport(ports, 64);
    EXPECT_TRUE(transport.set_queue_vector(0, 2));
    EXPECT_TRUE(transport.set_configuration_vector(1));
    ports.on_write[legacy::kQueueVector] = [&](std::uint32_t) {
        const std::uint16_t none = kNoVector;
        std::memcpy(&ports.memory[legacy::kQueueVector], &none, 2);
    };
    EXPECT_EQ(transport.set_queue_vector(0, 2).error(), Error::Failed);
}

TEST(LegacyTransportTest, StatusAndFeaturesGoThroughTheirRegisters) {
    ScriptedWindow ports(64);
    LegacyTransport transport(ports, 64);
    EXPECT_TRUE(transport.is_legacy());
    ports.write<std::uint32_t>(legacy::kDeviceFeatures, 0x80000020);
    EXPECT_EQ(transport.device_features(), 0x80000020u);
    ASSERT_TRUE(transport.accept_features(0x20));
    EXPECT_EQ(ports.read<std::uint32_t>(legacy::kDriverFeatures), 0x20u);
    transport.add_status(kStatusAcknowledge);
    transport.add_status(kStatusDriver);
    EXPECT_EQ(transport.status(), 3);
    transport.begin_reset();
    EXPECT_EQ(transport.status(), 0);
    ports.write<std::uint8_t>(legacy::kInterruptStatus, 3);
    EXPECT_EQ(transport.interrupt_status(), 3);
    transport.enable_queue(0);
}

class ModernTransportTest : public testing::Test {
protected:
    ModernTransportTest()
        : transport({&common, &notify, &isr, &device, 64, 4, 16}) {
        common.write<std::uint16_t>(modern::kQueueCount, 3);
        common.write<std::uint16_t>(modern::kQueueSize, 256);
    }
    ScriptedWindow common{modern::kCommonBytes};
    ScriptedWindow notify{64};
    ScriptedWindow isr{1};
    ScriptedWindow device{16};
    ModernTransport transport;
};

TEST_F(ModernTransportTest, FeaturesAreReadAndWrittenInTwoHalves) {
    common.on_write[modern::kDeviceFeatureSelect] = [&](std::uint32_t half) {
        common.write<std::uint32_t>(modern::kDeviceFeature, half == 0 ? 0x20 : 0x1);
    };
    EXPECT_EQ(transport.device_features(), kVersion1 | 0x20);
    std::uint64_t accepted = 0;
    common.on_write[modern::kDriverFeature] = [&](std::uint32_t value) {
        accepted |= std::uint64_t{value} << (32 * common.read<std::uint32_t>(modern::kDriverFeatureSelect));
    };
    ASSERT_TRUE(transport.accept_features(kVersion1 | 0x20));
    EXPECT_EQ(accepted, kVersion1 | 0x20);
}

TEST_F(ModernTransportTest, DeviceThatTakesFeaturesOkBackHasRefused) {
    common.on_write[modern::kDeviceStatus] = [&](std::uint32_t value) {
        common.memory[modern::kDeviceStatus] = static_cast<std::byte>(value & ~std::uint32_t{kStatusFeaturesOk});
    };
    EXPECT_EQ(transport.accept_features(kVersion1).error(), Error::Failed);
}

TEST_F(ModernTransportTest, QueueGetsItsThreeAddressesAndItsDoorbell) {
    common.write<std::uint16_t>(modern::kQueueNotifyOffset, 2);
    const auto layout = *SplitLayout::create(256);
    ASSERT_TRUE(transport.set_queue(1, layout, 0x8'1234'5000));
    EXPECT_EQ(common.read<std::uint64_t>(modern::kQueueDescriptors), 0x8'1234'5000u);
    EXPECT_EQ(common.read<std::uint64_t>(modern::kQueueAvailable), 0x8'1234'6000u);
    EXPECT_EQ(common.read<std::uint64_t>(modern::kQueueUsed), 0x8'1234'7000u);
    transport.enable_queue(1);
    EXPECT_EQ(common.read<std::uint16_t>(modern::kQueueEnable), 1);
    transport.notify(1);
    EXPECT_EQ(notify.last_write_offset, 8u);
    EXPECT_EQ(notify.read<std::uint16_t>(8), 1);
}

TEST_F(ModernTransportTest, DoorbellOutsideTheNotifyStructureIsRefused) {
    common.write<std::uint16_t>(modern::kQueueNotifyOffset, 16);
    EXPECT_EQ(transport.set_queue(1, *SplitLayout::create(256), 0x5000).error(), Error::Failed);
    common.write<std::uint16_t>(modern::kQueueNotifyOffset, 0xffff);
    EXPECT_EQ(transport.set_queue(1, *SplitLayout::create(256), 0x5000).error(), Error::Failed);
    EXPECT_EQ(transport.set_queue(64, *SplitLayout::create(256), 0x5000).error(), Error::OutOfBounds);
}

TEST_F(ModernTransportTest, QueuesPastTheDevicesCountDoNotExist) {
    EXPECT_EQ(transport.queue_size(2), 256);
    EXPECT_EQ(transport.queue_size(3), 0);
    EXPECT_EQ(transport.queue_size(64), 0);
}

TEST_F(ModernTransportTest, VectorsAreReadBack) {
    EXPECT_TRUE(transport.set_queue_vector(0, 1));
    EXPECT_TRUE(transport.set_configuration_vector(0));
    for (const std::uint32_t offset : {modern::kQueueVector, modern::kConfigurationVector})
        common.on_write[offset] = [&, offset](std::uint32_t) {
            const std::uint16_t none = kNoVector;
            std::memcpy(&common.memory[offset], &none, 2);
        };
    EXPECT_FALSE(transport.set_queue_vector(0, 1));
    EXPECT_FALSE(transport.set_configuration_vector(0));
}

TEST_F(ModernTransportTest, DeviceConfigurationIsItsOwnStructure) {
    device.write<std::uint16_t>(6, 1);
    EXPECT_EQ(transport.device_bytes(), 16u);
    EXPECT_EQ(transport.read_device(6, 2), 1u);
    isr.write<std::uint8_t>(0, 2);
    EXPECT_EQ(transport.interrupt_status(), 2);
    EXPECT_FALSE(transport.is_legacy());
    EXPECT_EQ(ModernTransport(ModernTransport::Windows{&common, &notify, &isr, nullptr, 64, 4, 16}).device_bytes(), 0u);
}

TEST(DeviceAccessTest, OnlyAlignedAccessesInsideTheWindowAreValid) {
    EXPECT_TRUE(is_valid_access(4, 4, 8));
    EXPECT_FALSE(is_valid_access(8, 1, 8));
    EXPECT_FALSE(is_valid_access(5, 4, 16));
    EXPECT_FALSE(is_valid_access(0, 3, 16));
    EXPECT_FALSE(is_valid_access(0, 8, 16));
    EXPECT_FALSE(is_valid_access(0, 4, 3));
    EXPECT_FALSE(is_valid_access(0xfffffffc, 4, 16));
}

TEST(FeatureMaskTest, WhatTheBrokerDoesNotUnderstandIsNeverOffered) {
    constexpr std::uint64_t kEverything = ~std::uint64_t{0};
    for (const bool legacy : {true, false}) {
        const std::uint64_t offer = brokered_offer(kEverything, legacy);
        EXPECT_EQ(offer & (kIndirectDescriptors | kEventIndex | kPackedRing | kRingReset | kAccessPlatform), 0u);
    }
    EXPECT_EQ(brokered_accept(kEverything, kEverything, true) & kVersion1, 0u);
    EXPECT_NE(brokered_accept(kVersion1, 0, false) & kVersion1, 0u);
    EXPECT_EQ(brokered_accept(0x20, 0xffff, false), 0x20u);
}

TEST(FeatureMaskTest, TypesWhoseMessagesCarryAddressesAreNotBrokered) {
    EXPECT_TRUE(is_brokerable_type(1));
    EXPECT_TRUE(is_brokerable_type(8));
    EXPECT_FALSE(is_brokerable_type(5));       // memory balloon: page numbers in its buffers
    EXPECT_FALSE(is_brokerable_type(16));      // display: guest addresses in its commands
    EXPECT_FALSE(is_brokerable_type(0));
    EXPECT_FALSE(is_brokerable_type(1000));
}

}  // namespace
}  // namespace capos::virtio
