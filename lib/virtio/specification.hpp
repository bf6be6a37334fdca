// Numbers of the virtio specification (VIRTIO 1.2 unless said; "legacy" is 0.9.5) that every device type shares.
#pragma once

#include <cstddef>
#include <cstdint>

namespace capos::virtio {

// Device status bits (2.1).
inline constexpr std::uint8_t kStatusAcknowledge = 1;
inline constexpr std::uint8_t kStatusDriver = 2;
inline constexpr std::uint8_t kStatusDriverOk = 4;
inline constexpr std::uint8_t kStatusFeaturesOk = 8;
inline constexpr std::uint8_t kStatusNeedsReset = 64;

inline constexpr std::uint16_t kNoVector = 0xffff;          // 4.1.5.1.2: no MSI-X vector, or the vector was refused
inline constexpr std::uint16_t kPciVendor = 0x1af4;         // 4.1.2
inline constexpr std::uint16_t kPciFirstLegacy = 0x1000;    // transitional and legacy ids, type in the subsystem id
inline constexpr std::uint16_t kPciFirstModern = 0x1040;    // plus device type
inline constexpr std::uint16_t kPciLast = 0x107f;

inline constexpr std::uint8_t kInterruptQueue = 1;          // ISR status (4.1.4.5)
inline constexpr std::uint8_t kInterruptConfiguration = 2;

// Split virtqueue (2.7).
inline constexpr std::uint16_t kMaxQueueSize = 4096;        // of ours; the specification allows 32768
inline constexpr std::uint16_t kDescriptorNext = 1;
inline constexpr std::uint16_t kDescriptorWrite = 2;
inline constexpr std::uint16_t kAvailableNoInterrupt = 1;
inline constexpr std::uint16_t kUsedNoNotify = 1;

struct Descriptor {                                         // 2.7.5
    std::uint64_t address;
    std::uint32_t length;
    std::uint16_t flags;
    std::uint16_t next;
};
static_assert(sizeof(Descriptor) == 16 && offsetof(Descriptor, length) == 8 && offsetof(Descriptor, flags) == 12 &&
              offsetof(Descriptor, next) == 14);

struct RingHead {                                           // 2.7.6, 2.7.8: both rings begin so
    std::uint16_t flags;
    std::uint16_t index;
};
static_assert(sizeof(RingHead) == 4);

struct UsedElement {                                        // 2.7.8
    std::uint32_t id;
    std::uint32_t length;
};
static_assert(sizeof(UsedElement) == 8);

// Legacy port registers (legacy interface, 4.1.4.8), offsets in BAR 0.
namespace legacy {
inline constexpr std::uint32_t kDeviceFeatures = 0;         // 32 bits
inline constexpr std::uint32_t kDriverFeatures = 4;         // 32 bits
inline constexpr std::uint32_t kQueuePage = 8;              // 32 bits: page frame number, 4096 byte pages
inline constexpr std::uint32_t kQueueSize = 12;             // 16 bits, read only
inline constexpr std::uint32_t kQueueSelect = 14;           // 16 bits
inline constexpr std::uint32_t kQueueNotify = 16;           // 16 bits
inline constexpr std::uint32_t kDeviceStatus = 18;          // 8 bits
inline constexpr std::uint32_t kInterruptStatus = 19;       // 8 bits, reading clears
inline constexpr std::uint32_t kConfigurationVector = 20;   // 16 bits, there only while MSI-X is enabled
inline constexpr std::uint32_t kQueueVector = 22;           // 16 bits, likewise
inline constexpr std::uint32_t kDeviceWithoutMsix = 20;     // device-specific configuration
inline constexpr std::uint32_t kDeviceWithMsix = 24;
inline constexpr std::uint32_t kPageBytes = 4096;
}  // namespace legacy

// Common configuration structure (4.1.4.3), offsets in the structure.
namespace modern {
inline constexpr std::uint32_t kDeviceFeatureSelect = 0x00; // 32 bits
inline constexpr std::uint32_t kDeviceFeature = 0x04;       // 32 bits
inline constexpr std::uint32_t kDriverFeatureSelect = 0x08; // 32 bits
inline constexpr std::uint32_t kDriverFeature = 0x0c;       // 32 bits
inline constexpr std::uint32_t kConfigurationVector = 0x10; // 16 bits
inline constexpr std::uint32_t kQueueCount = 0x12;          // 16 bits
inline constexpr std::uint32_t kDeviceStatus = 0x14;        // 8 bits
inline constexpr std::uint32_t kQueueSelect = 0x16;         // 16 bits
inline constexpr std::uint32_t kQueueSize = 0x18;           // 16 bits
inline constexpr std::uint32_t kQueueVector = 0x1a;         // 16 bits
inline constexpr std::uint32_t kQueueEnable = 0x1c;         // 16 bits
inline constexpr std::uint32_t kQueueNotifyOffset = 0x1e;   // 16 bits
inline constexpr std::uint32_t kQueueDescriptors = 0x20;    // 64 bits, written as two halves
inline constexpr std::uint32_t kQueueAvailable = 0x28;
inline constexpr std::uint32_t kQueueUsed = 0x30;
inline constexpr std::uint32_t kCommonBytes = 0x38;
}  // namespace modern

}  // namespace capos::virtio
