#include "runtime/heap.hpp"

#include <bit>
#include <cstring>

extern "C" [[noreturn]] void capos_abort(const char* message) noexcept;

namespace capos::rt {

namespace {
constinit Heap the_heap;
}

Heap& heap() { return the_heap; }

void Heap::create(void* memory, std::size_t bytes) {
    // The first header stands 8 bytes in, so that payloads are 16-byte aligned; the last is an end mark in use.
    begin_ = static_cast<std::byte*>(memory) + kAlignment - kHeader;
    end_ = static_cast<std::byte*>(memory) + bytes / kAlignment * kAlignment - kHeader;
    total_ = bytes;
    auto* first = reinterpret_cast<Block*>(begin_);
    first->size = static_cast<std::uint64_t>(end_ - begin_);
    reinterpret_cast<Block*>(end_)->size = 0;
    join_and_insert(first);
}

std::size_t Heap::block_bytes(std::size_t bytes) {
    const std::size_t rounded = (bytes + kHeader + kAlignment - 1) & ~(kAlignment - 1);
    return rounded < kSmallest ? kSmallest : rounded;
}

void* Heap::allocate(std::size_t bytes) {
    if (bytes >= total_) {
        ++failures_;
        return nullptr;
    }
    const std::size_t wanted = block_bytes(bytes);
    if (wanted <= kQuickLimit) {
        const std::size_t index = wanted / kAlignment;
        if (Block* block = quick_[index]) {
            quick_[index] = block->next;
            --quick_length_[index];
            block->size &= ~kQuick;
            count(wanted);
            return payload(block);
        }
    }
    Block* block = find(wanted);
    if (block == nullptr && flush_quick_lists()) block = find(wanted);
    if (block == nullptr) {
        ++failures_;
        return nullptr;
    }
    return hand_out(block, wanted);
}

void* Heap::allocate_aligned(std::size_t bytes, std::size_t alignment) {
    if (alignment <= kAlignment) return allocate(bytes);
    if (bytes >= total_) {
        ++failures_;
        return nullptr;
    }
    // A block with room for the alignment, whose unaligned start is given back as a block of its own.
    const std::size_t wanted = block_bytes(bytes);
    Block* block = find(wanted + alignment + kSmallest);
    if (block == nullptr && flush_quick_lists()) block = find(wanted + alignment + kSmallest);
    if (block == nullptr) {
        ++failures_;
        return nullptr;
    }
    const auto start = reinterpret_cast<std::uintptr_t>(payload(block));
    if (start % alignment == 0) return hand_out(block, wanted);
    std::uintptr_t aligned = (start + kSmallest + alignment - 1) & ~(alignment - 1);
    const std::size_t lead = aligned - start;
    const std::size_t whole = size(block);
    auto* second = reinterpret_cast<Block*>(reinterpret_cast<std::byte*>(block) + lead);
    second->size = whole - lead;
    block->size = lead | (block->size & kPreviousFree);
    join_and_insert(block);
    return hand_out(second, wanted);
}

void Heap::free(void* memory) {
    if (memory == nullptr) return;
    Block* block = block_of(memory);
    check(block);
    const std::size_t bytes = size(block);
    used_ -= bytes;
    const std::size_t index = bytes / kAlignment;
    if (bytes <= kQuickLimit && quick_length_[index] < kQuickLength) {
        block->size |= kQuick;
        block->next = quick_[index];
        quick_[index] = block;
        ++quick_length_[index];
        return;
    }
    join_and_insert(block);
}

std::size_t Heap::size_of(const void* memory) const { return size(block_of(memory)) - kHeader; }

void Heap::check(const Block* block) const {
    const auto* at = reinterpret_cast<const std::byte*>(block);
    if (at < begin_ || at >= end_ || reinterpret_cast<std::uintptr_t>(at) % kAlignment != kAlignment - kHeader)
        capos_abort("heap: free of something that was not allocated");
    if ((block->size & (kFree | kQuick)) != 0) capos_abort("heap: block freed twice");
    const std::size_t bytes = size(block);
    if (bytes < kSmallest || bytes > static_cast<std::size_t>(end_ - at)) capos_abort("heap: block header overwritten");
}

void Heap::count(std::size_t bytes) {
    used_ += bytes;
    if (used_ > peak_) peak_ = used_;
}

Heap::Place Heap::place_of(std::size_t size) {
    const auto power = static_cast<unsigned>(std::bit_width(size) - 1);
    return {power - kFirstPower, static_cast<unsigned>(size >> (power - 3)) & (kSteps - 1)};
}

void Heap::insert(Block* block) {
    const Place place = place_of(size(block));
    Block*& head = lists_[place.power][place.step];
    block->next = head;
    block->previous = nullptr;
    if (head != nullptr) head->previous = block;
    head = block;
    powers_ |= 1u << place.power;
    steps_[place.power] = static_cast<std::uint8_t>(steps_[place.power] | 1u << place.step);
}

void Heap::remove(Block* block) {
    const Place place = place_of(size(block));
    if (block->next != nullptr) block->next->previous = block->previous;
    if (block->previous != nullptr) {
        block->previous->next = block->next;
        return;
    }
    lists_[place.power][place.step] = block->next;
    if (block->next != nullptr) return;
    steps_[place.power] = static_cast<std::uint8_t>(steps_[place.power] & ~(1u << place.step));
    if (steps_[place.power] == 0) powers_ &= ~(1u << place.power);
}

// A free block of at least `size_wanted`, off its list: one of the first few of the list that the size itself falls
// into, or else from the first list all of whose blocks are large enough.
Heap::Block* Heap::find(std::size_t size_wanted) {
    Place place = place_of(size_wanted);
    unsigned looks = 8;
    for (Block* block = lists_[place.power][place.step]; block != nullptr && looks != 0; block = block->next, --looks) {
        if (size(block) < size_wanted) continue;
        remove(block);
        return block;
    }
    unsigned steps = place.step + 1 < kSteps ? steps_[place.power] & (~0u << (place.step + 1)) : 0;
    if (steps == 0) {
        const std::uint32_t powers = place.power + 1 < kPowers ? powers_ & (~0u << (place.power + 1)) : 0;
        if (powers == 0) return nullptr;
        place.power = static_cast<unsigned>(std::countr_zero(powers));
        steps = steps_[place.power];
    }
    Block* block = lists_[place.power][std::countr_zero(steps)];
    remove(block);
    return block;
}

// `block` is off every list. Cuts off what is not needed.
void* Heap::hand_out(Block* block, std::size_t wanted) {
    const std::size_t whole = size(block);
    const std::uint64_t previous = block->size & kPreviousFree;
    if (whole - wanted >= kSmallest) {
        block->size = wanted | previous;
        Block* rest = after(block);
        rest->size = whole - wanted;
        join_and_insert(rest);
        count(wanted);
    } else {
        block->size = whole | previous;
        after(block)->size &= ~kPreviousFree;
        count(whole);
    }
    return payload(block);
}

// Marks `block` free, joins it with free neighbours and puts it on its list.
void Heap::join_and_insert(Block* block) {
    std::size_t bytes = size(block);
    if ((block->size & kPreviousFree) != 0) {
        std::size_t before;
        std::memcpy(&before, reinterpret_cast<std::byte*>(block) - sizeof before, sizeof before);
        block = reinterpret_cast<Block*>(reinterpret_cast<std::byte*>(block) - before);
        remove(block);
        bytes += before;
    }
    auto* next = reinterpret_cast<Block*>(reinterpret_cast<std::byte*>(block) + bytes);
    if ((next->size & kFree) != 0) {
        remove(next);
        bytes += size(next);
        next = reinterpret_cast<Block*>(reinterpret_cast<std::byte*>(block) + bytes);
    }
    block->size = bytes | kFree;
    // A free block's size stands in its last word too, for the block after it.
    std::memcpy(reinterpret_cast<std::byte*>(next) - sizeof bytes, &bytes, sizeof bytes);
    next->size |= kPreviousFree;
    insert(block);
}

bool Heap::flush_quick_lists() {
    bool any = false;
    for (unsigned i = 0; i < kQuickLists; ++i) {
        while (Block* block = quick_[i]) {
            quick_[i] = block->next;
            block->size &= ~kQuick;
            join_and_insert(block);
            any = true;
        }
        quick_length_[i] = 0;
    }
    return any;
}

}  // namespace capos::rt
