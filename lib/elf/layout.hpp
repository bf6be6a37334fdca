// The structures of an ELF64 file (System V gABI, chapters 4 and 5), and reading them at any alignment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "lib/base/result.hpp"

namespace capos::elf {

struct FileHeader {
    std::uint8_t ident[16];
    std::uint16_t type;
    std::uint16_t machine;
    std::uint32_t version;
    std::uint64_t entry;
    std::uint64_t program_headers;
    std::uint64_t section_headers;
    std::uint32_t flags;
    std::uint16_t header_bytes;
    std::uint16_t program_header_bytes;
    std::uint16_t program_header_count;
    std::uint16_t section_header_bytes;
    std::uint16_t section_header_count;
    std::uint16_t section_names;
};
static_assert(sizeof(FileHeader) == 64);

struct ProgramHeader {
    std::uint32_t type;
    std::uint32_t flags;
    std::uint64_t offset;
    std::uint64_t address;
    std::uint64_t physical_address;
    std::uint64_t file_bytes;
    std::uint64_t memory_bytes;
    std::uint64_t alignment;
};
static_assert(sizeof(ProgramHeader) == 56);

struct SectionHeader {
    std::uint32_t name;
    std::uint32_t type;
    std::uint64_t flags;
    std::uint64_t address;
    std::uint64_t offset;
    std::uint64_t bytes;
    std::uint32_t link;
    std::uint32_t info;
    std::uint64_t alignment;
    std::uint64_t entry_bytes;
};
static_assert(sizeof(SectionHeader) == 64);

struct Symbol {
    std::uint32_t name;
    std::uint8_t info;
    std::uint8_t other;
    std::uint16_t section;
    std::uint64_t value;
    std::uint64_t bytes;
};
static_assert(sizeof(Symbol) == 24);

inline constexpr std::uint8_t kMagic[4] = {0x7f, 'E', 'L', 'F'};
inline constexpr std::uint8_t kClass64 = 2;
inline constexpr std::uint8_t kLittleEndian = 1;
inline constexpr std::uint16_t kExecutable = 2;
inline constexpr std::uint16_t kMachineX86_64 = 62;
inline constexpr std::uint32_t kSegmentLoad = 1, kSegmentDynamic = 2, kSegmentInterpreter = 3;
inline constexpr std::uint32_t kFlagExecute = 1, kFlagWrite = 2, kFlagRead = 4;
inline constexpr std::uint32_t kSectionSymbols = 2;
inline constexpr std::uint8_t kSymbolFunction = 2;

// The T at `offset`. OutOfBounds when it does not lie inside.
template <class T>
Result<T> read_at(std::span<const std::byte> file, std::uint64_t offset) {
    if (offset > file.size() || sizeof(T) > file.size() - offset) return Error::OutOfBounds;
    T value;
    std::memcpy(&value, file.data() + offset, sizeof(T));
    return value;
}

}  // namespace capos::elf
