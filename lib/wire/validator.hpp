// The one pass over a message that makes every later access safe.
#pragma once

#include "lib/base/result.hpp"
#include "lib/wire/list_reader.hpp"

namespace capos::wire {

// What a message may cost its reader.
struct Limits {
    std::uint32_t depth = 32;                  // structs and lists inside one another
    std::uint32_t traversal_words = 64 * 1024;  // words visited, an element without content counting as one
};

// Walks a segment along a schema: every pointer that the schema knows points inside the segment at an object of its
// kind, text ends in NUL, nesting and total work stay within limits. Pointers that the schema does not know (a newer
// sender's) are neither followed nor readable. Generated `validate` functions call the functions below on the slots
// of a struct; each answers false once and for all.
class Validator {
public:
    Validator(std::span<const std::byte> segment, const Limits& limits)
        : begin_(segment.data()), words_(segment.size() / kWordBytes), budget_(limits.traversal_words),
          depth_(limits.depth) {}

    // The struct that the first word of the segment points at. Call with at least one word.
    template <Structure S>
    bool root(StructReader& fields) {
        return structure_into<S>(begin_, fields);
    }

    template <Structure S>
    bool structure(const std::byte* slot) {
        StructReader fields;
        return structure_into<S>(slot, fields);
    }

    bool text(const std::byte* slot);
    bool data(const std::byte* slot);

    bool capability(const std::byte* slot) {
        const auto word = load<std::uint64_t>(slot);
        return word == 0 || static_cast<std::uint32_t>(word) == 3 || malformed();
    }

    template <class Element>
    bool list(const std::byte* slot) {
        if (load<std::uint64_t>(slot) == 0)
            return true;
        ListShape shape;
        if (!list_shape(slot, element_size_of<Element>(), shape))
            return false;
        if constexpr (Structure<Element>) {
            if constexpr (Element::kPointers != 0)
                return elements<Element>(shape);
        } else if constexpr (element_size_of<Element>() == ElementSize::Pointer) {
            return elements<Element>(shape);
        }
        return true;
    }

    // Why validation failed: TooDeep for a limit, MalformedMessage for everything else.
    Error error() const { return error_; }

private:
    template <Structure S>
    bool structure_into(const std::byte* slot, StructReader& fields) {
        const auto word = load<std::uint64_t>(slot);
        if (word == 0)
            return true;
        if (pointer_kind(word) != PointerKind::Struct)
            return malformed();
        const std::uint32_t words = std::uint32_t{struct_data_words(word)} + struct_pointers(word);
        if (!inside(slot, word, words) || !charge(words + 1))
            return false;
        fields = read_structure(slot);
        if constexpr (S::kPointers != 0) {
            if (!enter())
                return false;
            if (!S::validate(*this, fields))
                return false;
            leave();
        }
        return true;
    }

    template <class Element>
    bool elements(const ListShape& shape) {
        if (!enter())
            return false;
        const std::byte* element = shape.first;
        for (std::uint32_t index = 0; index < shape.count; ++index, element += shape.step_bytes) {
            bool good = true;
            if constexpr (Structure<Element>)
                good = Element::validate(*this, StructReader(element, shape.data_bytes, shape.pointers));
            else if constexpr (std::same_as<Element, Text>)
                good = text(element + shape.data_bytes);
            else if constexpr (std::same_as<Element, Data>)
                good = data(element + shape.data_bytes);
            else if constexpr (std::same_as<Element, Capability>)
                good = capability(element + shape.data_bytes);
            else
                good = nested(Element{}, element + shape.data_bytes);
            if (!good)
                return false;
        }
        leave();
        return true;
    }

    template <class Inner>
    bool nested(List<Inner>, const std::byte* slot) {
        return list<Inner>(slot);
    }

    // Whether `words` words stand where the pointer in `slot` points, all within the segment.
    bool inside(const std::byte* slot, std::uint64_t word, std::uint64_t words) {
        const std::int64_t target = (slot - begin_) / static_cast<std::int64_t>(kWordBytes) + 1 + pointer_offset(word);
        if (target < 0 || static_cast<std::uint64_t>(target) > words_ ||
            words > words_ - static_cast<std::uint64_t>(target)) [[unlikely]]
            return malformed();
        return true;
    }

    bool charge(std::uint64_t words) {
        if (words > budget_) [[unlikely]]
            return fail(Error::TooDeep);
        budget_ -= words;
        return true;
    }

    bool enter() {
        if (depth_ == 0) [[unlikely]]
            return fail(Error::TooDeep);
        --depth_;
        return true;
    }
    void leave() { ++depth_; }

    bool malformed() { return fail(Error::MalformedMessage); }
    bool fail(Error error) {
        error_ = error;
        return false;
    }

    // Checks a non-null list pointer against the layout the schema asks for and gives the list's shape.
    bool list_shape(const std::byte* slot, ElementSize wanted, ListShape& shape);
    bool bytes(const std::byte* slot, std::uint64_t word);

    const std::byte* begin_;
    std::uint64_t words_;
    std::uint64_t budget_;
    std::uint32_t depth_;
    Error error_ = Error::MalformedMessage;
};

}  // namespace capos::wire
