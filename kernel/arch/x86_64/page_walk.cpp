#include "kernel/arch/x86_64/page_walk.hpp"

#include <cstring>

namespace capos::kernel::arch {

namespace {

constexpr std::uint64_t kTableFlags = kEntryPresent | kEntryWritable | kEntryUser;
constexpr unsigned kRootLevel = 3;

// By Protection.
constexpr std::uint64_t kLeafFlags[] = {
    kEntryPresent | kEntryUser | kEntryNoExecute,
    kEntryPresent | kEntryUser | kEntryNoExecute | kEntryWritable,
    kEntryPresent | kEntryUser,
};
static_assert(static_cast<int>(Protection::Read) == 0 && static_cast<int>(Protection::ReadWrite) == 1 &&
              static_cast<int>(Protection::ReadExecute) == 2);

// Gives back the tables under the first `count` entries of the one that `entry` names, of `level`, and then that one;
// `most` of them. False when some are left.
bool give_below(std::uint64_t entry, unsigned level, unsigned count, FrameSource& source, std::uint64_t& most) {
    if (level > 0) {
        std::uint64_t* table = table_at(entry);
        for (unsigned i = 0; i < count; ++i) {
            if (table[i] == 0) continue;
            if (!give_below(table[i], level - 1, kEntries, source, most)) return false;
            table[i] = 0;
        }
    }
    if (most == 0) return false;
    --most;
    source.give_frame(PhysAddr{entry & kEntryFrame});
    return true;
}

bool keeps_below(std::uint64_t table, unsigned level) {
    for (unsigned i = 0; i < kEntries; ++i) {
        const std::uint64_t entry = table_at(table)[i];
        if ((entry & kEntryPresent) == 0) continue;
        if (level == 0 || (entry & kEntryLarge) != 0) {
            if ((entry & kEntryWritable) != 0 && (entry & kEntryNoExecute) == 0) return false;
        } else if (!keeps_below(entry, level - 1)) {
            return false;
        }
    }
    return true;
}

}  // namespace

bool keeps_write_xor_execute(std::uint64_t root) { return keeps_below(root, kRootLevel); }

std::uint64_t leaf_flags(Protection protection) { return kLeafFlags[static_cast<unsigned>(protection)]; }

std::uint64_t* find_leaf(std::uint64_t root, UserAddr address) {
    std::uint64_t table = root;
    for (unsigned level = kRootLevel; level > 0; --level) {
        table = table_at(table)[table_index(address, level)];
        if ((table & kEntryPresent) == 0) return nullptr;
    }
    return &table_at(table)[table_index(address, 0)];
}

Result<std::uint64_t> place_leaf(std::uint64_t root, FrameSource& source, UserAddr address, std::uint64_t leaf) {
    std::uint64_t table = root;
    unsigned level = kRootLevel;
    std::uint64_t* slot = &table_at(table)[table_index(address, level)];
    while (level > 0 && (*slot & kEntryPresent) != 0) {
        table = *slot;
        --level;
        slot = &table_at(table)[table_index(address, level)];
    }
    if (level == 0) {
        if (*slot != 0) return Error::AlreadyExists;
        *slot = leaf;
        return table & kEntryFrame;
    }
    // Tables are missing: build the branch from the leaf upwards and hang it in last.
    std::uint64_t taken[kRootLevel];
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
    return taken[0];
}

bool give_tables(std::uint64_t root, FrameSource& source, std::uint64_t most) {
    return give_below(root, kRootLevel, kEntries / 2, source, most);
}

bool read_through(std::uint64_t root, UserAddr address, void* out, std::size_t bytes) {
    constexpr std::uint64_t kReadable = kEntryPresent | kEntryUser;
    if (address >= kUserLimit || bytes > kUserLimit - address) return false;
    auto* to = static_cast<std::byte*>(out);
    while (bytes != 0) {
        const std::uint64_t* leaf = find_leaf(root, address);
        if (leaf == nullptr || (*leaf & kReadable) != kReadable) return false;
        const std::size_t offset = address % kPageSize;
        const std::size_t part = bytes < kPageSize - offset ? bytes : kPageSize - offset;
        std::memcpy(to, reinterpret_cast<const std::byte*>(table_at(*leaf)) + offset, part);
        address += part;
        to += part;
        bytes -= part;
    }
    return true;
}

}  // namespace capos::kernel::arch
