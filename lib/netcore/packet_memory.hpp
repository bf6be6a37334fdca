// The memory that packets live in: slabs of one size class each, cut from one region that is given once. Allocation
// and release take constant time; a slab that has become empty serves any class again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "lib/base/result.hpp"

namespace capos::netcore {

class PacketMemory {
public:
    static constexpr std::size_t kSlabBytes = 16384;
    static constexpr std::size_t kLargest = 8160;   // bytes of the largest allocation

    PacketMemory() = default;
    PacketMemory(const PacketMemory&) = delete;
    PacketMemory& operator=(const PacketMemory&) = delete;

    // Takes over `region`, of which whole aligned slabs are used. InvalidArgument: there is not one.
    Result<void> adopt(std::span<std::byte> region);

    // 16-byte aligned memory of at least `bytes`, or nullptr when it is more than kLargest or nothing is left.
    void* allocate(std::size_t bytes);
    // `memory` came from allocate(); nullptr is ignored.
    void release(void* memory);

    std::size_t capacity() const { return slabs_ * kSlabBytes; }
    std::size_t free_bytes() const { return free_slabs_ * kSlabBytes; }   // in untouched slabs
    std::size_t used() const { return used_; }           // bytes handed out, by class size
    std::size_t peak() const { return peak_; }
    std::uint64_t failures() const { return failures_; }
    // Whether less than 1/`part` of the slabs is untouched: the point at which whoever can wait should.
    bool scarce(std::size_t part) const { return free_slabs_ * part < slabs_; }

private:
    static constexpr std::array<std::uint16_t, 12> kClassBytes = {64,  128,  192,  256,  384,  512,
                                                                  768, 1024, 1632, 2032, 4080, 8160};
    struct Block {
        Block* next;
    };
    struct Slab {
        Slab* next;           // in its class's list of slabs with room, or in the list of empty slabs
        Slab* previous;
        Block* free;          // released blocks
        std::uint32_t fresh;  // offset of the first block never handed out
        std::uint16_t in_use;
        std::uint8_t size_class;
        bool listed;
    };
    static constexpr std::size_t kFirstBlock = 64;   // blocks begin here; the slab's record is in front
    static_assert(sizeof(Slab) <= kFirstBlock);

    static std::uint8_t class_of(std::size_t bytes);
    Slab* take_slab(std::uint8_t size_class);
    void list(Slab& slab);
    void unlist(Slab& slab);

    std::array<Slab*, kClassBytes.size()> with_room_{};
    Slab* empty_ = nullptr;
    std::size_t slabs_ = 0;
    std::size_t free_slabs_ = 0;
    std::size_t used_ = 0;
    std::size_t peak_ = 0;
    std::uint64_t failures_ = 0;
};

}  // namespace capos::netcore
