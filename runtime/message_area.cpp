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
    total_ = bytes;
    used_ = 0;
    // The largest aligned blocks that fit, from the start.
    for (std::uint32_t at = 0; at < granules_;) {
        unsigned order = at == 0 ? kOrders - 1 : static_cast<unsigned>(std::countr_zero(at));
        if (order > kOrders - 1) order = kOrders - 1;
        while ((std::uint32_t{1} << order) > granules_ - at) --order;
        push(at, order);
        at += std::uint32_t{1} << order;
    }
    return {};
}

unsigned MessageArea::order_for(std::uint32_t bytes) {
    const std::uint32_t granules = (bytes + kGranule - 1) / kGranule;
    return static_cast<unsigned>(std::bit_width(granules - 1));
}

Result<AreaBlock> MessageArea::allocate(std::uint32_t bytes) {
    if (bytes == 0) return AreaBlock{};
    if (bytes > total_) return Error::Exhausted;
    const unsigned wanted = order_for(bytes);
    for (int attempt = 0; attempt < 2; ++attempt) {
        for (unsigned order = wanted; order < kOrders; ++order) {
            const Index granule = heads_[order];
            if (granule == kNone) continue;
            take(granule, order);
            while (order > wanted) {
                --order;
                push(granule + (std::uint32_t{1} << order), order);
            }
            used_ += kGranule << wanted;
            return AreaBlock{granule * kGranule, kGranule << wanted};
        }
        if (attempt == 0) merge_all();
    }
    return Error::Exhausted;
}

void MessageArea::free(AreaBlock block) {
    if (!block) return;
    used_ -= block.size;
    push(block.offset / kGranule, order_for(block.size));
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

// Joins every pair of free buddies, smallest first.
void MessageArea::merge_all() {
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
