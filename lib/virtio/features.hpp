// Which feature bits a driver in the brokered regime may be offered.
#pragma once

#include <cstdint>

namespace capos::virtio {

constexpr std::uint64_t feature_bit(unsigned bit) { return std::uint64_t{1} << bit; }

// Bits that every device type shares (VIRTIO 1.2, 6).
inline constexpr std::uint64_t kNotifyOnEmpty = feature_bit(24);       // legacy
inline constexpr std::uint64_t kAnyLayout = feature_bit(27);           // legacy: a chain may be cut anywhere
inline constexpr std::uint64_t kIndirectDescriptors = feature_bit(28); // a table of addresses in driver memory
inline constexpr std::uint64_t kEventIndex = feature_bit(29);
inline constexpr std::uint64_t kVersion1 = feature_bit(32);
inline constexpr std::uint64_t kAccessPlatform = feature_bit(33);
inline constexpr std::uint64_t kPackedRing = feature_bit(34);
inline constexpr std::uint64_t kRingReset = feature_bit(40);

// Bits whose meaning belongs to the device type: 0..23 and 50..127 (2.2); here up to 63.
inline constexpr std::uint64_t kDeviceTypeBits = (feature_bit(24) - 1) | ~(feature_bit(50) - 1);

// Shared bits that the broker understands. Packed rings, indirect tables and ring reset would change what the kernel
// must check; event indices are not implemented; everything else is refused because it is not known.
inline constexpr std::uint64_t kBrokeredLegacy = (kDeviceTypeBits & 0xffffffff) | kAnyLayout;
inline constexpr std::uint64_t kBrokeredModern = kDeviceTypeBits | kVersion1;

static_assert((kBrokeredModern & (kPackedRing | kIndirectDescriptors | kRingReset | kEventIndex)) == 0);
static_assert((kBrokeredLegacy & (kPackedRing | kIndirectDescriptors | kRingReset | kEventIndex)) == 0);

// What a driver is shown of what the device offers.
constexpr std::uint64_t brokered_offer(std::uint64_t device, bool legacy) {
    return device & (legacy ? kBrokeredLegacy : kBrokeredModern);
}

// What is accepted: the driver's wish within the offer, and VERSION_1 wherever the modern transport offers it.
constexpr std::uint64_t brokered_accept(std::uint64_t device, std::uint64_t wanted, bool legacy) {
    const std::uint64_t offer = brokered_offer(device, legacy);
    return (wanted & offer) | (offer & kVersion1);
}

// Device types (5) whose messages never carry an address: only with these is it enough to check the queues. A memory
// balloon or a display adapter is told page numbers inside its messages, which a brokered claim could not confine.
constexpr bool is_brokerable_type(std::uint16_t type) {
    constexpr std::uint32_t kTypes = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 8 | 1u << 18 | 1u << 19;
    return type < 32 && (kTypes >> type & 1) != 0;
}

}  // namespace capos::virtio
