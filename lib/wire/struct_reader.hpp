// The fields of one struct in a validated message. Generated readers are made of this.
#pragma once

#include <span>
#include <string_view>

#include "lib/wire/element.hpp"

namespace capos::wire {

template <class Element>
class ListReader;

// Sixteen bytes, passed by value. A field that the message does not have (an older sender, an absent message) reads
// as its default. Only a struct that Validator has accepted may be read through its pointers.
class StructReader {
public:
    constexpr StructReader() = default;
    constexpr StructReader(const std::byte* data, std::uint32_t data_bytes, std::uint16_t pointers)
        : data_(data), data_bytes_(data_bytes), pointers_(pointers) {}

    // The number at byte `offset` of the data section, XORed with its default as the format asks.
    template <Scalar T>
    T scalar(std::uint32_t offset, T fallback = T{}) const {
        if (offset + sizeof(T) > data_bytes_)
            return fallback;
        const T value = load<T>(data_ + offset);
        if constexpr (std::is_floating_point_v<T>) {
            using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
            return std::bit_cast<T>(static_cast<Bits>(std::bit_cast<Bits>(value) ^ std::bit_cast<Bits>(fallback)));
        } else if constexpr (std::is_enum_v<T>) {
            using Bits = std::underlying_type_t<T>;
            return static_cast<T>(static_cast<Bits>(static_cast<Bits>(value) ^ static_cast<Bits>(fallback)));
        } else {
            return static_cast<T>(value ^ fallback);
        }
    }

    // The bit at `bit` of the data section.
    bool boolean(std::uint32_t bit, bool fallback = false) const {
        if (bit / 8 >= data_bytes_)
            return fallback;
        return (((static_cast<std::uint8_t>(data_[bit / 8]) >> (bit % 8)) & 1) != 0) != fallback;
    }

    // The word of pointer `index`, or a null pointer's when the message has no such pointer.
    const std::byte* slot(std::uint32_t index) const {
        return index < pointers_ ? data_ + data_bytes_ + index * kWordBytes : kNullSlot;
    }

    bool has_pointer(std::uint32_t index) const { return load<std::uint64_t>(slot(index)) != 0; }

    std::string_view text(std::uint32_t index, std::string_view fallback = {}) const;
    std::span<const std::byte> data(std::uint32_t index, std::span<const std::byte> fallback = {}) const;
    CapabilityIndex capability(std::uint32_t index) const;
    StructReader structure(std::uint32_t index) const;
    template <class Element>
    ListReader<Element> list(std::uint32_t index) const;

private:
    const std::byte* data_ = nullptr;
    std::uint32_t data_bytes_ = 0;
    std::uint16_t pointers_ = 0;
};

// What a pointer word that was validated as the named kind stands for. A null pointer gives the empty value.
inline std::span<const std::byte> read_data(const std::byte* slot) {
    const auto word = load<std::uint64_t>(slot);
    if (word == 0)
        return {};
    return {pointer_target(slot, word), list_count(word)};
}

inline std::string_view read_text(const std::byte* slot) {
    const auto word = load<std::uint64_t>(slot);
    if (word == 0)
        return {};
    return {reinterpret_cast<const char*>(pointer_target(slot, word)), list_count(word) - 1};
}

inline CapabilityIndex read_capability(const std::byte* slot) {
    const auto word = load<std::uint64_t>(slot);
    return word == 0 ? CapabilityIndex() : CapabilityIndex(static_cast<std::uint32_t>(word >> 32));
}

inline StructReader read_structure(const std::byte* slot) {
    const auto word = load<std::uint64_t>(slot);
    if (word == 0)
        return {};
    return {pointer_target(slot, word), struct_data_words(word) * static_cast<std::uint32_t>(kWordBytes),
            struct_pointers(word)};
}

inline std::string_view StructReader::text(std::uint32_t index, std::string_view fallback) const {
    return has_pointer(index) ? read_text(slot(index)) : fallback;
}

inline std::span<const std::byte> StructReader::data(std::uint32_t index, std::span<const std::byte> fallback) const {
    return has_pointer(index) ? read_data(slot(index)) : fallback;
}

inline CapabilityIndex StructReader::capability(std::uint32_t index) const { return read_capability(slot(index)); }

inline StructReader StructReader::structure(std::uint32_t index) const { return read_structure(slot(index)); }

}  // namespace capos::wire
