// The program's memory: one fixed range, allocated in constant time.
//
// Blocks are multiples of 16 bytes with an 8-byte header; free ones hang in segregated lists by size and are joined
// with free neighbours. Small freed blocks are kept by exact size for the next user first, so that a coroutine frame
// costs a handful of instructions; they are joined only when a request cannot be met otherwise. A block freed twice or
// overrun is found where it shows, and ends the program.
#pragma once

#include <cstddef>
#include <cstdint>

namespace capos::rt {

struct HeapUse {
    std::size_t total_bytes;
    std::size_t used_bytes;      // in blocks that are handed out, headers included
    std::size_t peak_bytes;
    std::uint64_t failures;      // requests that could not be met
};

class Heap {
public:
    static constexpr std::size_t kAlignment = 16;

    // Takes over `bytes` at `memory` (at least 4096, 16-byte aligned).
    void create(void* memory, std::size_t bytes);

    // At least `bytes`, aligned to 16; nullptr when there is no room.
    void* allocate(std::size_t bytes);
    // Aligned to `alignment`, a power of two up to 4096.
    void* allocate_aligned(std::size_t bytes, std::size_t alignment);
    // nullptr is ignored.
    void free(void* memory);
    // Usable bytes of an allocation.
    std::size_t size_of(const void* memory) const;

    HeapUse use() const { return {total_, used_, peak_, failures_}; }

private:
    // Sizes include the header. The lowest bits of `size` say whether this block and the one before are free.
    struct Block {
        std::uint64_t size;
        Block* next;         // while free
        Block* previous;     // while free and not in a quick list
    };
    static constexpr std::uint64_t kFree = 1;
    static constexpr std::uint64_t kPreviousFree = 2;
    static constexpr std::uint64_t kQuick = 4;           // freed, kept in a quick list
    static constexpr std::uint64_t kFlags = 15;
    static constexpr std::size_t kHeader = 8;
    static constexpr std::size_t kSmallest = 32;
    static constexpr std::size_t kQuickLimit = 1024;     // largest block kept by exact size
    static constexpr unsigned kQuickLists = kQuickLimit / kAlignment + 1;
    static constexpr std::uint8_t kQuickLength = 32;     // most blocks kept of one size
    // Lists: per power of two from 2^5 up, each in 8 steps.
    static constexpr unsigned kSteps = 8;
    static constexpr unsigned kFirstPower = 5;
    static constexpr unsigned kPowers = 32;

    static std::size_t block_bytes(std::size_t bytes);
    static std::size_t size(const Block* block) { return block->size & ~kFlags; }
    static Block* after(Block* block) { return reinterpret_cast<Block*>(reinterpret_cast<std::byte*>(block) + size(block)); }
    static void* payload(Block* block) { return reinterpret_cast<std::byte*>(block) + kHeader; }
    static Block* block_of(const void* memory) {
        return reinterpret_cast<Block*>(const_cast<std::byte*>(static_cast<const std::byte*>(memory)) - kHeader);
    }
    struct Place { unsigned power, step; };
    static Place place_of(std::size_t size);
    void insert(Block* block);
    void remove(Block* block);
    Block* find(std::size_t size);
    void* hand_out(Block* block, std::size_t wanted);
    void join_and_insert(Block* block);
    bool flush_quick_lists();
    void check(const Block* block) const;
    void count(std::size_t bytes);

    std::byte* begin_ = nullptr;
    std::byte* end_ = nullptr;
    std::size_t total_ = 0;
    std::size_t used_ = 0;
    std::size_t peak_ = 0;
    std::uint64_t failures_ = 0;
    std::uint32_t powers_ = 0;                 // bit per power with a free block
    std::uint8_t steps_[kPowers] = {};         // bit per step
    Block* lists_[kPowers][kSteps] = {};
    Block* quick_[kQuickLists] = {};
    std::uint8_t quick_length_[kQuickLists] = {};
};

// The heap behind operator new. `new (std::nothrow)` gives nullptr when it is full; plain `new` ends the program.
Heap& heap();

}  // namespace capos::rt
