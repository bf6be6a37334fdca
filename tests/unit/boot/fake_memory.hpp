// Physical memory for the boot parsers' tests: a few pieces, everything between them unreadable.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <vector>

#include "kernel/boot/physical_memory.hpp"

namespace capos::test {

// Little-endian bytes, put together piece by piece.
class ByteWriter {
public:
    template <class T>
        requires std::is_trivially_copyable_v<T>
    ByteWriter& put(T value) {
        const std::size_t at = bytes_.size();
        bytes_.resize(at + sizeof value);
        std::memcpy(bytes_.data() + at, &value, sizeof value);
        return *this;
    }
    ByteWriter& text(std::string_view text) {
        for (char c : text) put(c);
        return *this;
    }
    ByteWriter& pad_to(std::size_t multiple) {
        while (bytes_.size() % multiple != 0) put(std::uint8_t{0});
        return *this;
    }
    ByteWriter& append(const std::vector<std::byte>& other) {
        bytes_.insert(bytes_.end(), other.begin(), other.end());
        return *this;
    }
    template <class T>
    ByteWriter& set(std::size_t at, T value) {
        if (bytes_.size() < at + sizeof value) bytes_.resize(at + sizeof value);
        std::memcpy(bytes_.data() + at, &value, sizeof value);
        return *this;
    }
    std::size_t size() const { return bytes_.size(); }
    const std::vector<std::byte>& bytes() const { return bytes_; }

private:
    std::vector<std::byte> bytes_;
};

class FakeMemory final : public kernel::boot::PhysicalMemory {
public:
    void place(std::uint64_t address, std::vector<std::byte> bytes) { pieces_.push_back({address, std::move(bytes)}); }
    kernel::boot::Bytes view(std::uint64_t address, std::size_t bytes) const override {
        for (const Piece& piece : pieces_) {
            if (address < piece.address || bytes == 0) continue;
            const std::uint64_t offset = address - piece.address;
            if (offset <= piece.bytes.size() && bytes <= piece.bytes.size() - offset) return {piece.bytes.data() + offset, bytes};
        }
        return {};
    }

private:
    struct Piece { std::uint64_t address; std::vector<std::byte> bytes; };
    std::vector<Piece> pieces_;
};

}  // namespace capos::test
