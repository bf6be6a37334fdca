// Where the three parts of a split virtqueue lie in its memory.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "lib/base/result.hpp"
#include "lib/virtio/specification.hpp"

namespace capos::virtio {

// Offsets in bytes from the start of one contiguous, page-aligned area. The legacy interface fixes this layout (2.7.2);
// the modern one allows it, so both use it: the used ring then stands on pages of its own, which can be shown to the
// driver without showing anything else.
struct SplitLayout {
    std::uint16_t size = 0;            // descriptors: a power of two, 1..4096
    std::uint32_t available = 0;
    std::uint32_t used = 0;            // multiple of 4096
    std::uint32_t used_bytes = 0;      // multiple of 4096
    std::uint32_t total = 0;           // multiple of 4096

    // Unsupported: not a power of two, 0 or more than 4096.
    static constexpr Result<SplitLayout> create(std::uint16_t size) {
        if (size > kMaxQueueSize || !std::has_single_bit(size))
            return Error::Unsupported;
        SplitLayout layout;
        layout.size = size;
        layout.available = size * static_cast<std::uint32_t>(sizeof(Descriptor));
        // The two 16-bit event fields behind the rings have their room also when they are not used.
        layout.used = round_up(layout.available + static_cast<std::uint32_t>(sizeof(RingHead)) + 2u * size + 2u);
        layout.used_bytes = round_up(static_cast<std::uint32_t>(sizeof(RingHead) + sizeof(UsedElement) * size) + 2u);
        layout.total = layout.used + layout.used_bytes;
        return layout;
    }

private:
    static constexpr std::uint32_t round_up(std::uint32_t bytes) {
        return (bytes + legacy::kPageBytes - 1) & ~(legacy::kPageBytes - 1);
    }
};

// The sizes that a legacy device reserves for itself (qemu's virtqueue and the formula of 2.7.2).
static_assert(SplitLayout::create(256)->total == 3 * 4096 && SplitLayout::create(256)->used == 2 * 4096);
static_assert(SplitLayout::create(4096)->total == 28 * 4096 && SplitLayout::create(4096)->used == 19 * 4096);
static_assert(!SplitLayout::create(0) && !SplitLayout::create(3) && !SplitLayout::create(8192));

}  // namespace capos::virtio
