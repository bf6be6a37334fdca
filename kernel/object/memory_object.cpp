#include "kernel/object/memory_object.hpp"

#include <cstring>
#include <utility>

#include "kernel/mem/accounts.hpp"
#include "kernel/mem/frames.hpp"
#include "kernel/mem/slab.hpp"
#include "kernel/process/process.hpp"

namespace capos::kernel {

namespace {

std::uint64_t objects_alive = 0;

// Taken in the call itself; what is larger is taken in steps.
constexpr std::uint64_t kPagesAtOnce = 256;
constexpr std::uint64_t kPagesInAStep = 16;

}  // namespace

std::uint64_t MemoryObject::alive() { return objects_alive; }

Result<Ref<MemoryObject>> MemoryObject::create(Ledger& ledger, std::uint64_t pages) {
    Ref<MemoryObject> object = TRY(create_empty(ledger, pages));
    TRY(object->fill(pages));
    return object;
}

Result<Ref<MemoryObject>> MemoryObject::create_empty(Ledger& ledger, std::uint64_t pages) {
    MemoryObject* object = TRY(Slab<MemoryObject>::create(&ledger));
    ++objects_alive;
    Ref<MemoryObject> reference(*object);
    const unsigned order = order_for(pages * sizeof(PhysAddr));
    const std::uint64_t table = std::uint64_t{1} << order;
    // All of it now, so that what was not refused cannot fail for quota half way.
    TRY(ledger.charge(Resource::Pages, pages + table));
    auto array = frames_take(order);
    if (!array) {
        ledger.credit(Resource::Pages, pages + table);
        return array.error();
    }
    object->frames_ = static_cast<PhysAddr*>(direct(*array));
    object->frames_order_ = order;
    object->ledger_ = &ledger;
    ledger.retain();
    object->missing_ = pages;
    promised_pages += pages;
    return reference;
}

Result<void> MemoryObject::fill(std::uint64_t most) {
    const std::uint64_t count = most < missing_ ? most : missing_;
    for (std::uint64_t taken = 0; taken < count; ++taken) {
        const PhysAddr frame = TRY(frames_take(0));
        arch::zero_frames(frame, 1);
        frames_[pages_++] = frame;
        --missing_;
        --promised_pages;
    }
    work_done += count * kZeroWork;
    return {};
}

namespace {

// What a holder of the factory sees when memory is short.
Error as_exception(Error error) { return error == Error::OutOfMemory ? Error::QuotaExceeded : error; }

void answer_creator(Reply& reply, Ref<MemoryObject> object) {
    auto index = reply.give(std::move(object));
    if (!index) {
        reply.fail(index.error(), "object");
        return;
    }
    reply.results<MemoryObject::Factory::CreateResults>().set_object(*index);
    reply.done();
}

}  // namespace

Outcome MemoryObject::create_for(TypedCall<Factory::CreateParams, Factory::CreateResults> call, std::uint64_t pages) {
    if (call.raw().capability_room() == 0) return call.fail(Error::NoRoom, "object");
    auto object = create_empty(call.caller().ledger(), pages);
    if (!object) return call.fail(as_exception(object.error()), "size");
    if (pages > kPagesAtOnce) {
        Reaper::add(**object);
        return call.park((*object)->creator_, **object);
    }
    if (auto filled = (*object)->fill(pages); !filled) return call.fail(as_exception(filled.error()), "size");
    answer_creator(call.raw(), std::move(*object));
    return Outcome::Done;
}

bool MemoryObject::go_on(Work& work) {
    if (references() == 0) {
        if (frames_ == nullptr) return true;
        promised_pages -= missing_;
        ledger_->credit(Resource::Pages, std::exchange(missing_, 0));
        for (; pages_ != 0; --pages_) {
            if (!work.left()) return false;
            work.spend(kPageWork);
            frames_give(frames_[pages_ - 1], 0);
            ledger_->credit(Resource::Pages, 1);
        }
        return true;
    }
    while (missing_ != 0) {
        if (!work.left()) return false;
        work.spend(kPagesInAStep * kZeroWork);
        if (auto filled = fill(kPagesInAStep); !filled) {
            Reply(*creator_.front()).fail(as_exception(filled.error()), "size");
            return true;
        }
    }
    if (CallRecord* creator = creator_.front()) {
        Reply reply(*creator);
        answer_creator(reply, Ref<MemoryObject>(*this));
    }
    return true;
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
        frames_give(PhysAddr{reinterpret_cast<std::uint64_t>(frames_) - kDirectMapBase}, frames_order_);
        ledger_->credit(Resource::Pages, std::uint64_t{1} << frames_order_);
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
