// What virtio says about this one device type (VIRTIO 1.2, 5.1; legacy: 5.1.6.1).
#pragma once

#include <cstddef>
#include <cstdint>

namespace capos::virtio_net {

// Feature bits (5.1.3).
inline constexpr std::uint64_t kFeatureMac = std::uint64_t{1} << 5;
inline constexpr std::uint64_t kFeatureStatus = std::uint64_t{1} << 16;
inline constexpr std::uint64_t kFeatureAccessPlatform = std::uint64_t{1} << 33;   // behind an IOMMU
inline constexpr std::uint64_t kFeatureAnyLayout = std::uint64_t{1} << 27;   // legacy: header and frame may share a buffer

// Device-specific configuration (5.1.4).
inline constexpr std::uint32_t kConfigurationMac = 0;       // 6 bytes, with kFeatureMac
inline constexpr std::uint32_t kConfigurationStatus = 6;    // 16 bits, with kFeatureStatus
inline constexpr std::uint16_t kStatusLinkUp = 1;

inline constexpr std::uint16_t kReceiveQueue = 0;           // 5.1.2, without multiqueue
inline constexpr std::uint16_t kTransmitQueue = 1;

// In front of each frame. Without offloads every field of a sent one is 0 (5.1.6.2).
struct NetHeader {
    std::uint8_t flags;
    std::uint8_t gso_type;
    std::uint16_t header_length;
    std::uint16_t gso_size;
    std::uint16_t checksum_start;
    std::uint16_t checksum_offset;
    std::uint16_t buffer_count;      // not there on a legacy device without MRG_RXBUF
};
static_assert(sizeof(NetHeader) == 12 && offsetof(NetHeader, gso_size) == 4 && offsetof(NetHeader, checksum_start) == 6 &&
              offsetof(NetHeader, buffer_count) == 10);
inline constexpr std::uint32_t kLegacyHeaderBytes = offsetof(NetHeader, buffer_count);
inline constexpr std::uint32_t kModernHeaderBytes = sizeof(NetHeader);
static_assert(kLegacyHeaderBytes == 10 && kModernHeaderBytes == 12);

// Room in front of each frame in a slot. The header stands right before the frame, which begins on a multiple of 16.
inline constexpr std::uint16_t kHeaderRoom = 16;

inline constexpr std::uint32_t kMinimumFrame = 14;          // addresses and type
inline constexpr std::uint16_t kMtu = 1500;

}  // namespace capos::virtio_net
