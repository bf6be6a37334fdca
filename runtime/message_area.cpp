#include "runtime/message_area.hpp"

#include <bit>
#include <new>

#include "abi/ring.hpp"

namespace capos::rt {

Result<void> MessageArea::create(std::uint32_t bytes) {
    if (bytes == 0 || bytes % 4096 != 0 || bytes > abi::kMaxMessageArea) return Error::InvalidArgument;
    granules_ = bytes / kGranule;
    links_.reset(new (std::nothrow) Granule[granules_]);
    free_order_.reset(new (std::nothrow) std::uint8_t[granules_]);
    if (!links_ || !free_order_) return Error::OutOfMemory;
    for (std::uint32_t i = 0; i < granules_; ++i) free_order_[i] = kNotFree;
    for (Index& head : heads_) head = kNone;
    for (Index& head : kept_) head = kNone;
    total_ = bytes;
    used_ = 0;
    push_range(0, granules_);
    return {};
}

Result<AreaBlock> MessageArea::allocate_anew(Class wanted) {
    const std::uint32_t size = wanted.granules * kGranule;
    for (int attempt = 0; attempt < 2; ++attempt) {
        for (unsigned order = wanted.order; order < kOrders; ++order) {
            const Index granule = heads_[order];
            if (granule == kNone) continue;
            take(granule, order);
            push_range(granule + wanted.granules, granule + (std::uint32_t{1} << order));
            used_ += size;
            return AreaBlock{granule * kGranule, size};
        }
        if (!freed_since_join_) break;
        join_all();
    }
    return Error::Exhausted;
}

void MessageArea::push_range(std::uint32_t first, std::uint32_t end) {
    while (first < end) {
        unsigned order = first == 0 ? kOrders - 1 : static_cast<unsigned>(std::countr_zero(first));
        if (order > kOrders - 1) order = kOrders - 1;
        while ((std::uint32_t{1} << order) > end - first) --order;
        push(first, order);
        first += std::uint32_t{1} << order;
    }
}

void MessageArea::push(std::uint32_t granule, unsigned order) {
    links_[granule] = {heads_[order], kNone};
    if (heads_[order] != kNone) links_[heads_[order]].previous = static_cast<Index>(granule);
    heads_[order] = static_cast<Index>(granule);
    free_order_[granule] = static_cast<std::uint8_t>(order);
}

void MessageArea::take(std::uint32_t granule, unsigned order) {
    const Granule links = links_[granule];
    if (links.previous == kNone)
        heads_[order] = links.next;
    else
        links_[links.previous].next = links.next;
    if (links.next != kNone) links_[links.next].previous = links.previous;
    free_order_[granule] = kNotFree;
}

// Gives kept blocks back, then joins every pair of free buddies, smallest first.
void MessageArea::join_all() {
    freed_since_join_ = false;
    for (unsigned index = 0; index < kClasses; ++index) {
        const std::uint32_t granules = ((index % 4 + 5) << (index / 4)) >> 3;
        while (kept_[index] != kNone) {
            const Index granule = kept_[index];
            kept_[index] = links_[granule].next;
            push_range(granule, granule + granules);
        }
    }
    for (unsigned order = 0; order + 1 < kOrders; ++order) {
        const std::uint32_t step = std::uint32_t{1} << order;
        for (std::uint32_t granule = 0; granule + 2 * step <= granules_; granule += 2 * step) {
            if (free_order_[granule] != order || free_order_[granule + step] != order) continue;
            take(granule, order);
            take(granule + step, order);
            push(granule, order + 1);
        }
    }
}

}  // namespace capos::rt
