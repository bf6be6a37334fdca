#include "services/netstack/memory.hpp"

namespace capos::netstack {

rt::Task<Result<MappedMemory>> create_memory(const client::MemoryFactory& memory,
                                             const client::AddressSpace& address_space, std::size_t bytes) {
    const std::size_t size = (bytes + 4095) & ~std::size_t{4095};
    auto created = CO_TRY(co_await memory.create(size));
    client::MemoryObject object = CO_TRY(created.take<schema::MemoryObject>(created->object()));
    auto mapped = CO_TRY(co_await address_space.map(object, 0, size, 0, schema::AddressSpace::Protection::read_write));
    auto* start = reinterpret_cast<std::byte*>(mapped->address());
    co_return MappedMemory{std::move(object), {start, size}};
}

}  // namespace capos::netstack
