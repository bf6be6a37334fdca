// The capability table of a process: flat, its size fixed at creation. A handle is slot | generation << 32; the
// generation of a slot rises each time it is given back, and a slot whose generations are used up is retired.
#pragma once

#include <cstdint>
#include <span>

#include "abi/ring.hpp"
#include "kernel/cap/object.hpp"
#include "lib/base/result.hpp"

namespace capos::kernel {

// Made only by a look-up that checked it.
class SlotIndex {
public:
    std::uint32_t value() const { return value_; }

private:
    friend class CapabilityTable;
    explicit SlotIndex(std::uint32_t value) : value_(value) {}
    std::uint32_t value_;
};

class CapabilityTable {
public:
    struct Slot {
        Object* object;               // counted; null when free
        std::uint64_t interface_id;
        std::uint32_t generation;     // of the handle that names it now, or of the next one when free; 0 = retired
        std::uint32_t next_free;      // free: next in the list. used: kInTransit or 0
    };
    static_assert(sizeof(Slot) == 24);

    // `slots` is zeroed memory that outlives the table.
    void create(std::span<Slot> slots);

    // BadHandle, StaleHandle, or InTransit when it is being moved.
    Result<SlotIndex> look_up(abi::Handle handle) const;
    const Slot& operator[](SlotIndex index) const { return slots_[index.value()]; }

    // Keeps `count` free slots for later: NoSlots when there are not so many. Reserved slots are taken by
    // insert_reserved() or given back by unreserve().
    Result<void> reserve(std::uint32_t count);
    void unreserve(std::uint32_t count) { reserved_ -= count; }
    abi::Handle insert_reserved(Ref<Object> object, std::uint64_t interface_id);
    // NoSlots when every slot is used or reserved.
    Result<abi::Handle> insert(Ref<Object> object, std::uint64_t interface_id);

    // Gives the slot back; its handles are stale from now on.
    Ref<Object> remove(SlotIndex index);

    // A move in three acts: begin makes the slot unusable, then commit empties it or abort restores it.
    void begin_move(SlotIndex index) { slots_[index.value()].next_free = kInTransit; }
    void commit_move(abi::Handle handle);
    void abort_move(abi::Handle handle);

    // Empties the table, as far as the work reaches; true when it is empty. Nothing may be looked up or inserted any more.
    bool clear(Work& work);

    std::uint32_t used() const { return used_; }
    std::uint32_t reserved() const { return reserved_; }
    std::uint32_t size() const { return static_cast<std::uint32_t>(slots_.size()); }
    template <class Visit>   // visit(handle, slot)
    void for_each(Visit&& visit) const {
        for (std::uint32_t i = 0; i < slots_.size(); ++i)
            if (slots_[i].object != nullptr) visit(handle_of(i), slots_[i]);
    }

private:
    static constexpr std::uint32_t kNone = 0xffffffff;
    static constexpr std::uint32_t kInTransit = 0xfffffffe;

    abi::Handle handle_of(std::uint32_t index) const {
        return static_cast<std::uint64_t>(slots_[index].generation) << 32 | index;
    }
    Slot* in_transit(abi::Handle handle);

    std::span<Slot> slots_;
    std::uint32_t first_free_ = kNone;
    std::uint32_t free_ = 0;
    std::uint32_t reserved_ = 0;
    std::uint32_t used_ = 0;
    std::uint32_t cleared_ = 0;       // slots that clear() has passed
};

inline Result<SlotIndex> CapabilityTable::look_up(abi::Handle handle) const {
    const std::uint32_t index = static_cast<std::uint32_t>(handle);
    if (index >= slots_.size() || (handle >> 32) == 0) return Error::BadHandle;
    const Slot& slot = slots_[index];
    if (slot.generation != handle >> 32) return Error::StaleHandle;
    if (slot.object == nullptr) return Error::BadHandle;   // a generation that has not been handed out yet
    if (slot.next_free == kInTransit) return Error::InTransit;
    return SlotIndex(index);
}

}  // namespace capos::kernel
