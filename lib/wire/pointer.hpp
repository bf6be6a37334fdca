// The 64-bit words of a Cap'n Proto segment: loads, stores and the encoding of pointers (Cap'n Proto encoding
// specification, "Structs", "Lists", "Capabilities (Interfaces)"). Nothing here checks a bound; Validator does.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace capos::wire {

static_assert(std::endian::native == std::endian::little, "the wire format is little-endian and read in place");

inline constexpr std::size_t kWordBytes = 8;

// The first two bits of a pointer word.
enum class PointerKind : std::uint8_t { Struct = 0, List = 1, Far = 2, Other = 3 };

// How a list's elements are laid out; three bits of a list pointer.
enum class ElementSize : std::uint8_t {
    Void = 0,
    Bit = 1,
    Byte = 2,
    TwoBytes = 3,
    FourBytes = 4,
    EightBytes = 5,
    Pointer = 6,
    Composite = 7,  // structs, behind a tag word that has the form of a struct pointer
};

// Bits of one element; 0 for Composite, whose tag word says it.
constexpr std::uint32_t element_bits(ElementSize size) {
    constexpr std::uint8_t kBits[] = {0, 1, 8, 16, 32, 64, 64, 0};
    return kBits[static_cast<std::uint8_t>(size)];
}

inline constexpr std::uint32_t kMaxListCount = (1u << 29) - 1;

// A value read from or written to bytes of any alignment; one move instruction.
template <class T>
    requires std::is_trivially_copyable_v<T>
inline T load(const std::byte* from) {
    T value;
    __builtin_memcpy(&value, from, sizeof(T));
    return value;
}

template <class T>
    requires std::is_trivially_copyable_v<T>
inline void store(std::byte* to, T value) {
    __builtin_memcpy(to, &value, sizeof(T));
}

constexpr PointerKind pointer_kind(std::uint64_t word) { return static_cast<PointerKind>(word & 3); }

// Words from the end of a struct or list pointer to what it points at.
constexpr std::int32_t pointer_offset(std::uint64_t word) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(word)) >> 2;
}

constexpr std::uint16_t struct_data_words(std::uint64_t word) { return static_cast<std::uint16_t>(word >> 32); }
constexpr std::uint16_t struct_pointers(std::uint64_t word) { return static_cast<std::uint16_t>(word >> 48); }

constexpr ElementSize list_element_size(std::uint64_t word) { return static_cast<ElementSize>((word >> 32) & 7); }
// Elements; for a Composite list the words of all elements without the tag.
constexpr std::uint32_t list_count(std::uint64_t word) { return static_cast<std::uint32_t>(word >> 35); }
// Elements of a Composite list, from its tag word.
constexpr std::uint32_t tag_count(std::uint64_t tag) { return static_cast<std::uint32_t>(tag) >> 2; }

constexpr std::uint64_t make_struct_pointer(std::int32_t offset, std::uint16_t data_words, std::uint16_t pointers) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(offset) << 2) |
           static_cast<std::uint64_t>(data_words) << 32 | static_cast<std::uint64_t>(pointers) << 48;
}

constexpr std::uint64_t make_list_pointer(std::int32_t offset, ElementSize size, std::uint32_t count) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(offset) << 2) | 1 |
           static_cast<std::uint64_t>(size) << 32 | static_cast<std::uint64_t>(count) << 35;
}

constexpr std::uint64_t make_capability_pointer(std::uint32_t index) {
    return static_cast<std::uint64_t>(index) << 32 | 3;
}

// A pointer to nothing: what a reader sees where a message has no such pointer.
alignas(8) inline constexpr std::byte kNullSlot[kWordBytes] = {};

// What a struct or list pointer in `slot` points at.
inline const std::byte* pointer_target(const std::byte* slot, std::uint64_t word) {
    return slot + (static_cast<std::ptrdiff_t>(pointer_offset(word)) + 1) * static_cast<std::ptrdiff_t>(kWordBytes);
}

}  // namespace capos::wire
