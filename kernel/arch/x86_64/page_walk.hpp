// Page tables as data: no register is touched, so all of it is tested on the host.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/arch/arch.hpp"
#include "kernel/arch/x86_64/page_entry.hpp"
#include "kernel/boot/boot_info.hpp"

namespace capos::kernel::arch {

// Leaf flags for a program's page.
std::uint64_t leaf_flags(Protection protection);

// The leaf entry for `address` under `root`, or nullptr when a table above it is missing.
std::uint64_t* find_leaf(std::uint64_t root, UserAddr address);

// Puts `leaf` in place for `address` and answers the table that holds it. Missing tables come from `source`, all before
// the first is hung in. Errors: AlreadyExists when there is a leaf; what the source answers, with nothing changed.
Result<std::uint64_t> place_leaf(std::uint64_t root, FrameSource& source, UserAddr address, std::uint64_t leaf);

// Gives tables of the low half, and the root last, back to `source`, at most `most` of them: true when the root was among
// them. Otherwise what is left is whole, for the next call. Pages that leaves name are not touched.
bool give_tables(std::uint64_t root, FrameSource& source, std::uint64_t most);

// Copies `bytes` from `address` on as a program under `root` would read it. False when not all of it is readable.
bool read_through(std::uint64_t root, UserAddr address, void* out, std::size_t bytes);

// Whether the 1 GiB page at `at` shows nothing but `range`: a neighbour, of which it would show a part, has tables of its own.
inline constexpr std::uint64_t kHugePage = std::uint64_t{1} << 30;
constexpr bool huge_page_fits(const MemoryRange& range, std::uint64_t at) {
    return at % kHugePage == 0 && at >= range.base && range.bytes >= kHugePage && at - range.base <= range.bytes - kHugePage;
}

// Whether no leaf under `root`, of any size, is both writable and executable.
bool keeps_write_xor_execute(std::uint64_t root);

}  // namespace capos::kernel::arch
