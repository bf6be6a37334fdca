#include "lib/wire/message_builder.hpp"

namespace capos::wire {

namespace {

// Offset of a list without content: right behind its pointer, which stays in bounds whatever is given back later.
constexpr std::int32_t kNoContent = 0;

constexpr std::uint64_t words_for_bytes(std::uint64_t bytes) { return (bytes + kWordBytes - 1) / kWordBytes; }

}  // namespace

std::byte* MessageBuilder::init_structure(std::byte* slot, std::uint16_t data_words, std::uint16_t pointers) {
    if (slot == nullptr)
        return nullptr;
    if (data_words + pointers == 0) {
        // Offset -1 tells a struct without content from a null pointer.
        store(slot, make_struct_pointer(-1, 0, 0));
        return slot;
    }
    std::byte* place = allocate(std::uint64_t{data_words} + pointers);
    if (place != nullptr)
        store(slot, make_struct_pointer(offset_between(slot, place), data_words, pointers));
    return place;
}

std::byte* MessageBuilder::init_list(std::byte* slot, ElementSize size, std::uint32_t count) {
    if (slot == nullptr)
        return nullptr;
    store(slot, std::uint64_t{0});
    if (count > kMaxListCount) {
        overflowed_ = true;
        return nullptr;
    }
    if (count == 0)
        return nullptr;
    const std::uint64_t words = (std::uint64_t{count} * element_bits(size) + 63) / 64;
    std::byte* first = allocate(words);
    if (first != nullptr)
        store(slot, make_list_pointer(words == 0 ? kNoContent : offset_between(slot, first), size, count));
    return first;
}

std::byte* MessageBuilder::init_structures(std::byte* slot, std::uint32_t count, std::uint16_t data_words,
                                           std::uint16_t pointers) {
    if (slot == nullptr)
        return nullptr;
    store(slot, std::uint64_t{0});
    const std::uint64_t words = (std::uint64_t{data_words} + pointers) * count;
    if (words > kMaxListCount || count > kMaxListCount) {
        overflowed_ = true;
        return nullptr;
    }
    if (count == 0)
        return nullptr;
    std::byte* tag = allocate(words + 1);
    if (tag == nullptr)
        return nullptr;
    store(tag, make_struct_pointer(static_cast<std::int32_t>(count), data_words, pointers));
    store(slot, make_list_pointer(offset_between(slot, tag), ElementSize::Composite,
                                  static_cast<std::uint32_t>(words)));
    return tag + kWordBytes;
}

std::span<std::byte> MessageBuilder::init_data(std::byte* slot, std::size_t size, bool zeroed) {
    if (slot == nullptr)
        return {};
    store(slot, std::uint64_t{0});
    if (size > kMaxListCount) {
        overflowed_ = true;
        return {};
    }
    if (size == 0)
        return {};
    const std::uint64_t words = words_for_bytes(size);
    std::byte* place = allocate_for_overwrite(words);
    if (place == nullptr)
        return {};
    if (zeroed)
        __builtin_memset(place, 0, words * kWordBytes);
    else
        store(place + (words - 1) * kWordBytes, std::uint64_t{0});  // the padding carries nothing from before
    store(slot, make_list_pointer(offset_between(slot, place), ElementSize::Byte, static_cast<std::uint32_t>(size)));
    return {place, size};
}

void MessageBuilder::set_data(std::byte* slot, std::span<const std::byte> value, bool keep_empty) {
    if (slot == nullptr)
        return;
    if (value.empty()) {
        store(slot, keep_empty ? make_list_pointer(kNoContent, ElementSize::Byte, 0) : 0);
        return;
    }
    const auto place = init_data(slot, value.size(), false);
    if (!place.empty())
        __builtin_memcpy(place.data(), value.data(), value.size());
}

void MessageBuilder::set_text(std::byte* slot, std::string_view value, bool keep_empty) {
    if (slot == nullptr)
        return;
    if (value.empty() && !keep_empty) {
        store(slot, std::uint64_t{0});
        return;
    }
    // The last word is zero before the copy, so the NUL and the padding are there.
    const auto place = init_data(slot, value.size() + 1, false);
    if (!place.empty() && !value.empty())
        __builtin_memcpy(place.data(), value.data(), value.size());
}

void MessageBuilder::shrink(std::byte* slot, std::byte* first, std::uint32_t old_count, std::uint32_t count) {
    if (slot == nullptr || first == nullptr || count >= old_count)
        return;
    const auto word = load<std::uint64_t>(slot);
    const ElementSize size = list_element_size(word);
    std::uint64_t old_words = 0;
    std::uint64_t words = 0;
    if (size == ElementSize::Composite) {
        std::byte* tag = first - kWordBytes;
        const auto tag_word = load<std::uint64_t>(tag);
        const std::uint64_t element_words = std::uint64_t{struct_data_words(tag_word)} + struct_pointers(tag_word);
        old_words = list_count(word);
        words = element_words * count;
        store(tag, make_struct_pointer(static_cast<std::int32_t>(count), struct_data_words(tag_word),
                                       struct_pointers(tag_word)));
        store(slot, make_list_pointer(pointer_offset(word), size, static_cast<std::uint32_t>(words)));
    } else {
        old_words = (std::uint64_t{old_count} * element_bits(size) + 63) / 64;
        words = (std::uint64_t{count} * element_bits(size) + 63) / 64;
        store(slot, make_list_pointer(words == 0 ? kNoContent : pointer_offset(word), size, count));
    }
    if (first + old_words * kWordBytes == next_)
        next_ = first + words * kWordBytes;
}

}  // namespace capos::wire
