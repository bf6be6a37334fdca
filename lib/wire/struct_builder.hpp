// The fields of one struct under construction. Generated builders are made of this.
#pragma once

#include "lib/wire/list_builder.hpp"
#include "lib/wire/message_builder.hpp"
#include "lib/wire/struct_reader.hpp"

namespace capos::wire {

// Every setter is a no-op when the struct did not fit (message_builder.hpp). Offsets are bytes from the struct's
// start; the generator knows them all.
class StructBuilder {
public:
    StructBuilder(MessageBuilder* message, std::byte* data) : message_(message), data_(data) {}

    template <Scalar T>
    void set_scalar(std::uint32_t offset, T value, T fallback = T{}) {
        if (data_ == nullptr) [[unlikely]]
            return;
        if constexpr (std::is_floating_point_v<T>) {
            using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
            store(data_ + offset, static_cast<Bits>(std::bit_cast<Bits>(value) ^ std::bit_cast<Bits>(fallback)));
        } else if constexpr (std::is_enum_v<T>) {
            using Bits = std::underlying_type_t<T>;
            store(data_ + offset, static_cast<Bits>(static_cast<Bits>(value) ^ static_cast<Bits>(fallback)));
        } else {
            store(data_ + offset, static_cast<T>(value ^ fallback));
        }
    }

    void set_boolean(std::uint32_t bit, bool value, bool fallback = false) {
        if (data_ == nullptr) [[unlikely]]
            return;
        std::byte& place = data_[bit / 8];
        const std::byte mask = std::byte{1} << (bit % 8);
        place = value != fallback ? place | mask : place & ~mask;
    }

    void set_text(std::uint32_t offset, std::string_view value, bool keep_empty = false) {
        message_->set_text(slot(offset), value, keep_empty);
    }
    void set_data(std::uint32_t offset, std::span<const std::byte> value, bool keep_empty = false) {
        message_->set_data(slot(offset), value, keep_empty);
    }
    std::span<std::byte> init_data(std::uint32_t offset, std::size_t size, bool zeroed) {
        return message_->init_data(slot(offset), size, zeroed);
    }
    // Shortens data made by init_data to its first `size` bytes.
    void shrink_data(std::uint32_t offset, std::size_t size);
    void set_capability(std::uint32_t offset, CapabilityIndex index) { message_->set_capability(slot(offset), index); }
    void clear_pointer(std::uint32_t offset) {
        if (data_ != nullptr)
            store(data_ + offset, std::uint64_t{0});
    }

    template <Structure S>
    typename S::Builder init_structure(std::uint32_t offset) {
        return typename S::Builder(message_, message_->init_structure(slot(offset), S::kDataWords, S::kPointers));
    }

    template <class Element>
    ListBuilder<Element> init_list(std::uint32_t offset, std::uint32_t count) {
        return ListBuilder<Element>::create(*message_, slot(offset), count);
    }

    // What was built so far; an empty struct after an overflow.
    StructReader as_reader(std::uint16_t data_words, std::uint16_t pointers) const {
        if (data_ == nullptr)
            return {};
        return {data_, data_words * static_cast<std::uint32_t>(kWordBytes), pointers};
    }

private:
    std::byte* slot(std::uint32_t offset) { return data_ == nullptr ? nullptr : data_ + offset; }

    MessageBuilder* message_;
    std::byte* data_;
};

inline void StructBuilder::shrink_data(std::uint32_t offset, std::size_t size) {
    if (data_ == nullptr)
        return;
    std::byte* place = data_ + offset;
    const auto word = load<std::uint64_t>(place);
    if (word == 0 || size >= list_count(word))
        return;
    auto* first = const_cast<std::byte*>(pointer_target(place, word));
    message_->shrink(place, first, list_count(word), static_cast<std::uint32_t>(size));
}

}  // namespace capos::wire
