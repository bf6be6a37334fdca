#include "kernel/device/object/dma_pool.hpp"

#include <bit>

#include "kernel/device/function.hpp"
#include "kernel/device/label.hpp"

namespace capos::kernel {

using virtio::SlotTable;

namespace {

std::size_t bit_words(std::uint64_t pages, std::uint32_t slot_bytes) {
    return SlotTable::words_for(static_cast<std::uint32_t>(pages * (kPageSize / slot_bytes)));
}

}  // namespace

Result<Ref<DmaPoolObject>> DmaPoolObject::create(Ledger& ledger, device::DeviceFunction& function,
                                                 Ref<MemoryObject> object, std::uint32_t slot_bytes) {
    MemoryUse use = TRY(MemoryUse::begin(*object, Protection::ReadWrite));
    const std::size_t words = object->pages() + bit_words(object->pages(), slot_bytes);
    device::FrameBlock tables = TRY(device::FrameBlock::create(ledger, words * sizeof(std::uint64_t)));
    return Ref<DmaPoolObject>(
        *TRY(Slab<DmaPoolObject>::create(&ledger, function, std::move(use), std::move(tables), slot_bytes)));
}

DmaPoolObject::DmaPoolObject(device::DeviceFunction& function, MemoryUse&& use, device::FrameBlock&& tables,
                             std::uint32_t slot_bytes)
    : function_(&function), claim_(function.claim_number()), use_(std::move(use)), tables_(std::move(tables)) {
    const std::size_t pages = use_.object().pages();
    const std::size_t bits = bit_words(pages, slot_bytes);
    const auto words = tables_.as<std::uint64_t>(pages + bits);
    for (std::size_t page = 0; page < pages; ++page)
        words[page] = static_cast<std::uint64_t>(use_.object().page(page));
    slots_ = SlotTable(words.first(pages), static_cast<std::uint32_t>(std::countr_zero(slot_bytes)),
                       words.subspan(pages, bits));
}

bool DmaPoolObject::belongs_to(const device::DeviceFunction& function) const {
    return function_ == &function && function.is_current(claim_);
}

void DmaPoolObject::describe(TextWriter& out) const {
    out << "DMA pool of " << device::Label{function_->identity().where} << ", " << slots_.count() << " x "
        << slots_.slot_bytes();
}

Outcome DmaPoolObject::call(KernelCall& call) {
    if (!function_->is_current(claim_))
        return call.fail(Error::Disconnected, "pool");
    return Interface::dispatch(*this, call);
}

Outcome DmaPoolObject::slots(TypedCall<Interface::SlotsParams, Interface::SlotsResults> call) {
    auto results = call.results();
    results.set_count(slots_.count());
    results.set_slot_bytes(slots_.slot_bytes());
    results.set_in_flight(slots_.in_flight());
    return call.done();
}

}  // namespace capos::kernel
