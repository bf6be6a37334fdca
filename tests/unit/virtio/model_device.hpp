// The device's end of a split virtqueue, written from the specification alone, that can also lie.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "lib/virtio/split_queue_broker.hpp"

namespace capos::virtio::test {

// Memory as a device sees it: pages at made-up addresses, so that a wrong address is noticed.
class DeviceMemory {
public:
    static constexpr std::uint64_t kFirst = 0x7'0000'0000;

    explicit DeviceMemory(std::size_t pages) : bytes_(pages * 4096), order_(pages) {
        for (std::size_t page = 0; page < pages; ++page)
            order_[page] = kFirst + 0x1000 * (pages - 1 - page);      // backwards: no two pages adjoin as expected
    }
    const std::vector<std::uint64_t>& pages() const { return order_; }
    // The byte at a device address, or nullptr outside the pool.
    std::byte* at(std::uint64_t address) {
        const std::uint64_t page = (address - kFirst) / 4096;
        if (address < kFirst || page >= order_.size())
            return nullptr;
        return &bytes_[(order_.size() - 1 - page) * 4096 + address % 4096];
    }
    std::byte* slot(std::uint32_t slot, std::uint32_t slot_bytes) { return &bytes_[std::size_t{slot} * slot_bytes]; }

private:
    std::vector<std::byte> bytes_;
    std::vector<std::uint64_t> order_;
};

struct Chain {
    std::uint16_t head = 0;
    std::vector<Descriptor> parts;
};

class ModelDevice {
public:
    ModelDevice(const SplitLayout& layout, std::byte* area) : layout_(layout), area_(area) {}

    // The next chain that the driver side has published.
    std::optional<Chain> take() {
        if (seen_ == available_index())
            return std::nullopt;
        Chain chain;
        chain.head = read<std::uint16_t>(layout_.available + 4 + 2u * (seen_ % layout_.size));
        ++seen_;
        for (std::uint16_t index = chain.head;;) {
            const auto part = read<Descriptor>(index * 16u);
            chain.parts.push_back(part);
            if (!(part.flags & kDescriptorNext) || chain.parts.size() > layout_.size)
                return chain;
            index = part.next;
        }
    }
    void give(std::uint32_t id, std::uint32_t length) {
        write(layout_.used + 4 + 8u * (used_ % layout_.size), UsedElement{id, length});
        ++used_;
        write(layout_.used + 2, used_);
    }
    void jump(std::uint16_t by) {
        used_ = static_cast<std::uint16_t>(used_ + by);
        write(layout_.used + 2, used_);
    }
    void want_notify(bool wanted) { write(layout_.used, std::uint16_t(wanted ? 0 : kUsedNoNotify)); }

    std::uint16_t available_index() const { return read<std::uint16_t>(layout_.available + 2); }
    bool interrupts_wanted() const { return (read<std::uint16_t>(layout_.available) & kAvailableNoInterrupt) == 0; }
    void scribble_descriptor(std::uint16_t index, Descriptor value) { write(index * 16u, value); }

private:
    template <class T>
    T read(std::uint32_t offset) const {
        T value;
        std::memcpy(&value, area_ + offset, sizeof value);
        return value;
    }
    template <class T>
    void write(std::uint32_t offset, T value) {
        std::memcpy(area_ + offset, &value, sizeof value);
    }

    SplitLayout layout_;
    std::byte* area_;
    std::uint16_t seen_ = 0;
    std::uint16_t used_ = 0;
};

}  // namespace capos::virtio::test
