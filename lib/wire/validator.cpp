#include "lib/wire/validator.hpp"

namespace capos::wire {

namespace {

// Whether a list encoded as `actual`, with these contents per element, may be read as `wanted` (the format's rules
// for growing a schema: a list of one number or pointer may become a list of structs that begin with it).
bool readable_as(ElementSize wanted, ElementSize actual, const ListShape& shape) {
    switch (wanted) {
    case ElementSize::Composite:
        return actual != ElementSize::Bit;
    case ElementSize::Pointer:
        return actual == ElementSize::Pointer || (actual == ElementSize::Composite && shape.pointers != 0);
    case ElementSize::Void:
        return true;
    case ElementSize::Bit:
        return actual == ElementSize::Bit;
    case ElementSize::Byte:
    case ElementSize::TwoBytes:
    case ElementSize::FourBytes:
    case ElementSize::EightBytes:
        return actual == wanted || (actual == ElementSize::Composite && shape.data_bytes != 0);
    }
    return false;
}

}  // namespace

bool Validator::list_shape(const std::byte* slot, ElementSize wanted, ListShape& shape) {
    const auto word = load<std::uint64_t>(slot);
    if (pointer_kind(word) != PointerKind::List)
        return malformed();
    const ElementSize actual = list_element_size(word);
    if (actual == ElementSize::Composite) {
        // The tag word comes first, then list_count() words that must hold all elements.
        const std::uint64_t body_words = list_count(word);
        if (!inside(slot, word, body_words + 1))
            return false;
        const auto tag = load<std::uint64_t>(pointer_target(slot, word));
        const std::uint64_t element_words = std::uint64_t{struct_data_words(tag)} + struct_pointers(tag);
        if (pointer_kind(tag) != PointerKind::Struct || element_words * tag_count(tag) > body_words)
            return malformed();
        if (!charge(body_words + 1) || (element_words == 0 && !charge(tag_count(tag))))
            return false;
    } else {
        const std::uint64_t count = list_count(word);
        const std::uint64_t body_words = (count * element_bits(actual) + 63) / 64;
        if (!inside(slot, word, body_words))
            return false;
        if (!charge(body_words + 1) || (actual == ElementSize::Void && !charge(count)))
            return false;
    }
    shape = read_list(slot);
    return readable_as(wanted, actual, shape) || malformed();
}

bool Validator::bytes(const std::byte* slot, std::uint64_t word) {
    if (pointer_kind(word) != PointerKind::List || list_element_size(word) != ElementSize::Byte)
        return malformed();
    const std::uint64_t body_words = (std::uint64_t{list_count(word)} + kWordBytes - 1) / kWordBytes;
    return inside(slot, word, body_words) && charge(body_words + 1);
}

bool Validator::data(const std::byte* slot) {
    const auto word = load<std::uint64_t>(slot);
    return word == 0 || bytes(slot, word);
}

bool Validator::text(const std::byte* slot) {
    const auto word = load<std::uint64_t>(slot);
    if (word == 0)
        return true;
    if (!bytes(slot, word))
        return false;
    // Text counts its NUL; without one it could not be handed to code that expects it.
    const std::uint32_t count = list_count(word);
    if (count == 0 || pointer_target(slot, word)[count - 1] != std::byte{0})
        return malformed();
    return true;
}

}  // namespace capos::wire
