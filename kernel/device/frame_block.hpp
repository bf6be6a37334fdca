// Contiguous frames that a ledger pays for: queue memory and tables too large for a slab.
#pragma once

#include <cstddef>
#include <span>

#include "kernel/arch/arch.hpp"
#include "kernel/mem/ledger.hpp"

namespace capos::kernel::device {

// Move-only; gives its frames back when it goes. Rounded up to a power of two of pages, all of them charged.
class FrameBlock {
public:
    FrameBlock() = default;
    // Zeroed. QuotaExceeded, OutOfMemory.
    static Result<FrameBlock> create(Ledger& ledger, std::size_t bytes);
    FrameBlock(FrameBlock&& other) noexcept;
    FrameBlock& operator=(FrameBlock&& other) noexcept;
    ~FrameBlock();

    std::byte* memory() const { return static_cast<std::byte*>(direct(first_)); }
    PhysAddr physical() const { return first_; }
    // The block as `count` objects of T, which fit.
    template <class T>
    std::span<T> as(std::size_t count) const {
        return {reinterpret_cast<T*>(memory()), count};
    }

private:
    Ledger* ledger_ = nullptr;      // null: empty
    PhysAddr first_{};
    unsigned order_ = 0;
};

}  // namespace capos::kernel::device
