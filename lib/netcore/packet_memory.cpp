#include "lib/netcore/packet_memory.hpp"

#include <new>

namespace capos::netcore {
namespace {

// The class for a size in steps of 64 bytes: a table in place of a search.
template <std::size_t N>
constexpr auto make_steps(const std::array<std::uint16_t, N>& classes) {
    std::array<std::uint8_t, 8192 / 64 + 1> steps{};
    for (std::size_t i = 0; i < steps.size(); ++i) {
        // Sizes above the step's upper end by rounding are looked at again by class_of.
        std::uint8_t chosen = 0;
        while (chosen + 1u < N && classes[chosen] < i * 64)
            ++chosen;
        steps[i] = chosen;
    }
    return steps;
}

}  // namespace

Result<void> PacketMemory::adopt(std::span<std::byte> region) {
    const auto first = reinterpret_cast<std::uintptr_t>(region.data());
    const std::uintptr_t aligned = (first + kSlabBytes - 1) & ~(kSlabBytes - 1);
    if (region.size() < kSlabBytes || aligned - first > region.size() - kSlabBytes)
        return Error::InvalidArgument;
    slabs_ = free_slabs_ = (region.size() - (aligned - first)) / kSlabBytes;
    std::byte* memory = region.data() + (aligned - first);
    for (std::size_t i = slabs_; i > 0; --i) {
        auto* slab = new (memory + (i - 1) * kSlabBytes) Slab{};
        slab->next = empty_;
        empty_ = slab;
    }
    return {};
}

std::uint8_t PacketMemory::class_of(std::size_t bytes) {
    static constexpr auto kSteps = make_steps(kClassBytes);
    std::uint8_t size_class = kSteps[(bytes + 63) / 64];
    // 1632, 2032 and 4080 are no multiples of 64: the step may name one that is a little too small or too large.
    while (size_class > 0 && kClassBytes[size_class - 1] >= bytes)
        --size_class;
    while (kClassBytes[size_class] < bytes)
        ++size_class;
    return size_class;
}

void PacketMemory::list(Slab& slab) {
    Slab*& head = with_room_[slab.size_class];
    slab.previous = nullptr;
    slab.next = head;
    if (head != nullptr)
        head->previous = &slab;
    head = &slab;
    slab.listed = true;
}

void PacketMemory::unlist(Slab& slab) {
    if (slab.previous != nullptr)
        slab.previous->next = slab.next;
    else
        with_room_[slab.size_class] = slab.next;
    if (slab.next != nullptr)
        slab.next->previous = slab.previous;
    slab.listed = false;
}

PacketMemory::Slab* PacketMemory::take_slab(std::uint8_t size_class) {
    if (empty_ == nullptr)
        return nullptr;
    Slab* slab = empty_;
    empty_ = slab->next;
    --free_slabs_;
    *slab = Slab{.next = nullptr, .previous = nullptr, .free = nullptr, .fresh = kFirstBlock, .in_use = 0,
                 .size_class = size_class, .listed = false};
    list(*slab);
    return slab;
}

void* PacketMemory::allocate(std::size_t bytes) {
    if (bytes > kLargest) {
        ++failures_;
        return nullptr;
    }
    const std::uint8_t size_class = class_of(bytes);
    Slab* slab = with_room_[size_class];
    if (slab == nullptr && (slab = take_slab(size_class)) == nullptr) {
        ++failures_;
        return nullptr;
    }
    const std::size_t size = kClassBytes[size_class];
    void* memory = nullptr;
    if (slab->free != nullptr) {
        memory = slab->free;
        slab->free = slab->free->next;
    } else {
        memory = reinterpret_cast<std::byte*>(slab) + slab->fresh;
        slab->fresh += static_cast<std::uint32_t>(size);
    }
    ++slab->in_use;
    if (slab->free == nullptr && slab->fresh + size > kSlabBytes)
        unlist(*slab);
    used_ += size;
    peak_ = used_ > peak_ ? used_ : peak_;
    return memory;
}

void PacketMemory::release(void* memory) {
    if (memory == nullptr)
        return;
    auto* slab = reinterpret_cast<Slab*>(reinterpret_cast<std::uintptr_t>(memory) & ~(kSlabBytes - 1));
    used_ -= kClassBytes[slab->size_class];
    slab->free = new (memory) Block{slab->free};
    --slab->in_use;
    if (slab->in_use == 0) {
        if (slab->listed)
            unlist(*slab);
        slab->next = empty_;
        empty_ = slab;
        ++free_slabs_;
    } else if (!slab->listed) {
        list(*slab);
    }
}

}  // namespace capos::netcore
