#include "kernel/mem/accounts.hpp"

#include "kernel/mem/frames.hpp"
#include "kernel/mem/ledger.hpp"
#include "kernel/mem/slab.hpp"

namespace capos::kernel {

namespace {

std::uint64_t kernel_pages = 0;

}  // namespace

std::uint64_t promised_pages = 0;

void close_kernel_account() { kernel_pages = frames_total() - frames_free() - CellPool::pages_in_use(); }

MemoryAccounts memory_accounts() {
    return {.total_pages = frames_total(), .free_pages = frames_free(), .slab_pages = CellPool::pages_in_use(),
            .kernel_pages = kernel_pages, .charged_pages = Ledger::charged_pages(), .promised_pages = promised_pages};
}

}  // namespace capos::kernel
