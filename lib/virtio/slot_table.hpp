// The slots of a pinned memory pool: where each is, and which are with the device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace capos::virtio {

// A slot index that was checked against the table it came from.
enum class SlotIndex : std::uint32_t {};

// Equal slots, none of which crosses a page, and one bit each: out at the device or not. The bit is shared by every
// queue on the pool, so that a slot is in one chain at most. Storage is the caller's and outlives the table.
class SlotTable {
public:
    static constexpr std::uint32_t kPageShift = 12;

    // Words of bit storage that `slots` slots need.
    static constexpr std::size_t words_for(std::uint32_t slots) { return (slots + 63u) / 64u; }

    SlotTable() = default;
    // `pages`: device address of each page of the pool. `slot_shift`: 9..12. `bits`: words_for(count), cleared here.
    SlotTable(std::span<const std::uint64_t> pages, std::uint32_t slot_shift, std::span<std::uint64_t> bits)
        : pages_(pages), bits_(bits), shift_(slot_shift),
          count_(static_cast<std::uint32_t>(pages.size() << (kPageShift - slot_shift))) {
        for (std::uint64_t& word : bits_)
            word = 0;
    }

    std::uint32_t count() const { return count_; }
    std::uint32_t slot_bytes() const { return 1u << shift_; }
    std::uint32_t in_flight() const { return in_flight_; }

    bool contains(std::uint32_t slot) const { return slot < count_; }
    bool is_out(SlotIndex slot) const { return (bits_[word(slot)] & bit(slot)) != 0; }
    void take(SlotIndex slot) {
        bits_[word(slot)] |= bit(slot);
        ++in_flight_;
    }
    void give(SlotIndex slot) {
        bits_[word(slot)] &= ~bit(slot);
        --in_flight_;
    }
    // Device address of the slot's first byte.
    std::uint64_t address(SlotIndex slot) const {
        const std::uint64_t offset = std::uint64_t{static_cast<std::uint32_t>(slot)} << shift_;
        return pages_[offset >> kPageShift] + (offset & ((1u << kPageShift) - 1));
    }

private:
    static std::size_t word(SlotIndex slot) { return static_cast<std::uint32_t>(slot) / 64; }
    static std::uint64_t bit(SlotIndex slot) { return std::uint64_t{1} << (static_cast<std::uint32_t>(slot) % 64); }

    std::span<const std::uint64_t> pages_;
    std::span<std::uint64_t> bits_;
    std::uint32_t shift_ = kPageShift;
    std::uint32_t count_ = 0;
    std::uint32_t in_flight_ = 0;
};

}  // namespace capos::virtio
