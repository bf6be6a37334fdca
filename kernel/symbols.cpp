#include "kernel/symbols.hpp"

#include <cstddef>

// As tools/kernel-symbols writes it: `count` places in rising order, then the names.
struct SymbolTable {
    std::uint32_t count;
    std::uint32_t name_bytes;
    struct Entry { std::uint32_t address; std::uint32_t name; } entries[];   // offsets: from the image, from the names
};
extern "C" const SymbolTable kernel_symbol_table;
extern "C" const std::byte kernel_image_start[], kernel_text_end[];     // kernel.ld

namespace capos::kernel {

SymbolPlace find_symbol(std::uint64_t address) {
    const auto start = reinterpret_cast<std::uint64_t>(kernel_image_start);
    const SymbolTable& table = kernel_symbol_table;
    if (address < start || address >= reinterpret_cast<std::uint64_t>(kernel_text_end) || table.count == 0) return {nullptr, 0};
    const std::uint64_t wanted = address - start;
    std::uint32_t low = 0, high = table.count;
    while (high - low > 1) {
        const std::uint32_t middle = low + (high - low) / 2;
        if (table.entries[middle].address <= wanted) low = middle;
        else high = middle;
    }
    const SymbolTable::Entry& entry = table.entries[low];
    if (entry.address > wanted || entry.name >= table.name_bytes) return {nullptr, 0};
    return {reinterpret_cast<const char*>(&table.entries[table.count]) + entry.name, wanted - entry.address};
}

}  // namespace capos::kernel
