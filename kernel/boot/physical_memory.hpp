// How the parsers of boot structures see memory that somebody else wrote: through bounded views, never by pointer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

namespace capos::kernel::boot {

using Bytes = std::span<const std::byte>;

class PhysicalMemory {
public:
    // `bytes` bytes at physical `address`; empty when they are not all readable (or none were asked for).
    virtual Bytes view(std::uint64_t address, std::size_t bytes) const = 0;

protected:
    ~PhysicalMemory() = default;
};

// The value at `offset`, which may be misaligned; nothing when it does not lie inside.
template <class T>
    requires std::is_trivially_copyable_v<T>
std::optional<T> read_at(Bytes bytes, std::size_t offset) {
    if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

// The part from `offset` on, at most `length` long; empty when `offset` is outside.
inline Bytes part_of(Bytes bytes, std::size_t offset, std::size_t length = ~std::size_t{0}) {
    if (offset >= bytes.size()) return {};
    const std::size_t rest = bytes.size() - offset;
    return bytes.subspan(offset, length < rest ? length : rest);
}

}  // namespace capos::kernel::boot
