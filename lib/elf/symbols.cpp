#include "lib/elf/symbols.hpp"

#include "lib/elf/layout.hpp"

namespace capos::elf {

namespace {

constexpr std::uint32_t kMaxSections = 256;
constexpr std::size_t kMaxNameBytes = 512;

Result<std::span<const std::byte>> contents(std::span<const std::byte> file, const SectionHeader& section) {
    if (section.offset > file.size() || section.bytes > file.size() - section.offset) return Error::Malformed;
    return file.subspan(section.offset, section.bytes);
}

}  // namespace

Result<SymbolTable> SymbolTable::open(std::span<const std::byte> file) {
    const auto header = read_at<FileHeader>(file, 0);
    if (!header || std::memcmp(header->ident, kMagic, sizeof kMagic) != 0 || header->ident[4] != kClass64)
        return Error::Malformed;
    if (header->section_header_count == 0) return Error::NotFound;
    if (header->section_header_bytes != sizeof(SectionHeader) || header->section_header_count > kMaxSections)
        return Error::Malformed;
    const auto section_at = [&](std::uint32_t index) -> Result<SectionHeader> {
        const std::uint64_t offset = header->section_headers + index * sizeof(SectionHeader);
        if (index >= header->section_header_count || offset < header->section_headers) return Error::Malformed;
        return read_at<SectionHeader>(file, offset);
    };
    for (std::uint32_t i = 0; i < header->section_header_count; ++i) {
        const SectionHeader section = TRY(section_at(i));
        if (section.type != kSectionSymbols) continue;
        if (section.entry_bytes != sizeof(Symbol)) return Error::Malformed;
        SymbolTable table;
        table.symbols_ = TRY(contents(file, section));
        table.names_ = TRY(contents(file, TRY(section_at(section.link))));
        return table;
    }
    return Error::NotFound;
}

Result<SymbolAt> SymbolTable::find(std::uint64_t address) const {
    Symbol best{};
    for (std::size_t at = 0; at + sizeof(Symbol) <= symbols_.size(); at += sizeof(Symbol)) {
        Symbol symbol;
        std::memcpy(&symbol, symbols_.data() + at, sizeof symbol);
        if ((symbol.info & 15) != kSymbolFunction || symbol.value > address) continue;
        // A function of unknown size (assembly) reaches to the next one.
        if (symbol.bytes != 0 && address - symbol.value >= symbol.bytes) continue;
        if (best.name == 0 || symbol.value > best.value) best = symbol;
    }
    if (best.name == 0 || best.name >= names_.size()) return Error::NotFound;
    const auto* text = reinterpret_cast<const char*>(names_.data()) + best.name;
    std::size_t room = names_.size() - best.name;
    if (room > kMaxNameBytes) room = kMaxNameBytes;
    const void* end = std::memchr(text, 0, room);
    const std::size_t length = end == nullptr ? room : static_cast<std::size_t>(static_cast<const char*>(end) - text);
    return SymbolAt{{text, length}, address - best.value};
}

}  // namespace capos::elf
