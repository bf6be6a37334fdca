// A plan or a symbol that is given must lie inside the file, whatever the file says.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "lib/elf/demangle.hpp"
#include "lib/elf/elf.hpp"
#include "lib/elf/symbols.hpp"

using namespace capos;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

void check_plan(std::span<const std::byte> file) {
    const auto plan = elf::plan(file);
    if (!plan) return;
    std::uint64_t end = 0;
    bool entry = false;
    require(!plan->segments().empty() && plan->segments().size() <= elf::kMaxSegments);
    for (const elf::Segment& segment : plan->segments()) {
        require(segment.page_address() >= end);
        end = segment.page_address() + segment.pages() * elf::kPageBytes;
        require(segment.page_address() >= elf::kLowestAddress && end <= elf::kAddressLimit);
        require(segment.file_offset <= file.size() && segment.file_bytes <= file.size() - segment.file_offset);
        require(segment.file_bytes <= segment.memory_bytes);
        if (segment.protection != elf::Protection::ReadWrite)
            require(segment.file_page_offset() + segment.pages() * elf::kPageBytes <=
                    (file.size() + elf::kPageBytes - 1) / elf::kPageBytes * elf::kPageBytes);
        if (segment.protection == elf::Protection::ReadExecute)
            entry |= plan->entry() >= segment.address && plan->entry() < segment.address + segment.memory_bytes;
    }
    require(entry);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span file(reinterpret_cast<const std::byte*>(data), size);
    check_plan(file);
    if (const auto symbols = elf::SymbolTable::open(file)) {
        for (const std::uint64_t address : {std::uint64_t{0x401000}, std::uint64_t{0}, ~std::uint64_t{0}}) {
            const auto symbol = symbols->find(address);
            if (!symbol) continue;
            require(symbol->name.data() >= reinterpret_cast<const char*>(data) &&
                    symbol->name.data() + symbol->name.size() <= reinterpret_cast<const char*>(data) + size);
            FixedText<64> text;
            elf::demangle(text, symbol->name);
        }
    }
    FixedText<64> text;
    elf::demangle(text, {reinterpret_cast<const char*>(data), size < 200 ? size : 200});
    return 0;
}
