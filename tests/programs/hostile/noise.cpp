#include "tests/programs/hostile/noise.hpp"

#include <cstring>

#include "schema/device.capnp.hpp"

namespace capos::hostile {

namespace {

constexpr std::uint16_t kReset = 5;    // PciFunction.reset
constexpr std::uint32_t kCapabilityLists = 64 * 1024;

}  // namespace

void Noise::systematic() {
    static constexpr std::uint64_t kEdges[] = {0, 1, 2, 7, 8, 9, 63, 64, 4095, 4096, 0x7fffffff, 0x80000000, 0xffffffff,
                                               0x100000000, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff};
    for (std::uint32_t i = 0; i < hands_.targets() && !ring_.failed(); ++i) {
        const Held held = hands_.target(i);
        if (held.handle == abi::kNoHandle) continue;
        abi::Submission good{};
        good.operation = abi::Operation::Call;
        good.handle = held.handle;
        good.interface_or_call = held.interface_id;
        good.buffer_offset = Ring::kReplies;
        good.buffer_capacity = Ring::kReplyBytes;
        good.deadline = 1;
        for (std::uint32_t operation = 0; operation < 8; ++operation) {
            if (operation == static_cast<std::uint32_t>(abi::Operation::Release)) continue;
            for (std::uint32_t word = 0; word < sizeof(abi::Submission) / 8; ++word) {
                for (std::uint64_t edge : kEdges) {
                    abi::Submission entry = good;
                    std::memcpy(reinterpret_cast<std::byte*>(&entry) + 8 * word, &edge, 8);
                    entry.operation = static_cast<abi::Operation>(operation);
                    ring_.submit(entry);
                }
            }
        }
        for (std::uint16_t method = 0; method < 12; ++method) {
            abi::Submission entry = good;
            entry.method = method;
            entry.buffer_capacity = 512;
            ring_.submit(entry);
        }
    }
}

void Noise::target(abi::Submission& entry) {
    entry.handle = hands_.some_handle();
    entry.interface_or_call = hands_.some_target().interface_id;
    if (random_.chance(80)) {
        // Mostly the right interface, so that calls get further.
        const Held held = random_.chance(50) ? hands_.some_target() : hands_.some_own();
        entry.handle = held.handle;
        entry.interface_or_call = held.interface_id;
    }
    entry.method = random_.chance(90) ? static_cast<std::uint16_t>(random_.below(7)) : static_cast<std::uint16_t>(random_.next());
    // A reset takes away what the device has, which is to be attacked: seldom.
    if (entry.interface_or_call == schema::PciFunction::kInterfaceId && entry.method == kReset && random_.chance(95))
        entry.method = 0;
}

// A message: nothing, noise, or a struct with random words and pointers.
void Noise::message(abi::Submission& entry) {
    entry.message_offset = random_.below(64) * 64;
    std::byte* at = ring_.bytes(entry.message_offset, 128).data();
    const std::uint32_t kind = random_.below(10);
    if (kind < 2) return;
    const std::uint32_t words = 1 + random_.below(12);
    for (std::uint32_t i = 0; i < words; ++i) {
        std::uint64_t word = random_.chance(50) ? random_.below(5000) : random_.next();
        if (random_.chance(20)) word = 3 | std::uint64_t{random_.below(3)} << 32;       // a capability pointer
        if (random_.chance(10)) word = (random_.next() & ~std::uint64_t{3}) | random_.below(4);
        std::memcpy(at + 8 * i, &word, 8);
    }
    if (kind < 8) {
        const std::uint64_t data = random_.below(words);
        const std::uint64_t pointers = words - 1 - data;
        const std::uint64_t root = data << 32 | pointers << 48;
        std::memcpy(at, &root, 8);
    }
    entry.message_length = words * 8;
}

void Noise::buffers(abi::Submission& entry) {
    entry.accept_capabilities = static_cast<std::uint16_t>(random_.below(4));
    entry.buffer_offset = Ring::kReplies + random_.below(32) * 1024;
    entry.buffer_capacity = random_.chance(80) ? 1024 : random_.below(128) * 8;
    if (random_.chance(5)) entry.buffer_offset = random_.odd_number();
    if (random_.chance(5)) entry.buffer_capacity = random_.odd_number();
    if (random_.chance(3)) entry.message_offset = random_.odd_number();
    if (random_.chance(3)) entry.message_length = random_.odd_number();
    if (random_.chance(2)) entry.accept_capabilities = static_cast<std::uint16_t>(random_.next());
}

void Noise::capabilities(abi::Submission& entry) {
    if (random_.chance(70)) return;
    entry.send_capabilities = static_cast<std::uint16_t>(random_.chance(90) ? random_.below(4) : random_.next());
    entry.capability_offset = kCapabilityLists + random_.below(16) * 128;
    for (std::uint32_t i = 0; i < 4; ++i) {
        // A target is only ever copied: moved away, it would be gone for the rest of the run.
        const bool own = random_.chance(50);
        const abi::SentCapability sent{.handle = own ? hands_.some_own().handle : hands_.some_handle(),
                                       .mode = own && random_.chance(50) ? abi::TransferMode::Move : abi::TransferMode::Copy,
                                       .reserved = random_.chance(2) ? 1u : 0u};
        const auto place = ring_.bytes(entry.capability_offset + i * static_cast<std::uint32_t>(sizeof(sent)), sizeof(sent));
        std::memcpy(place.data(), &sent, sizeof(sent));
    }
    if (random_.chance(3)) entry.capability_offset = random_.odd_number();
}

void Noise::operation() {
    if (hands_.has_releases() && random_.chance(30)) {
        abi::Submission entry{};
        entry.operation = abi::Operation::Release;
        entry.handle = hands_.next_release();
        return ring_.submit(entry);
    }
    if (random_.below(2000) == 0) return ring_.bad_indices();
    abi::Submission entry{};
    switch (random_.below(12)) {
    case 0: entry.operation = abi::Operation::Nop; break;
    case 1:
        entry.operation = abi::Operation::Receive;
        target(entry);
        entry.method = 0;
        if (random_.chance(95)) entry.interface_or_call = 0;
        buffers(entry);
        if (random_.chance(50)) entry.deadline = random_.next() >> 20;
        break;
    case 2:
        entry.operation = abi::Operation::Return;
        target(entry);
        entry.flags = static_cast<std::uint8_t>(random_.below(3));
        if (random_.chance(95)) entry.method = entry.flags == abi::kReturnException ? 64 + random_.below(7) : 0;
        entry.interface_or_call = random_.chance(50) ? std::uint64_t{1} << 32 | random_.below(8) : random_.next();
        message(entry);
        capabilities(entry);
        break;
    case 3:
        entry.operation = abi::Operation::Cancel;
        entry.interface_or_call = random_.chance(70) ? ring_.earlier(random_.below(32)) : random_.next();
        break;
    case 4:
        entry.operation = abi::Operation::Release;       // of what it never had, or has no more
        entry.handle = random_.chance(50) ? random_.next() : hands_.stale();
        break;
    case 5:
        for (std::uint32_t i = 0; i < sizeof(entry) / 8; ++i) {
            const std::uint64_t word = random_.next();
            std::memcpy(reinterpret_cast<std::byte*>(&entry) + 8 * i, &word, 8);
        }
        if (entry.operation == abi::Operation::Release) entry.operation = abi::Operation::Nop;
        break;
    default:
        entry.operation = abi::Operation::Call;
        target(entry);
        message(entry);
        buffers(entry);
        capabilities(entry);
        entry.deadline = random_.chance(50) ? abi::kNoDeadline : random_.next() >> 24;
    }
    ring_.submit(entry);
}

}  // namespace capos::hostile
