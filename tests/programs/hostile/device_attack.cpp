#include "tests/programs/hostile/device_attack.hpp"

#include <cstring>

#include "lib/base/text.hpp"
#include "schema/device.capnp.hpp"
#include "schema/memory.capnp.hpp"

namespace capos::hostile {

namespace {

constexpr std::uint32_t kPoolBytes = 32 * 1024;
constexpr std::uint32_t kSlotBytes = 2048;
constexpr std::uint32_t kSlots = kPoolBytes / kSlotBytes;
constexpr std::uint16_t kNoVector = 0xffff;
constexpr std::uint32_t kCapabilityBytes = 64;       // at the end of a scratch area

using schema::BrokeredQueue;
using schema::DeviceRegisters;
using schema::DmaPool;
using schema::Interrupt;
using schema::MemoryFactory;
using schema::PciFunction;
using schema::QueueBroker;

}  // namespace

template <class Params, class Fill>
abi::Submission DeviceAttack::prepare(const Held& target, std::uint16_t method, Fill&& fill) {
    abi::Submission entry{};
    entry.operation = abi::Operation::Call;
    entry.handle = target.handle;
    entry.interface_or_call = target.interface_id;
    entry.method = method;
    entry.message_offset = ring_.scratch();
    wire::MessageBuilder builder(ring_.bytes(entry.message_offset, Ring::kScratchBytes - kCapabilityBytes));
    fill(builder.init_root<Params>());
    if (auto message = builder.finish()) entry.message_length = static_cast<std::uint32_t>(message->size());
    return entry;
}

void DeviceAttack::attach(abi::Submission& entry, abi::Handle handle) {
    const abi::SentCapability sent{.handle = handle, .mode = abi::TransferMode::Copy, .reserved = 0};
    entry.send_capabilities = 1;
    entry.capability_offset = entry.message_offset + Ring::kScratchBytes - kCapabilityBytes;
    std::memcpy(ring_.bytes(entry.capability_offset, sizeof(sent)).data(), &sent, sizeof(sent));
}

void DeviceAttack::require(Error status, std::string_view what) {
    if (status == Error::None) return;
    FixedText<80> text;
    text << "device: " << what << ": error " << static_cast<std::uint32_t>(status);
    ring_.fail(text.view());
}

void DeviceAttack::take(Place place, std::uint32_t index, const abi::Submission& entry, std::string_view what) {
    abi::Submission accepting = entry;
    accepting.accept_capabilities = 1;
    const Ring::Answer answer = ring_.call(accepting);
    require(answer.status, what);
    hands_.device_object(place + index) = answer.first;
    if (answer.status == Error::None && answer.first.handle == abi::kNoHandle) ring_.fail(what);
}

// --- in good order ---

void DeviceAttack::set_up() {
    const Held function = hands_.granted_as(PciFunction::kInterfaceId);
    const Held memory = hands_.granted_as(MemoryFactory::kInterfaceId);
    if (function.handle == abi::kNoHandle || memory.handle == abi::kNoHandle) return ring_.fail("it was given no device");
    for (std::uint32_t place = 0; place < kPlaces; ++place) {
        Held& old = hands_.device_object(place);
        if (old.handle == abi::kNoHandle) continue;
        abi::Submission entry{};
        entry.operation = abi::Operation::Release;
        entry.handle = old.handle;
        ring_.submit(entry);
        old = {};
    }
    hands_.give_back_own();
    while (hands_.has_releases()) {
        abi::Submission entry{};
        entry.operation = abi::Operation::Release;
        entry.handle = hands_.next_release();
        ring_.submit(entry);
    }
    const auto nothing = [](auto) {};
    require(ring_.call(prepare<PciFunction::ResetParams>(function, 5, nothing)).status, "reset");
    take(kMemory, 0, prepare<MemoryFactory::CreateParams>(memory, 0, [](auto p) { p.set_size(kPoolBytes); }), "memory");
    auto dma = prepare<PciFunction::DmaParams>(function, 2, [](auto p) {
        p.set_object(wire::CapabilityIndex(0));
        p.set_slot_bytes(kSlotBytes);
    });
    attach(dma, hands_.device_object(kMemory).handle);
    take(kPool, 0, dma, "dma");
    take(kRegisters, 0, prepare<PciFunction::RegistersParams>(function, 1, nothing), "registers");
    take(kBroker, 0, prepare<PciFunction::QueuesParams>(function, 4, nothing), "queues");
    for (std::uint16_t i = 0; i < 2; ++i)
        take(kInterrupt, i, prepare<PciFunction::InterruptParams>(function, 3, [&](auto p) { p.set_index(i); }), "interrupt");
    const Held broker = hands_.device_object(kBroker);
    require(ring_.call(prepare<QueueBroker::NegotiateParams>(broker, 0, [&](auto p) { p.set_wanted(random_.next()); })).status,
            "negotiate");
    auto create = prepare<QueueBroker::CreateParams>(broker, 1, [&](auto p) {
        p.set_index(0);
        p.set_pool(wire::CapabilityIndex(0));
        p.set_vector(random_.chance(80) ? 1 : kNoVector);
    });
    attach(create, hands_.device_object(kPool).handle);
    take(kQueue, 0, create, "create");
    require(ring_.call(prepare<QueueBroker::ActivateParams>(broker, 2, nothing)).status, "activate");
    since_set_up_ = 0;
}

// --- in bad order ---

void DeviceAttack::operation() {
    if (++since_set_up_ >= kSetUpEvery) return set_up();
    switch (random_.below(16)) {
    case 0: return create_queue();
    case 1: return registers();
    case 2:
    case 3: return interrupts();
    case 4: return function();
    case 5:
    case 6: return without_parameters();
    default: return exchange();
    }
}

void DeviceAttack::submit(abi::Submission entry) {
    entry.accept_capabilities = static_cast<std::uint16_t>(random_.below(3));
    entry.buffer_offset = Ring::kReplies + random_.below(32) * 1024;
    entry.buffer_capacity = random_.chance(80) ? 1024 : random_.below(128) * 8;
    entry.deadline = random_.chance(50) ? abi::kNoDeadline : random_.next() >> 24;
    ring_.submit(entry);
}

// Slots, ranges and chains, right and wrong, on a running device.
void DeviceAttack::exchange() {
    submit(prepare<BrokeredQueue::ExchangeParams>(hands_.device_object(kQueue), 0, [&](auto params) {
        const std::uint32_t count = random_.below(10);
        auto post = params.init_post(count);
        std::uint32_t slot = random_.mostly_below(kSlots + 1);
        for (std::uint32_t i = 0; i < count; ++i) {
            auto buffer = post[i];
            const bool more = random_.chance(20);
            const std::uint32_t offset = random_.mostly_below(kSlotBytes);
            const std::uint32_t rest = kSlotBytes - offset;
            buffer.set_slot(slot);
            buffer.set_offset(static_cast<std::uint16_t>(offset));
            buffer.set_length(static_cast<std::uint16_t>(random_.chance(70) ? random_.below(rest) : random_.mostly_below(rest)));
            buffer.set_device_writes(random_.chance(90));
            buffer.set_more(more);
            if (!more || random_.chance(5)) slot = random_.mostly_below(kSlots + 1);
        }
        params.set_max_done(static_cast<std::uint16_t>(random_.mostly_below(40)));
        params.set_arm(random_.chance(50));
        params.set_wake(random_.chance(2));
    }));
}

void DeviceAttack::create_queue() {
    auto entry = prepare<QueueBroker::CreateParams>(hands_.device_object(kBroker), 1, [&](auto params) {
        params.set_index(static_cast<std::uint16_t>(random_.mostly_below(4)));
        params.set_size(static_cast<std::uint16_t>(random_.odd_number()));
        params.set_pool(wire::CapabilityIndex(random_.below(2)));
        params.set_vector(static_cast<std::uint16_t>(random_.mostly_below(4)));
    });
    attach(entry, random_.chance(70) ? hands_.device_object(kPool).handle : hands_.some_handle());
    submit(entry);
}

void DeviceAttack::registers() {
    const Held& registers = hands_.device_object(kRegisters);
    const std::uint32_t offset = random_.mostly_below(24);
    const auto width = static_cast<std::uint8_t>(random_.chance(80) ? 1u << random_.below(3) : random_.odd_number());
    if (random_.chance(50))
        return submit(prepare<DeviceRegisters::ReadParams>(registers, 0, [&](auto params) {
            params.set_offset(offset);
            params.set_width(width);
        }));
    submit(prepare<DeviceRegisters::WriteParams>(registers, 1, [&](auto params) {
        params.set_offset(offset);
        params.set_width(width);
        params.set_value(random_.odd_number());
    }));
}

void DeviceAttack::interrupts() {
    // Every method of it is without parameters; a wait may stay until it is cancelled.
    submit(prepare<Interrupt::WaitParams>(hands_.device_object(kInterrupt + random_.below(2)),
                                          static_cast<std::uint16_t>(random_.below(6)), [](auto) {}));
}

// Pools of anything, interrupts of any number; now and then a reset in the middle of it all.
void DeviceAttack::function() {
    const Held function = hands_.granted_as(PciFunction::kInterfaceId);
    if (random_.below(400) == 0)
        return submit(prepare<PciFunction::ResetParams>(function, 5, [](auto) {}));
    if (random_.chance(30))
        return submit(prepare<PciFunction::InterruptParams>(function, 3, [&](auto params) {
            params.set_index(static_cast<std::uint16_t>(random_.mostly_below(10)));
        }));
    auto entry = prepare<PciFunction::DmaParams>(function, 2, [&](auto params) {
        params.set_object(wire::CapabilityIndex(random_.below(2)));
        params.set_slot_bytes(random_.chance(50) ? 256u << random_.below(6) : random_.odd_number());
    });
    attach(entry, random_.chance(70) ? hands_.device_object(kMemory).handle : hands_.some_handle());
    submit(entry);
}

void DeviceAttack::without_parameters() {
    const Held& target = random_.chance(70) ? hands_.device_object(random_.below(kPlaces))
                                            : hands_.granted_as(PciFunction::kInterfaceId);
    auto method = static_cast<std::uint16_t>(random_.below(5));
    submit(prepare<DmaPool::SlotsParams>(target, method, [](auto) {}));
}

}  // namespace capos::hostile
