// Frames from hostile peers into the whole stack, mixed with what applications do. Half of the segments carry right
// sums and right numbers, so that they reach deep; the rest are whatever the fuzzer likes.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "lib/netcore/stack.hpp"
#include "tests/unit/netcore/dhcp_server_script.hpp"

namespace {

using namespace capos::netcore;
using testing_support::DhcpMessage;
using testing_support::gce_reply;
using testing_support::ip;
using testing_support::parse_request;

using Bytes = std::vector<std::uint8_t>;
constexpr MacAddress kMac{0x42, 1, 10, 128, 0, 9};
constexpr MacAddress kGatewayMac{0x42, 1, 10, 128, 0, 1};
constexpr Ipv4 kOwn = ip(10, 128, 0, 9);
constexpr Ipv4 kPeer = ip(93, 184, 216, 34);

void put(Bytes& bytes, std::size_t at, std::uint32_t value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i)
        bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * (width - 1 - i)));
}

std::uint16_t sum16(const std::uint8_t* bytes, std::size_t length, std::uint32_t sum = 0) {
    for (std::size_t i = 0; i < length; i += 2)
        sum += static_cast<std::uint32_t>(bytes[i]) << 8 | (i + 1 < length ? bytes[i + 1] : 0u);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(sum);
}

struct Input {
    const std::uint8_t* data;
    std::size_t left;
    std::uint32_t number(std::size_t bytes = 1) {
        std::uint32_t value = 0;
        for (; bytes > 0; --bytes) {
            value = value << 8 | (left != 0 ? *data : 0);
            if (left != 0) {
                ++data;
                --left;
            }
        }
        return value;
    }
};

// What the peer knows of each of its connections, learnt from the frames the stack sends.
struct Known {
    std::uint32_t theirs = 0;   // next expected from the stack
    std::uint32_t ours = 1000;
};

struct World final : StackHost, Ping::Events, Connection::Events, Listener::Events {
    static std::uint64_t& clock() {
        static std::uint64_t now = 1'000'000'000;
        return now;
    }
    std::uint64_t now_ns() override { return clock(); }
    void broken(std::string_view what) override {
        std::fprintf(stderr, "lwIP: %.*s\n", static_cast<int>(what.size()), what.data());
        std::abort();
    }
    std::span<std::byte> begin_frame(std::size_t bytes) override {
        return room != 0 ? std::span(buffer).first(bytes) : std::span<std::byte>{};
    }
    void end_frame(std::size_t bytes) override {
        if (room < 1000)
            --room;
        const auto* frame = reinterpret_cast<const std::uint8_t*>(buffer.data());
        if (bytes >= 54 && frame[12] == 8 && frame[13] == 0 && frame[23] == 6) {
            const auto word = [&](std::size_t at) {
                return static_cast<std::uint32_t>(frame[at] << 24 | frame[at + 1] << 16 | frame[at + 2] << 8 | frame[at + 3]);
            };
            Known& peer = known[frame[37] % known.size()];
            const auto total = static_cast<std::uint32_t>(frame[16] << 8 | frame[17]);
            const std::uint32_t length = total - 20 - static_cast<std::uint32_t>(frame[46] >> 4) * 4;
            if ((frame[47] & 4) == 0)
                peer.theirs = word(38) + length + ((frame[47] & 3) != 0 ? 1 : 0);
        }
        if (bytes >= 282 && frame[12] == 8 && frame[23] == 17 && frame[37] == 67)
            transaction = parse_request(std::as_bytes(std::span(frame + 42, bytes - 42))).transaction;
    }
    void say(std::string_view) override {}
    void ping_done() override {}
    bool readable() override { return known[0].ours % 2 == 0; }
    void writable() override {}
    void connection_waiting() override {}

    void give(const Bytes& frame) {
        const std::unique_ptr<std::byte[]> exact(new std::byte[frame.size() + 1]);
        std::copy_n(reinterpret_cast<const std::byte*>(frame.data()), frame.size(), exact.get());
        stack->copy({exact.get(), frame.size()}, batch);
        if (++batched >= batch_size) {
            batched = 0;
            stack->receive(batch);
        }
    }
    void give_packet(std::uint8_t protocol, const Bytes& payload, std::uint32_t fragment = 0) {
        Bytes frame(34);
        std::memcpy(frame.data(), kMac.data(), 6);
        std::memcpy(frame.data() + 6, kGatewayMac.data(), 6);
        put(frame, 12, 0x0800, 2);
        frame[14] = 0x45;
        put(frame, 16, static_cast<std::uint32_t>(20 + payload.size()), 2);
        put(frame, 18, 7, 2);
        put(frame, 20, fragment, 2);
        frame[22] = 64;
        frame[23] = protocol;
        put(frame, 26, kPeer, 4);
        put(frame, 30, kOwn, 4);
        put(frame, 24, static_cast<std::uint16_t>(~sum16(&frame[14], 20)), 2);
        frame.insert(frame.end(), payload.begin(), payload.end());
        give(frame);
    }
    void give_dhcp(const DhcpMessage& message) {
        const auto bytes = message.bytes();
        Bytes payload(8);
        put(payload, 0, 67, 2);
        put(payload, 2, 68, 2);
        put(payload, 4, static_cast<std::uint32_t>(8 + bytes.size()), 2);
        for (const std::byte letter : bytes)
            payload.push_back(static_cast<std::uint8_t>(letter));
        give_packet(17, payload);   // a sum of 0: none
    }
    // One segment of connection `which`; numbers are right but for the two offsets.
    void segment(std::size_t which, std::uint8_t flags, const Bytes& options, std::size_t length, std::uint16_t window,
                 std::uint32_t sequence_off, std::uint32_t acknowledged_off) {
        Known& peer = known[which];
        Bytes payload(20);
        payload.insert(payload.end(), options.begin(), options.end());
        payload.resize(20 + options.size() + length, 'f');
        put(payload, 0, static_cast<std::uint32_t>(0x1000 | which), 2);
        put(payload, 2, 80, 2);
        put(payload, 4, peer.ours + sequence_off, 4);
        put(payload, 8, peer.theirs + acknowledged_off, 4);
        payload[12] = static_cast<std::uint8_t>((20 + options.size()) << 2);
        payload[13] = flags;
        put(payload, 14, window, 2);
        Bytes pseudo(12);
        put(pseudo, 0, kPeer, 4);
        put(pseudo, 4, kOwn, 4);
        pseudo[9] = 6;
        put(pseudo, 10, static_cast<std::uint32_t>(payload.size()), 2);
        put(payload, 16, static_cast<std::uint16_t>(~sum16(payload.data(), payload.size(), sum16(pseudo.data(), 12))), 2);
        give_packet(6, payload);
        if (sequence_off == 0)
            peer.ours += static_cast<std::uint32_t>(length) + ((flags & 3) != 0 ? 1 : 0);
    }
    void any_segment(Input& input) {
        const std::size_t which = input.number() % known.size();
        const auto flags = static_cast<std::uint8_t>(input.number() & 0x3f);
        const std::size_t length = input.number() % 4 == 0 ? 0 : input.number(2) % 1420;
        Bytes options(input.number() % 4 * 4);
        for (auto& letter : options)
            letter = static_cast<std::uint8_t>(input.number());
        const std::uint32_t twist = input.number();
        segment(which, flags, options, length, twist % 16 == 3 ? 0 : 0xffff,
                twist % 4 == 1 ? input.number(2) - 0x8000 : 0, twist % 8 == 2 ? input.number(2) - 0x8000 : 0);
    }
    // Segments, or acknowledgements, that follow one another and arrive together.
    void stream(std::size_t which, std::size_t count, std::uint8_t kind) {
        batch_size = 2 + kind % 31;
        for (std::size_t i = 0; i < count; ++i)
            if (kind % 4 == 0)
                segment(which, 16, {}, 0, 0xffff, 0, static_cast<std::uint32_t>(i * 400 - count * 400));
            else
                segment(which, i + 1 == count ? 24 : 16, {}, 1 + kind * 5, 0xffff, 0, 0);
        stack->receive(batch);
        batched = 0;
        batch_size = 1;
    }
    void handshake(std::size_t which) {
        segment(which, 2, {2, 4, 5, 180, 1, 3, 3, 7}, 0, 0xffff, 0, 0);
        segment(which, 16, {}, 0, 0xffff, 0, 0);
    }
    void answer_arp(std::uint32_t operation, Ipv4 sender, Ipv4 target) {
        Bytes frame(42);
        std::memcpy(frame.data(), kMac.data(), 6);
        put(frame, 12, 0x0806, 2);
        put(frame, 14, 1, 2);
        put(frame, 16, 0x0800, 2);
        put(frame, 18, 0x0604, 2);
        put(frame, 20, operation, 2);
        std::memcpy(&frame[22], kGatewayMac.data(), 6);
        put(frame, 28, sender, 4);
        put(frame, 38, target, 4);
        give(frame);
    }

    std::unique_ptr<Stack> stack;
    std::array<std::byte, 2048> buffer;
    std::array<Known, 8> known{};
    std::size_t room = 1000;
    std::uint32_t transaction = 0;
    Stack::Batch batch;             // frames that arrive together
    std::size_t batched = 0;
    std::size_t batch_size = 1;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static std::vector<std::byte> memory(17 * PacketMemory::kSlabBytes);
    Input input{data, size};
    World world;
    world.stack = std::move(*Stack::create(world, {{{1, 2}, {3, 4}}, memory}));
    Stack& stack = *world.stack;
    (void)stack.attach(kMac, 1500);
    if (input.number() % 8 != 0) {
        world.give_dhcp(gce_reply(DhcpType::Offer, world.transaction, kMac));
        world.give_dhcp(gce_reply(DhcpType::Ack, world.transaction, kMac));
        world.answer_arp(1, ip(10, 128, 0, 1), kOwn);   // asking makes the gateway known
    }
    ConnectionBudget budget{.limit = 6};
    auto listener = Listener::open(80, 4, budget);
    if (listener)
        (*listener)->observe(&world);
    std::vector<std::unique_ptr<Connection>> open;
    std::vector<std::unique_ptr<Ping>> pings;
    std::array<std::byte, 4096> scratch{};
    while (input.left != 0) {
        switch (input.number() % 16) {
        case 0: {   // any frame
            Bytes frame(input.number(2) % 1600);
            for (auto& letter : frame)
                letter = static_cast<std::uint8_t>(input.number());
            if (frame.size() > 14 && input.number() % 2)
                std::memcpy(frame.data(), kMac.data(), 6);
            world.give(frame);
            break;
        }
        case 1: {   // any packet to us
            Bytes payload(input.number() % 128);
            for (auto& letter : payload)
                letter = static_cast<std::uint8_t>(input.number());
            world.give_packet(static_cast<std::uint8_t>(input.number() % 20), payload, input.number(2));
            break;
        }
        case 2: {
            const Ipv4 sender = input.number() % 2 ? ip(10, 128, 0, 1) : input.number(4);
            world.answer_arp(1 + input.number() % 2, sender, input.number() % 4 ? kOwn : input.number(4));
            break;
        }
        case 3: {   // ICMP
            Bytes payload(8 + input.number());
            payload[0] = input.number() % 4 ? 8 : static_cast<std::uint8_t>(input.number());
            put(payload, 2, static_cast<std::uint16_t>(~sum16(payload.data(), payload.size())), 2);
            world.give_packet(1, payload, input.number() % 8 ? 0 : input.number(2));
            break;
        }
        case 4: world.give_dhcp(gce_reply(static_cast<DhcpType>(input.number() % 9), world.transaction, kMac)); break;
        case 5:
            if (listener)
                if (auto connection = (*listener)->accept()) {
                    connection->observe(&world);
                    open.push_back(std::move(connection));
                }
            break;
        case 6:
            if (!open.empty())
                (void)open[input.number() % open.size()]->read(std::span(scratch).first(input.number(2) % 4096));
            break;
        case 7:
            if (!open.empty())
                (void)open[input.number() % open.size()]->write(std::span(scratch).first(input.number(2) % 4096));
            break;
        case 8:
            if (!open.empty()) {
                const std::size_t which = input.number() % open.size();
                if (input.number() % 3 == 0)
                    open[which]->shutdown_send();
                else if (input.number() % 2 == 0)
                    open[which]->shutdown_receive();
                else
                    open.erase(open.begin() + static_cast<std::ptrdiff_t>(which));
            }
            break;
        case 9: {
            const std::uint64_t end = World::clock() + std::uint64_t{input.number()} * 40'000'000;
            while (stack.next_deadline_ns() <= end) {
                World::clock() = std::max(World::clock(), stack.next_deadline_ns());
                stack.run_timers();
            }
            World::clock() = end;
            break;
        }
        case 10:
            world.room = input.number() % 4 == 0 ? input.number() % 4 : 1000;
            stack.transmit_room();
            break;
        case 11: (void)stack.attach(kMac, 1500); break;
        case 12:
            if (pings.size() < 4)
                pings.push_back(std::make_unique<Ping>(world));
            stack.start(*pings[input.number() % pings.size()], input.number() % 2 ? kPeer : input.number(4), 100);
            break;
        case 13: world.handshake(input.number() % 8); break;
        case 14: world.stream(input.number() % 8, 2 + input.number() % 30, input.number()); break;
        default: world.any_segment(input); break;
        }
        for (const auto& connection : open) {
            (void)connection->state();
            (void)connection->room();
            if (connection->unsent() > 200'000 || connection->readable() > 200'000) {
                std::fprintf(stderr, "%s: %zu unsent, %zu readable\n", connection->state(), connection->unsent(),
                             connection->readable());
                std::abort();
            }
        }
    }
    ConnectionInfo list[16];
    (void)Stack::connections(list);
    Neighbour neighbours[4];
    (void)stack.neighbours(neighbours);
    (void)stack.config();
    (void)protocol_counters();
    stack.receive(world.batch);
    open.clear();
    pings.clear();
    listener = capos::Error::Closed;
    if (budget.open != 0)
        __builtin_trap();
    world.stack.reset();
    return 0;
}
