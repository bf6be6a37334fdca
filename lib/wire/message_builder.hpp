// Builds a message in storage that the caller provides.
#pragma once

#include <span>
#include <string_view>

#include "lib/base/result.hpp"
#include "lib/wire/element.hpp"

namespace capos::wire {

// Objects are laid out one after the other in one segment. When the storage runs out a sticky flag is set, what did
// not fit is dropped without a write out of bounds, and finish() says so: setters need no check of their own.
// Builders point at their MessageBuilder, which therefore does not move.
class MessageBuilder {
public:
    // Uses the whole words of `storage`; what it holds before does not matter.
    explicit MessageBuilder(std::span<std::byte> storage)
        : begin_(storage.data()), next_(storage.data()),
          end_(storage.data() + storage.size() / kWordBytes * kWordBytes) {}
    MessageBuilder(const MessageBuilder&) = delete;
    MessageBuilder& operator=(const MessageBuilder&) = delete;

    // Starts the message anew with an S in which every field has its default.
    template <Structure S>
    typename S::Builder init_root() {
        next_ = begin_;
        overflowed_ = false;
        if constexpr (S::kDataWords + S::kPointers == 0) {
            // A struct without fields is an absent message.
            return typename S::Builder(this, begin_);
        } else {
            std::byte* slot = allocate(1 + S::kDataWords + S::kPointers);
            if (slot == nullptr)
                return typename S::Builder(this, nullptr);
            store(slot, make_struct_pointer(0, S::kDataWords, S::kPointers));
            return typename S::Builder(this, slot + kWordBytes);
        }
    }

    // The message as it travels on a ring: a bare segment, or no bytes for a struct without fields or when no root
    // was made. Overflow: it did not fit.
    Result<std::span<const std::byte>> finish() const {
        if (overflowed_) [[unlikely]]
            return Error::Overflow;
        return std::span<const std::byte>(begin_, next_);
    }

    bool overflowed() const { return overflowed_; }

    // The functions below serve generated code; `slot` is where the pointer goes, null after an overflow.

    // `words` zeroed words, or null and the flag.
    std::byte* allocate(std::uint64_t words) {
        std::byte* place = allocate_for_overwrite(words);
        if (place != nullptr)
            __builtin_memset(place, 0, words * kWordBytes);
        return place;
    }
    std::byte* allocate_for_overwrite(std::uint64_t words) {
        if (words > static_cast<std::uint64_t>(end_ - next_) / kWordBytes) [[unlikely]] {
            overflowed_ = true;
            return nullptr;
        }
        std::byte* place = next_;
        next_ += words * kWordBytes;
        return place;
    }

    std::byte* init_structure(std::byte* slot, std::uint16_t data_words, std::uint16_t pointers);
    // First element of a fresh list; null when it is empty or did not fit.
    std::byte* init_list(std::byte* slot, ElementSize size, std::uint32_t count);
    std::byte* init_structures(std::byte* slot, std::uint32_t count, std::uint16_t data_words, std::uint16_t pointers);
    std::span<std::byte> init_data(std::byte* slot, std::size_t size, bool zeroed);
    // An empty value becomes a null pointer unless `keep_empty` (for fields whose default is not empty).
    void set_data(std::byte* slot, std::span<const std::byte> value, bool keep_empty = false);
    void set_text(std::byte* slot, std::string_view value, bool keep_empty = false);
    void set_capability(std::byte* slot, CapabilityIndex index) {
        if (slot != nullptr)
            store(slot, index.has_value() ? make_capability_pointer(index.value()) : 0);
    }
    // Makes the list or data in `slot`, whose elements begin at `first`, shorter; gives its end back when nothing was
    // added after it.
    void shrink(std::byte* slot, std::byte* first, std::uint32_t old_count, std::uint32_t count);

    void mark_overflow() { overflowed_ = true; }

private:
    static std::int32_t offset_between(const std::byte* slot, const std::byte* target) {
        return static_cast<std::int32_t>((target - slot) / static_cast<std::ptrdiff_t>(kWordBytes) - 1);
    }

    std::byte* begin_;
    std::byte* next_;
    std::byte* end_;
    bool overflowed_ = false;
};

}  // namespace capos::wire
