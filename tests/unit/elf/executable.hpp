// Makes small ELF64 executables for tests.
#pragma once

#include <cstring>
#include <string_view>
#include <vector>

#include "lib/elf/layout.hpp"

namespace capos::test {

struct Executable {
    elf::FileHeader header{};
    std::vector<elf::ProgramHeader> segments;
    std::vector<std::byte> contents;      // placed at file offset 0x1000
    struct Function { std::string_view name; std::uint64_t address; std::uint64_t bytes; };
    std::vector<Function> functions;

    // Three segments as our linker makes them: read-only, executable, writable with memory beyond the file's.
    Executable() {
        std::memcpy(header.ident, elf::kMagic, 4);
        header.ident[4] = elf::kClass64;
        header.ident[5] = elf::kLittleEndian;
        header.ident[6] = 1;
        header.type = elf::kExecutable;
        header.machine = elf::kMachineX86_64;
        header.version = 1;
        header.entry = 0x401010;
        header.header_bytes = sizeof header;
        header.program_header_bytes = sizeof(elf::ProgramHeader);
        header.section_header_bytes = sizeof(elf::SectionHeader);
        contents.resize(0x2800, std::byte{0xcc});
        segments.push_back({elf::kSegmentLoad, elf::kFlagRead, 0, 0x400000, 0x400000, 0x400, 0x400, 0x1000});
        segments.push_back({elf::kSegmentLoad, elf::kFlagRead | elf::kFlagExecute, 0x1000, 0x401000, 0x401000, 0x1800, 0x1800, 0x1000});
        segments.push_back({elf::kSegmentLoad, elf::kFlagRead | elf::kFlagWrite, 0x3010, 0x403010, 0x403010, 0x100, 0x3000, 0x1000});
    }

    std::vector<std::byte> bytes() const {
        elf::FileHeader written = header;
        written.program_headers = sizeof header;
        written.program_header_count = static_cast<std::uint16_t>(segments.size());
        std::vector<std::byte> file(0x1000 + contents.size());
        std::memcpy(file.data() + sizeof header, segments.data(), segments.size() * sizeof segments[0]);
        std::memcpy(file.data() + 0x1000, contents.data(), contents.size());
        if (!functions.empty()) append_symbols(file, written);
        std::memcpy(file.data(), &written, sizeof written);
        return file;
    }

private:
    template <class T>
    static std::uint64_t append(std::vector<std::byte>& file, const std::vector<T>& items) {
        const std::size_t offset = file.size();
        file.resize(offset + items.size() * sizeof(T));
        if (!items.empty()) std::memcpy(file.data() + offset, items.data(), items.size() * sizeof(T));
        return offset;
    }
    void append_symbols(std::vector<std::byte>& file, elf::FileHeader& written) const {
        std::vector<char> names(1);
        std::vector<elf::Symbol> symbols(1);
        for (const Function& function : functions) {
            symbols.push_back({static_cast<std::uint32_t>(names.size()), elf::kSymbolFunction, 0, 1, function.address, function.bytes});
            names.insert(names.end(), function.name.begin(), function.name.end());
            names.push_back(0);
        }
        std::vector<elf::SectionHeader> sections(3);
        sections[1] = {0, elf::kSectionSymbols, 0, 0, append(file, symbols), symbols.size() * sizeof(elf::Symbol), 2, 0, 8, sizeof(elf::Symbol)};
        sections[2] = {0, 3, 0, 0, append(file, names), names.size(), 0, 0, 1, 0};
        written.section_headers = append(file, sections);
        written.section_header_count = 3;
    }
};

}  // namespace capos::test
