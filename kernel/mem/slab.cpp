#include "kernel/mem/slab.hpp"

#include <cstring>

#include "kernel/arch/arch.hpp"
#include "kernel/mem/frames.hpp"

namespace capos::kernel {

namespace {

std::uint64_t pages_used = 0;

struct FreeCell {
    FreeCell* next;
};

}  // namespace

// At the start of each page; cells follow.
struct alignas(64) CellPool::Page {
    Page* next;          // among the pages with a free cell
    Page* previous;
    FreeCell* free;
    std::uint32_t used;
    std::uint32_t capacity;
};

std::uint64_t CellPool::pages_in_use() { return pages_used; }

void* CellPool::take() {
    Page* page = partial_;
    if (page == nullptr) {
        auto frame = frames_take(0);
        if (!frame) return nullptr;
        ++pages_used;
        page = static_cast<Page*>(direct(*frame));
        *page = {};
        page->capacity = static_cast<std::uint32_t>((kPageSize - sizeof(Page)) / cell_bytes_);
        std::byte* cells = reinterpret_cast<std::byte*>(page + 1);
        for (std::uint32_t i = page->capacity; i-- > 0;) {
            auto* cell = reinterpret_cast<FreeCell*>(cells + i * cell_bytes_);
            cell->next = page->free;
            page->free = cell;
        }
        partial_ = page;
    }
    FreeCell* cell = page->free;
    page->free = cell->next;
    if (++page->used == page->capacity) {
        partial_ = page->next;
        if (partial_ != nullptr) partial_->previous = nullptr;
        page->next = nullptr;
    }
    std::memset(static_cast<void*>(cell), 0, cell_bytes_);
    return cell;
}

void CellPool::give(void* memory) {
    auto* page = reinterpret_cast<Page*>(reinterpret_cast<std::uint64_t>(memory) & ~(kPageSize - 1));
    auto* cell = static_cast<FreeCell*>(memory);
    const bool was_full = page->used == page->capacity;
    cell->next = page->free;
    page->free = cell;
    --page->used;
    if (was_full) {
        page->next = partial_;
        page->previous = nullptr;
        if (partial_ != nullptr) partial_->previous = page;
        partial_ = page;
    }
    if (page->used == 0 && (page->next != nullptr || page->previous != nullptr)) {   // keep one page warm
        if (page->previous != nullptr) page->previous->next = page->next;
        if (page->next != nullptr) page->next->previous = page->previous;
        if (partial_ == page) partial_ = page->next;
        frames_give(PhysAddr{reinterpret_cast<std::uint64_t>(page) - kDirectMapBase}, 0);
        --pages_used;
    }
}

}  // namespace capos::kernel
