// Lists of a validated message.
#pragma once

#include <iterator>

#include "lib/wire/struct_reader.hpp"

namespace capos::wire {

// Where a list's elements are. Covers the layouts that the format lets grow into one another: a list of numbers read
// as structs of one number, and back.
struct ListShape {
    const std::byte* first = nullptr;
    std::uint32_t count = 0;
    std::uint32_t step_bytes = 0;   // from one element to the next; 0 for bits and for elements without content
    std::uint32_t data_bytes = 0;   // of each element, before its pointers
    std::uint16_t pointers = 0;     // of each element
};

// The shape of the list that a validated pointer names.
inline ListShape read_list(const std::byte* slot) {
    const auto word = load<std::uint64_t>(slot);
    if (word == 0)
        return {};
    const std::byte* first = pointer_target(slot, word);
    const ElementSize size = list_element_size(word);
    if (size == ElementSize::Composite) {
        const auto tag = load<std::uint64_t>(first);
        const std::uint32_t data_bytes = struct_data_words(tag) * static_cast<std::uint32_t>(kWordBytes);
        const std::uint32_t pointer_bytes = struct_pointers(tag) * static_cast<std::uint32_t>(kWordBytes);
        return {first + kWordBytes, tag_count(tag), data_bytes + pointer_bytes, data_bytes, struct_pointers(tag)};
    }
    const std::uint32_t bytes = element_bits(size) / 8;
    if (size == ElementSize::Pointer)
        return {first, list_count(word), bytes, 0, 1};
    return {first, list_count(word), bytes, bytes, 0};
}

template <class Element>
class ListReader {
public:
    constexpr ListReader() = default;
    constexpr explicit ListReader(ListShape shape) : shape_(shape) {}

    constexpr std::uint32_t size() const { return shape_.count; }
    constexpr bool empty() const { return shape_.count == 0; }

    // Element `index`; a default element when the list has no such place.
    auto operator[](std::uint32_t index) const {
        const bool inside = index < shape_.count;
        const std::byte* element = inside ? shape_.first + std::size_t{index} * shape_.step_bytes : nullptr;
        if constexpr (std::same_as<Element, Void>) {
            return Void{};
        } else if constexpr (std::same_as<Element, bool>) {
            return inside && ((static_cast<std::uint8_t>(shape_.first[index / 8]) >> (index % 8)) & 1) != 0;
        } else if constexpr (Structure<Element>) {
            using Reader = typename Element::Reader;
            return inside ? Reader(StructReader(element, shape_.data_bytes, shape_.pointers)) : Reader();
        } else if constexpr (Scalar<Element>) {
            return inside ? load<Element>(element) : Element{};
        } else {
            const std::byte* slot = inside ? element + shape_.data_bytes : kNullSlot;
            if constexpr (std::same_as<Element, Text>)
                return read_text(slot);
            else if constexpr (std::same_as<Element, Data>)
                return read_data(slot);
            else if constexpr (std::same_as<Element, Capability>)
                return read_capability(slot);
            else
                return read_nested(Element{}, slot);
        }
    }

    class Iterator {
    public:
        using difference_type = std::ptrdiff_t;
        using iterator_concept = std::input_iterator_tag;

        constexpr Iterator() = default;
        constexpr Iterator(const ListReader* list, std::uint32_t index) : list_(list), index_(index) {}
        auto operator*() const { return (*list_)[index_]; }
        constexpr Iterator& operator++() {
            ++index_;
            return *this;
        }
        constexpr Iterator operator++(int) {
            Iterator before = *this;
            ++index_;
            return before;
        }
        friend constexpr bool operator==(const Iterator& a, const Iterator& b) { return a.index_ == b.index_; }

    private:
        const ListReader* list_ = nullptr;
        std::uint32_t index_ = 0;
    };

    constexpr Iterator begin() const { return Iterator(this, 0); }
    constexpr Iterator end() const { return Iterator(this, shape_.count); }

private:
    template <class Inner>
    static ListReader<Inner> read_nested(List<Inner>, const std::byte* slot) {
        return ListReader<Inner>(read_list(slot));
    }

    ListShape shape_;
};

template <class Element>
ListReader<Element> StructReader::list(std::uint32_t index) const {
    return ListReader<Element>(read_list(slot(index)));
}

}  // namespace capos::wire
