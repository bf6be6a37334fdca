// Which function an address lies in, from an executable's own symbol table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "lib/base/result.hpp"

namespace capos::elf {

struct SymbolAt {
    std::string_view name;      // as the compiler wrote it; into the file's bytes
    std::uint64_t offset;       // of the address within the function
};

class SymbolTable {
public:
    // Finds the symbol table of a file. NotFound: it has none. Malformed: it lies outside the file.
    static Result<SymbolTable> open(std::span<const std::byte> file);
    // NotFound: no function is known there. Looks through the whole table.
    Result<SymbolAt> find(std::uint64_t address) const;

private:
    std::span<const std::byte> symbols_;
    std::span<const std::byte> names_;
};

}  // namespace capos::elf
