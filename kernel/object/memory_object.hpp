// MemoryObject: pages that never shrink and live until the last mapping and reference are gone.
#pragma once

#include "kernel/arch/arch.hpp"
#include "kernel/cap/object.hpp"
#include "kernel/mem/ledger.hpp"
#include "kernel/ring/kernel_call.hpp"
#include "schema/memory.capnp.hpp"

namespace capos::kernel {

class MemoryObject final : public Object {
public:
    using Interface = schema::MemoryObject;

    // Zeroed pages of its own, charged to `ledger`. QuotaExceeded, OutOfMemory.
    static Result<Ref<MemoryObject>> create(Ledger& ledger, std::uint64_t pages);
    // As create() for whoever calls MemoryFactory: answered at once, or, when it is more than is done in one go, once the
    // reaper has taken all pages in steps.
    using Factory = schema::MemoryFactory;
    static Outcome create_for(TypedCall<Factory::CreateParams, Factory::CreateResults> call, std::uint64_t pages);
    // Pages that the kernel owns and keeps (bundle, time page, used rings), to be read. Never freed by the object.
    // `executable`: nobody writes them any more, the kernel and devices included; only a program's in the bundle are.
    // `keeper`: what the pages belong to, held as long as this object lives.
    static Result<Ref<MemoryObject>> over(Ledger* ledger, PhysAddr first, std::uint64_t pages, bool executable,
                                          Ref<Object> keeper = nullptr);
    // A part of this object, or the same part without write access. OutOfBounds.
    Result<Ref<MemoryObject>> slice(Ledger& ledger, std::uint64_t first_page, std::uint64_t pages, bool writable);

    std::uint64_t pages() const { return pages_; }
    bool writable() const { return writable_; }
    PhysAddr page(std::uint64_t index) const;     // index < pages()

    std::uint64_t interface_id() const override { return Interface::kInterfaceId; }
    Outcome call(KernelCall& call) override;
    void describe(TextWriter& out) const override;

    Outcome info(TypedCall<Interface::InfoParams, Interface::InfoResults> call);
    Outcome slice(TypedCall<Interface::SliceParams, Interface::SliceResults> call);
    Outcome read_only(TypedCall<Interface::ReadOnlyParams, Interface::ReadOnlyResults> call);

    // Objects of this kind alive, for leak tests.
    static std::uint64_t alive();

private:
    friend class MemoryUse;
    template <class T> friend class Slab;
    MemoryObject() = default;
    ~MemoryObject() = default;
    bool go_on(Work& work) override;
    void destroy() override;
    // Without pages; fill() takes them. `missing_` of them are still to come.
    static Result<Ref<MemoryObject>> create_empty(Ledger& ledger, std::uint64_t pages);
    Result<void> fill(std::uint64_t most);

    Ref<MemoryObject> root_;             // of a slice
    Ledger* ledger_ = nullptr;           // pays for the pages; null when they are not ours
    PhysAddr* frames_ = nullptr;         // own pages: one entry each
    unsigned frames_order_ = 0;          // of the array
    Ref<Object> keeper_;
    PhysAddr base_{};                    // contiguous pages that the kernel keeps
    std::uint64_t first_ = 0;            // slice: page offset in root_
    std::uint64_t pages_ = 0;
    std::uint64_t missing_ = 0;          // pages still to be taken
    List<CallRecord> creator_;           // who waits for them, and holds the only reference meanwhile
    bool writable_ = true;
    bool executable_ = true;             // while nobody writes it; of an object that is no slice
    std::uint32_t writers_ = 0;          // of an object that is no slice: uses of it and its slices
    std::uint32_t executors_ = 0;
};

// A use of an object's memory by a mapping or a device. W^X holds for memory, not only for mappings: what somebody may
// execute nobody may write, and the other way round. What the kernel or a device writes nobody may execute at all.
class MemoryUse {
public:
    MemoryUse() = default;
    // Denied when the other kind of use goes on anywhere, or the memory is not for this one.
    static Result<MemoryUse> begin(MemoryObject& object, Protection protection);
    MemoryUse(MemoryUse&& other) noexcept : object_(std::move(other.object_)), protection_(other.protection_) {}
    MemoryUse& operator=(MemoryUse&& other) noexcept {
        std::swap(object_, other.object_);
        std::swap(protection_, other.protection_);
        return *this;
    }
    ~MemoryUse() {
        if (object_) count(-1);
    }

    explicit operator bool() const { return static_cast<bool>(object_); }
    MemoryObject& object() const { return *object_; }
    // Denied, with the use as it was.
    Result<void> change(Protection protection);

private:
    void count(int step);
    bool allowed() const;

    Ref<MemoryObject> object_;
    Protection protection_ = Protection::Read;
};

}  // namespace capos::kernel
