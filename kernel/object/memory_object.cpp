#include "kernel/object/memory_object.hpp"

#include <cstring>

#include "kernel/mem/frames.hpp"
#include "kernel/mem/slab.hpp"
#include "kernel/process/process.hpp"

namespace capos::kernel {

namespace {

std::uint64_t objects_alive = 0;

}  // namespace

std::uint64_t MemoryObject::alive() { return objects_alive; }

Result<Ref<MemoryObject>> MemoryObject::create(Ledger& ledger, std::uint64_t pages) {
    MemoryObject* object = TRY(Slab<MemoryObject>::create(&ledger));
    ++objects_alive;
    Ref<MemoryObject> reference(*object);
    const unsigned order = order_for(pages * sizeof(PhysAddr));
    const std::uint64_t charged = pages + (std::uint64_t{1} << order);
    TRY(ledger.charge(Resource::Pages, charged));
    auto array = frames_take(order);
    if (!array) {
        ledger.credit(Resource::Pages, charged);
        return array.error();
    }
    object->frames_ = static_cast<PhysAddr*>(direct(*array));
    object->frames_order_ = order;
    object->ledger_ = &ledger;
    ledger.retain();
    for (; object->pages_ < pages; ++object->pages_) {
        auto frame = frames_take(0);
        if (!frame) {
            ledger.credit(Resource::Pages, pages - object->pages_);   // destroy() credits the ones that were taken
            return frame.error();
        }
        arch::zero_frames(*frame, 1);
        object->frames_[object->pages_] = *frame;
    }
    return reference;
}

Result<Ref<MemoryObject>> MemoryObject::over(Ledger* ledger, PhysAddr first, std::uint64_t pages, bool executable,
                                             Ref<Object> keeper) {
    MemoryObject* object = TRY(Slab<MemoryObject>::create(ledger));
    ++objects_alive;
    object->keeper_ = std::move(keeper);
    object->base_ = first;
    object->pages_ = pages;
    object->writable_ = false;
    object->executable_ = executable;
    return Ref<MemoryObject>(*object);
}

Result<Ref<MemoryObject>> MemoryObject::slice(Ledger& ledger, std::uint64_t first_page, std::uint64_t pages,
                                              bool writable) {
    if (first_page > pages_ || pages > pages_ - first_page || pages == 0) return Error::OutOfBounds;
    MemoryObject* object = TRY(Slab<MemoryObject>::create(&ledger));
    ++objects_alive;
    object->root_ = root_ ? root_ : Ref<MemoryObject>(*this);
    object->first_ = first_ + first_page;
    object->pages_ = pages;
    object->writable_ = writable && writable_;
    return Ref<MemoryObject>(*object);
}

void MemoryObject::destroy() {
    if (frames_ != nullptr) {
        for (std::uint64_t i = 0; i < pages_; ++i) frames_give(frames_[i], 0);
        frames_give(PhysAddr{reinterpret_cast<std::uint64_t>(frames_) - kDirectMapBase}, frames_order_);
        ledger_->credit(Resource::Pages, pages_ + (std::uint64_t{1} << frames_order_));
        ledger_->release();
    }
    --objects_alive;
    Slab<MemoryObject>::destroy(this);
}

Result<MemoryUse> MemoryUse::begin(MemoryObject& object, Protection protection) {
    MemoryUse use;
    use.protection_ = protection;
    use.object_ = Ref<MemoryObject>(object);
    use.count(1);
    if (!use.allowed()) return Error::Denied;
    return use;
}

Result<void> MemoryUse::change(Protection protection) {
    count(-1);
    const Protection before = std::exchange(protection_, protection);
    count(1);
    if (allowed()) return {};
    count(-1);
    protection_ = before;
    count(1);
    return Error::Denied;
}

void MemoryUse::count(int step) {
    MemoryObject& root = object_->root_ ? *object_->root_ : *object_;
    if (protection_ == Protection::ReadWrite) root.writers_ += static_cast<std::uint32_t>(step);
    if (protection_ == Protection::ReadExecute) root.executors_ += static_cast<std::uint32_t>(step);
}

bool MemoryUse::allowed() const {
    const MemoryObject& root = object_->root_ ? *object_->root_ : *object_;
    return root.executors_ == 0 || (root.executable_ && root.writers_ == 0);
}

PhysAddr MemoryObject::page(std::uint64_t index) const {
    if (root_) return root_->page(first_ + index);
    if (frames_ != nullptr) return frames_[index];
    return PhysAddr{static_cast<std::uint64_t>(base_) + index * kPageSize};
}

Outcome MemoryObject::call(KernelCall& call) { return Interface::dispatch(*this, call); }

void MemoryObject::describe(TextWriter& out) const {
    out << "memory " << pages_ * 4 << " KiB" << (writable_ ? "" : " read-only");
}

Outcome MemoryObject::info(TypedCall<Interface::InfoParams, Interface::InfoResults> call) {
    auto results = call.results();
    results.set_size(pages_ * kPageSize);
    results.set_writable(writable_);
    return call.done();
}

Outcome MemoryObject::slice(TypedCall<Interface::SliceParams, Interface::SliceResults> call) {
    const std::uint64_t offset = call.params().offset();
    const std::uint64_t size = call.params().size();
    if (offset % kPageSize != 0) return call.fail(Error::InvalidArgument, "offset");
    if (size % kPageSize != 0) return call.fail(Error::InvalidArgument, "size");
    auto part = slice(call.caller().ledger(), offset / kPageSize, size / kPageSize, true);
    if (!part) return call.fail(part.error() == Error::OutOfBounds ? Error::InvalidArgument : part.error(), "size");
    auto index = call.give(std::move(*part));
    if (!index) return call.fail(index.error(), "object");
    call.results().set_object(*index);
    return call.done();
}

Outcome MemoryObject::read_only(TypedCall<Interface::ReadOnlyParams, Interface::ReadOnlyResults> call) {
    auto part = slice(call.caller().ledger(), 0, pages_, false);
    if (!part) return call.fail(part.error(), "object");
    auto index = call.give(std::move(*part));
    if (!index) return call.fail(index.error(), "object");
    call.results().set_object(*index);
    return call.done();
}

}  // namespace capos::kernel
