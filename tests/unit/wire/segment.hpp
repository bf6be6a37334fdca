// Segments for tests: written word by word, or built in storage with guard bytes around it.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "lib/wire/wire.hpp"
#include "tests/unit/wire/everything.capnp.hpp"

namespace capos::wire_test {

template <class S>
class Opened;

// Exactly as many bytes as the message has, on the heap, so that ASan sees a read beyond it.
class Segment {
public:
    Segment(std::initializer_list<std::uint64_t> words) : words_(words) {}
    explicit Segment(std::span<const std::byte> bytes) : words_(bytes.size() / 8) {
        if (!bytes.empty())
            std::memcpy(words_.data(), bytes.data(), words_.size() * 8);
    }

    std::span<const std::byte> bytes() const { return std::as_bytes(std::span(words_)); }
    std::uint64_t& operator[](std::size_t index) { return words_[index]; }

    template <class S>
    Result<typename S::Reader> root(const wire::Limits& limits = {}) const& {
        auto message = wire::MessageReader::open(bytes(), limits);
        if (!message)
            return message.error();
        return message->root<S>();
    }
    // Of a temporary: the reader and the bytes that it reads.
    template <class S>
    Opened<S> root() &&;

private:
    std::vector<std::uint64_t> words_;
};

template <class S>
class Opened {
public:
    explicit Opened(Segment segment) : segment_(std::move(segment)), root_(std::as_const(segment_).template root<S>()) {}
    explicit operator bool() const { return root_.has_value(); }
    typename S::Reader& operator*() { return *root_; }
    typename S::Reader* operator->() { return &*root_; }
    Error error() const { return root_.error(); }

private:
    Segment segment_;
    Result<typename S::Reader> root_;
};

template <class S>
Opened<S> Segment::root() && {
    return Opened<S>(std::move(*this));
}

// Storage for a builder. What a builder does not zero shows as 0xaa.
class Storage {
public:
    explicit Storage(std::size_t bytes) : bytes_(bytes, std::byte{0xaa}) {}
    std::span<std::byte> span() { return bytes_; }

private:
    std::vector<std::byte> bytes_;
};

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace capos::wire_test
