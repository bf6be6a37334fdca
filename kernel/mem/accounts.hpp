// The books: where every frame of the machine has gone.
#pragma once

#include <cstdint>

namespace capos::kernel {

struct MemoryAccounts {
    std::uint64_t total_pages;      // given to the frame allocator
    std::uint64_t free_pages;
    std::uint64_t slab_pages;       // kernel objects
    std::uint64_t kernel_pages;     // the kernel's own, at no process's cost
    std::uint64_t charged_pages;    // leaf charges of all ledgers
    std::uint64_t promised_pages;   // of those: charged already, and still to be taken

    // Pages that are neither free, nor in slabs, nor the kernel's, nor charged to anybody. 0 when the books balance.
    std::int64_t drift() const {
        return static_cast<std::int64_t>(total_pages - free_pages) -
               static_cast<std::int64_t>(slab_pages + kernel_pages + charged_pages - promised_pages);
    }
};

MemoryAccounts memory_accounts();
// Whoever charges pages before it takes them counts them here meanwhile.
extern std::uint64_t promised_pages;
// Remembers what is in use now as the kernel's own; once, before the first process.
void close_kernel_account();

}  // namespace capos::kernel
