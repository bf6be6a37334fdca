// The fuzzer's input as the only readable piece of physical memory.
#pragma once

#include <cstdint>

#include "kernel/boot/physical_memory.hpp"

namespace capos::fuzz {

inline constexpr std::uint64_t kFlatBase = 0x9000;

class FlatMemory final : public kernel::boot::PhysicalMemory {
public:
    FlatMemory(const std::uint8_t* data, std::size_t size) : bytes_(reinterpret_cast<const std::byte*>(data), size) {}
    kernel::boot::Bytes view(std::uint64_t address, std::size_t bytes) const override {
        if (bytes == 0 || address < kFlatBase || address - kFlatBase > bytes_.size()) return {};
        const std::uint64_t offset = address - kFlatBase;
        if (bytes > bytes_.size() - offset) return {};
        return bytes_.subspan(offset, bytes);
    }

private:
    kernel::boot::Bytes bytes_;
};

}  // namespace capos::fuzz
