// Slab cells as single host allocations, so that the address sanitizer sees the use of a kernel object after its end.
// Tests of the slab itself link kernel/mem/slab.cpp instead.
#include <cstdlib>
#include <cstring>

#include "kernel/mem/slab.hpp"
#include "tests/kernel_host/machine.hpp"

namespace capos::kernel {

std::uint64_t CellPool::pages_in_use() { return 0; }

void* CellPool::take() {
    if (!test::memory().allows_take()) return nullptr;
    void* cell = std::aligned_alloc(64, cell_bytes_);
    std::memset(cell, 0, cell_bytes_);
    ++test::memory().cells;
    return cell;
}

void CellPool::give(void* cell) {
    --test::memory().cells;
    std::free(cell);
}

}  // namespace capos::kernel
