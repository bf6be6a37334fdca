// What can stand in a field or list: tags for the types that C++ has no type of its own for.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "lib/wire/pointer.hpp"

namespace capos::wire {

// A place in the list of capabilities that travels beside a message, or none. Whether the place exists is checked
// by whoever holds that list.
class CapabilityIndex {
public:
    constexpr CapabilityIndex() = default;
    constexpr explicit CapabilityIndex(std::uint32_t index) : index_(index) {}

    constexpr bool has_value() const { return index_ != kNone; }
    constexpr explicit operator bool() const { return has_value(); }
    // The place; 0xffffffff, which is no place of any list, when there is none.
    constexpr std::uint32_t value() const { return index_; }

    friend constexpr bool operator==(CapabilityIndex, CapabilityIndex) = default;

private:
    static constexpr std::uint32_t kNone = ~std::uint32_t{0};
    std::uint32_t index_ = kNone;
};

// Element tags of ListReader and ListBuilder. Numbers, bool, enumerations and generated structs stand for themselves.
struct Void {};
struct Text {};
struct Data {};
struct Capability {};
template <class Element>
struct List {};

template <class T>
concept Scalar = (std::is_arithmetic_v<T> || std::is_enum_v<T>)&&!std::same_as<T, bool>;

// A generated struct: S::Reader, S::Builder, its size, and how to validate it.
template <class T>
concept Structure = requires {
    { T::kDataWords } -> std::convertible_to<std::uint16_t>;
    { T::kPointers } -> std::convertible_to<std::uint16_t>;
};

template <class T>
inline constexpr bool kIsList = false;
template <class Element>
inline constexpr bool kIsList<List<Element>> = true;

// The layout in which lists of T are written.
template <class T>
consteval ElementSize element_size_of() {
    if constexpr (std::same_as<T, Void>)
        return ElementSize::Void;
    else if constexpr (std::same_as<T, bool>)
        return ElementSize::Bit;
    else if constexpr (Structure<T>)
        return ElementSize::Composite;
    else if constexpr (Scalar<T>)
        return sizeof(T) == 1   ? ElementSize::Byte
               : sizeof(T) == 2 ? ElementSize::TwoBytes
               : sizeof(T) == 4 ? ElementSize::FourBytes
                                : ElementSize::EightBytes;
    else
        return ElementSize::Pointer;
}

}  // namespace capos::wire
