#include "kernel/cap/table.hpp"

namespace capos::kernel {

void CapabilityTable::create(std::span<Slot> slots) {
    slots_ = slots;
    free_ = size();
    for (std::uint32_t i = size(); i-- > 0;) {
        slots_[i].generation = 1;
        slots_[i].next_free = first_free_;
        first_free_ = i;
    }
}

Result<void> CapabilityTable::reserve(std::uint32_t count) {
    if (count > free_ - reserved_) return Error::NoSlots;
    reserved_ += count;
    return {};
}

abi::Handle CapabilityTable::insert_reserved(Ref<Object> object, std::uint64_t interface_id) {
    const std::uint32_t index = first_free_;
    Slot& slot = slots_[index];
    first_free_ = slot.next_free;
    slot.next_free = 0;
    slot.object = object.leak();
    slot.interface_id = interface_id;
    --free_;
    --reserved_;
    ++used_;
    return handle_of(index);
}

Result<abi::Handle> CapabilityTable::insert(Ref<Object> object, std::uint64_t interface_id) {
    TRY(reserve(1));
    return insert_reserved(std::move(object), interface_id);
}

Ref<Object> CapabilityTable::remove(SlotIndex index) {
    Slot& slot = slots_[index.value()];
    Ref<Object> object = Ref<Object>::adopt(slot.object);
    slot.object = nullptr;
    slot.interface_id = 0;
    --used_;
    if (++slot.generation == 0) return object;   // used up: never handed out again
    slot.next_free = first_free_;
    first_free_ = index.value();
    ++free_;
    return object;
}

CapabilityTable::Slot* CapabilityTable::in_transit(abi::Handle handle) {
    const std::uint32_t index = static_cast<std::uint32_t>(handle);
    if (index >= slots_.size()) return nullptr;            // the table was cleared meanwhile
    Slot& slot = slots_[index];
    return slot.generation == handle >> 32 && slot.next_free == kInTransit ? &slot : nullptr;
}

void CapabilityTable::commit_move(abi::Handle handle) {
    if (in_transit(handle) != nullptr) remove(SlotIndex(static_cast<std::uint32_t>(handle)));
}

void CapabilityTable::abort_move(abi::Handle handle) {
    if (Slot* slot = in_transit(handle)) slot->next_free = 0;
}

bool CapabilityTable::clear(Work& work) {
    for (; cleared_ < slots_.size(); ++cleared_) {
        if (slots_[cleared_].object == nullptr) continue;
        if (!work.left()) return false;
        work.spend(kStepWork);
        remove(SlotIndex(cleared_));
    }
    slots_ = {};
    free_ = reserved_ = cleared_ = 0;
    first_free_ = kNone;
    return true;
}

}  // namespace capos::kernel
