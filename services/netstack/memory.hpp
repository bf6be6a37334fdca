// Memory objects that the stack creates for itself and has mapped.
#pragma once

#include <cstddef>
#include <span>

#include "runtime/task.hpp"
#include "schema/memory.client.hpp"

namespace capos::netstack {

struct MappedMemory {
    client::MemoryObject object;
    std::span<std::byte> bytes;   // stays mapped for good
};

// At least `bytes` bytes of zeroed memory, readable and writable. QuotaExceeded: the ledger has no pages left.
rt::Task<Result<MappedMemory>> create_memory(const client::MemoryFactory& memory,
                                             const client::AddressSpace& address_space, std::size_t bytes);

}  // namespace capos::netstack
