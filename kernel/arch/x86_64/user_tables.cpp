// Address spaces of programs: the low half of a root table; the high half shows the kernel (paging.hpp). What stands in
// the tables is page_walk.cpp's business; here is what the CPU must be told.
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/features.hpp"
#include "kernel/arch/x86_64/page_walk.hpp"
#include "kernel/arch/x86_64/paging.hpp"

namespace capos::kernel::arch {

namespace {

// More pages than these are taken out of the TLB with everything else that it holds of the space.
constexpr std::uint64_t kMostFlushedSingly = 32;
constexpr std::uint64_t kLeafTableMask = (std::uint64_t{kEntries} * kPageSize) - 1;     // what one table of leaves maps

// Makes `root` the address space that user mode returns to. With separate page tables CR3 changes only on the way there.
void load_root(std::uint64_t root) {
    Cpu& cpu = this_cpu();
    cpu.loaded_root = root;
    if (cpu.kernel_root != 0)
        cpu.user_root = root;
    else
        write_cr3(root);
}

}  // namespace

Result<void> PageTables::create(FrameSource& source) {
    root_ = static_cast<std::uint64_t>(TRY(source.take_frame()));
    copy_kernel_half(table_at(root_));
    return {};
}

Result<void> PageTables::map(FrameSource& source, UserAddr address, PhysAddr frame, Protection protection) {
    if (address < kUserFirst || address >= kUserLimit) return Error::OutOfBounds;
    const std::uint64_t leaf = static_cast<std::uint64_t>(frame) | leaf_flags(protection);
    if ((address & ~kLeafTableMask) == leaves_address_) {
        std::uint64_t& entry = table_at(leaves_)[table_index(address, 0)];
        if (entry != 0) return Error::AlreadyExists;
        entry = leaf;
        return {};
    }
    leaves_ = TRY(place_leaf(root_, source, address, leaf));
    leaves_address_ = address & ~kLeafTableMask;
    return {};
}

void PageTables::change(UserAddr address, std::uint64_t pages, std::uint64_t flags) {
    const bool loaded = this_cpu().loaded_root == root_;
    std::uint64_t* entry = nullptr;
    for (std::uint64_t page = 0; page < pages && address < kUserLimit; ++page, address += kPageSize) {
        const bool next_in_table = entry != nullptr && table_index(address, 0) != 0;
        entry = next_in_table ? entry + 1 : find_leaf(root_, address);
        if (entry == nullptr || *entry == 0) continue;
        *entry = flags == 0 ? 0 : (*entry & kEntryFrame) | flags;
        if (loaded && pages <= kMostFlushedSingly) flush_page(address);
    }
    if (loaded && pages > kMostFlushedSingly) load_root(root_);
}

void PageTables::unmap(UserAddr address, std::uint64_t pages) { change(address, pages, 0); }

void PageTables::protect(UserAddr address, std::uint64_t pages, Protection protection) {
    change(address, pages, leaf_flags(protection));
}

bool PageTables::destroy(FrameSource& source, std::uint64_t most) {
    if (this_cpu().loaded_root == root_) panic("an address space is destroyed while it is loaded");
    leaves_address_ = ~UserAddr{0};
    if (!give_tables(root_, source, most)) return false;
    root_ = 0;
    return true;
}

bool PageTables::activate() {
    if (this_cpu().loaded_root == root_) return false;
    load_root(root_);
    // What one program trained the branch predictors to do must not steer the next (Intel SDM 3A, IA32_PRED_CMD).
    if (cpu_features.indirect_branch_barrier) write_msr(kMsrPredictionCommand, 1);
    return true;
}

void activate_kernel_space() {
    if (this_cpu().loaded_root != kernel_root()) load_root(kernel_root());
}

bool peek_user(UserAddr address, void* out, std::size_t bytes) {
    return read_through(this_cpu().loaded_root, address, out, bytes);
}

}  // namespace capos::kernel::arch
