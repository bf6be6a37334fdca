// Lists under construction.
#pragma once

#include "lib/wire/message_builder.hpp"

namespace capos::wire {

// A list of fixed length whose elements start at their defaults. A list that did not fit has size() 0; writing to a
// place that the list does not have sets the message's overflow flag and changes nothing.
template <class Element>
class ListBuilder {
public:
    static ListBuilder create(MessageBuilder& message, std::byte* slot, std::uint32_t count) {
        std::byte* first = nullptr;
        if constexpr (Structure<Element>)
            first = message.init_structures(slot, count, Element::kDataWords, Element::kPointers);
        else
            first = message.init_list(slot, element_size_of<Element>(), count);
        return ListBuilder(message, slot, first, first == nullptr ? 0 : count);
    }

    std::uint32_t size() const { return count_; }

    // The builder of element `index`, for lists of structs.
    auto operator[](std::uint32_t index) const
        requires Structure<Element>
    {
        std::byte* place = place_of(index, (Element::kDataWords + Element::kPointers) * kWordBytes);
        return typename Element::Builder(message_, place);
    }

    // Sets element `index`, for lists of numbers and enumerations.
    void set(std::uint32_t index, Element value) const
        requires Scalar<Element>
    {
        if (std::byte* place = place_of(index, sizeof(Element)))
            store(place, value);
    }
    void set(std::uint32_t index, bool value) const
        requires std::same_as<Element, bool>
    {
        if (place_of(index, 0) == nullptr)
            return;
        const std::byte mask = std::byte{1} << (index % 8);
        first_[index / 8] = value ? first_[index / 8] | mask : first_[index / 8] & ~mask;
    }
    void set(std::uint32_t index, std::string_view value) const
        requires std::same_as<Element, Text>
    {
        if (std::byte* place = place_of(index, kWordBytes))
            message_->set_text(place, value);
    }
    void set(std::uint32_t index, std::span<const std::byte> value) const
        requires std::same_as<Element, Data>
    {
        if (std::byte* place = place_of(index, kWordBytes))
            message_->set_data(place, value);
    }
    void set(std::uint32_t index, CapabilityIndex value) const
        requires std::same_as<Element, Capability>
    {
        message_->set_capability(place_of(index, kWordBytes), value);
    }

    // Makes element `index` a list of `count` elements, for lists of lists.
    auto init(std::uint32_t index, std::uint32_t count) const
        requires kIsList<Element>
    {
        return init_nested(Element{}, place_of(index, kWordBytes), count);
    }

    // Drops the elements from `count` on; what they point at stays in the message unseen. The room is used again when
    // nothing was added to the message after this list.
    void shrink_to(std::uint32_t count) {
        if (count >= count_)
            return;
        message_->shrink(slot_, first_, count_, count);
        count_ = count;
    }

private:
    ListBuilder(MessageBuilder& message, std::byte* slot, std::byte* first, std::uint32_t count)
        : message_(&message), slot_(slot), first_(first), count_(count) {}

    std::byte* place_of(std::uint32_t index, std::size_t step) const {
        if (index >= count_) [[unlikely]] {
            message_->mark_overflow();
            return nullptr;
        }
        return first_ + index * step;
    }

    template <class Inner>
    ListBuilder<Inner> init_nested(List<Inner>, std::byte* slot, std::uint32_t count) const {
        return ListBuilder<Inner>::create(*message_, slot, count);
    }

    MessageBuilder* message_;
    std::byte* slot_;
    std::byte* first_;
    std::uint32_t count_;
};

}  // namespace capos::wire
