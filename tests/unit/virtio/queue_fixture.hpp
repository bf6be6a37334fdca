// A broker with everything it needs, and a model device on the other end.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <vector>

#include "tests/unit/virtio/model_device.hpp"

namespace capos::virtio::test {

struct FreeDeleter {
    void operator()(std::byte* memory) const { std::free(memory); }
};

class Queue {
public:
    static constexpr std::uint32_t kSlotShift = 11;

    // A queue of `size` on a pool of `pages` pages, two slots each.
    explicit Queue(std::uint16_t size, bool legacy = false) : Queue(size, size / 2u + 128, legacy) {}
    Queue(std::uint16_t size, std::size_t pages, bool legacy)
        : layout(*SplitLayout::create(size)), memory(pages), bits(SlotTable::words_for(static_cast<std::uint32_t>(pages * 2))),
          slots(memory.pages(), kSlotShift, bits), shadows(size),
          area(static_cast<std::byte*>(std::aligned_alloc(4096, layout.total))),
          broker(layout, area.get(), shadows, slots, legacy), device(layout, area.get()) {}

    PostFault post(std::vector<Buffer> chain) { return broker.post(chain).fault; }
    PostFault post_receive(std::uint32_t slot) { return post({{slot, 0, 2048, true}}); }
    PostFault post_send(std::uint32_t slot, std::uint32_t length = 100) { return post({{slot, 0, length, false}}); }
    Result<std::vector<Done>> drain(std::size_t most = 4096) {
        std::vector<Done> done(most);
        const auto count = broker.drain(done);
        if (!count)
            return count.error();
        done.resize(*count);
        return done;
    }

    SplitLayout layout;
    DeviceMemory memory;
    std::vector<std::uint64_t> bits;
    SlotTable slots;
    std::vector<SplitQueueBroker::Shadow> shadows;
    std::unique_ptr<std::byte, FreeDeleter> area;
    SplitQueueBroker broker;
    ModelDevice device;
};

}  // namespace capos::virtio::test
