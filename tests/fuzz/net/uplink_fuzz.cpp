// A hostile driver scripted by the fuzzer: writes to any word of the rings between the stack's own steps.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "lib/uplink/ends.hpp"

namespace {

using namespace capos::uplink;

void require(bool condition) {
    if (!condition)
        __builtin_trap();
}

struct Script {
    const std::uint8_t* data;
    std::size_t left;

    std::uint32_t number(std::size_t bytes) {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < bytes; ++i) {
            value = value << 8 | (left ? *data : 0);
            if (left) {
                ++data;
                --left;
            }
        }
        return value;
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Script script{data, size};
    auto rings = std::make_unique<Rings>();
    const std::uint32_t slots = 2 + script.number(1) % 30;
    const Shape shape{512, slots, 1 + script.number(1) % (slots - 1)};
    require(shape.valid());
    std::vector<std::byte> memory(shape.pool_bytes());
    const Pool pool(memory, shape);
    std::optional<StackEnd> stack(std::in_place, *rings, shape, 1u);
    std::optional<DriverEnd> honest(std::in_place, *rings, shape);
    std::uint32_t generation = 1;
    auto* words = reinterpret_cast<std::atomic<std::uint32_t>*>(rings.get());
    while (script.left) {
        switch (script.number(1) % 9) {
        case 0:
            words[script.number(2) % (sizeof(Rings) / 4)].store(script.number(4));
            break;
        case 1: {
            SharedRing* const all[] = {&rings->receive_full, &rings->transmit_free, &rings->receive_free,
                                       &rings->transmit_full};
            SharedRing& ring = *all[script.number(1) % 4];
            const std::uint32_t index = ring.produced.load();
            const Entry entry{static_cast<std::uint16_t>(script.number(1)), static_cast<std::uint16_t>(script.number(2)),
                              static_cast<std::uint16_t>(script.number(2)), 0};
            ring.entries[index % kRingEntries].store(std::bit_cast<std::uint64_t>(entry));
            ring.produced.store(index + 1);
            break;
        }
        case 2: {
            const std::uint32_t limit = script.number(1);
            const auto consumed = stack->receive_full().drain(limit, [&](const Entry& entry) {
                require(entry.slot < shape.receive_slots);
                for (std::byte& byte : pool.bytes(entry))
                    byte = std::byte{1};
                require(stack->receive_free().put(entry.slot));
            });
            require(consumed <= limit);
            break;
        }
        case 3:
            if (const auto slot = stack->take_transmit_slot()) {
                require(*slot >= shape.receive_slots && *slot < shape.slot_count);
                if (script.number(1) % 2)
                    require(stack->send(*slot, 10, 60));
                else
                    stack->put_back(*slot);
            }
            break;
        case 4:
            (void)stack->publish();
            break;
        case 5:
            stack->reclaim();
            require(stack->idle_transmit_slots() <= shape.transmit_slots());
            break;
        case 6:
            (void)stack->receive_full().arm();
            (void)stack->arm_transmit();
            break;
        case 7:
            stack.emplace(*rings, shape, ++generation);
            if (check_attachment(*rings, shape))
                honest.emplace(*rings, shape);
            break;
        case 8:
            honest->receive_free().drain(4, [&](const Entry& e) { (void)honest->receive_full().put(e.slot, 0, 60); });
            honest->transmit_full().drain(4, [&](const Entry& e) { (void)honest->transmit_free().put(e.slot); });
            (void)honest->publish();
            (void)honest->replaced();
            break;
        }
        require(stack->ownership().count() <= shape.slot_count);
    }
    return 0;
}
