// Address spaces of programs: the low half of a root table whose high half is the kernel's.
#include <cstring>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/features.hpp"
#include "kernel/arch/x86_64/paging.hpp"

namespace capos::kernel::arch {

namespace {

constexpr std::uint64_t kLeafTableMask = (std::uint64_t{kEntries} * kPageSize) - 1;     // what one table of leaves maps
constexpr std::uint64_t kTableFlags = kEntryPresent | kEntryWritable | kEntryUser;

std::uint64_t page_flags(Protection protection) {
    switch (protection) {
    case Protection::Read: return kEntryPresent | kEntryUser | kEntryNoExecute;
    case Protection::ReadWrite: return kEntryPresent | kEntryUser | kEntryNoExecute | kEntryWritable;
    case Protection::ReadExecute: return kEntryPresent | kEntryUser;
    }
    return 0;
}

// The leaf entry for `address`, or nullptr when a table above it is missing.
std::uint64_t* find_entry(std::uint64_t root, UserAddr address) {
    std::uint64_t table = root;
    for (unsigned level = 3; level > 0; --level) {
        table = table_at(table)[table_index(address, level)];
        if ((table & kEntryPresent) == 0) return nullptr;
    }
    return &table_at(table)[table_index(address, 0)];
}

// Gives back the tables below `entry`, which is a table of `level`.
void give_tables(std::uint64_t entry, unsigned level, unsigned count, FrameSource& source) {
    if (level > 0) {
        const std::uint64_t* table = table_at(entry);
        for (unsigned i = 0; i < count; ++i)
            if (table[i] != 0) give_tables(table[i], level - 1, kEntries, source);
    }
    source.give_frame(PhysAddr{entry & kEntryFrame});
}

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
    const std::uint64_t leaf = static_cast<std::uint64_t>(frame) | page_flags(protection);
    if ((address & ~kLeafTableMask) == leaves_address_) {
        std::uint64_t& entry = table_at(leaves_)[table_index(address, 0)];
        if (entry != 0) return Error::AlreadyExists;
        entry = leaf;
        return {};
    }
    std::uint64_t table = root_;
    unsigned level = 3;
    std::uint64_t* slot = &table_at(table)[table_index(address, level)];
    while (level > 0 && (*slot & kEntryPresent) != 0) {
        table = *slot;
        --level;
        slot = &table_at(table)[table_index(address, level)];
    }
    if (level == 0) {
        if (*slot != 0) return Error::AlreadyExists;
        *slot = leaf;
        leaves_ = table;
        leaves_address_ = address & ~kLeafTableMask;
        return {};
    }
    // Tables are missing: build the branch from the leaf upwards and hang it in last.
    std::uint64_t taken[3];
    for (unsigned i = 0; i < level; ++i) {
        Result<PhysAddr> fresh = source.take_frame();
        if (!fresh) {
            while (i > 0) source.give_frame(PhysAddr{taken[--i]});
            return fresh.error();
        }
        taken[i] = static_cast<std::uint64_t>(*fresh);
        table_at(taken[i])[table_index(address, i)] = i == 0 ? leaf : taken[i - 1] | kTableFlags;
    }
    *slot = taken[level - 1] | kTableFlags;
    leaves_ = taken[0];
    leaves_address_ = address & ~kLeafTableMask;
    return {};
}

void PageTables::unmap(UserAddr address) {
    if (address >= kUserLimit) return;
    std::uint64_t* entry = find_entry(root_, address);
    if (entry == nullptr || *entry == 0) return;
    *entry = 0;
    if (this_cpu().loaded_root == root_) flush_page(address);
}

void PageTables::protect(UserAddr address, Protection protection) {
    if (address >= kUserLimit) return;
    std::uint64_t* entry = find_entry(root_, address);
    if (entry == nullptr || *entry == 0) return;
    *entry = (*entry & kEntryFrame) | page_flags(protection);
    if (this_cpu().loaded_root == root_) flush_page(address);
}

void PageTables::destroy(FrameSource& source) {
    if (this_cpu().loaded_root == root_) panic("an address space is destroyed while it is loaded");
    give_tables(root_, 3, kEntries / 2, source);
    root_ = 0;
    leaves_address_ = ~UserAddr{0};
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
    auto* to = static_cast<std::byte*>(out);
    if (address >= kUserLimit || bytes > kUserLimit - address) return false;
    while (bytes != 0) {
        const std::uint64_t* entry = find_entry(this_cpu().loaded_root, address);
        if (entry == nullptr || (*entry & (kEntryPresent | kEntryUser)) != (kEntryPresent | kEntryUser)) return false;
        const std::size_t offset = address % kPageSize;
        const std::size_t part = bytes < kPageSize - offset ? bytes : kPageSize - offset;
        std::memcpy(to, reinterpret_cast<const std::byte*>(table_at(*entry)) + offset, part);
        address += part;
        to += part;
        bytes -= part;
    }
    return true;
}

}  // namespace capos::kernel::arch
