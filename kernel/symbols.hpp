// Names of the kernel's own functions, for backtraces. The table is made from the linked kernel by
// tools/kernel-symbols and linked in as the last of the constants.
#pragma once

#include <cstdint>

namespace capos::kernel {

struct SymbolPlace {
    const char* name;           // nullptr when the address is in no function
    std::uint64_t offset;       // from the function's start
};

SymbolPlace find_symbol(std::uint64_t address);

}  // namespace capos::kernel
