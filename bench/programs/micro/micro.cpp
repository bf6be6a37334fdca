// What the kernel's operations cost, in instructions: run under QEMU's -icount shift=0,sleep=off, where a tick of the
// time stamp counter is one. Each figure is the cost of one operation over a round of many; five rounds after a warm-up,
// and the log line gives their minimum, median and maximum in hundredths.
#include <algorithm>

#include "bench/programs/micro/raw_ring.hpp"
#include "lib/base/text.hpp"
#include "schema/ipc.capnp.hpp"
#include "schema/memory.capnp.hpp"

using namespace capos;
using namespace capos::micro;

namespace {

constexpr std::uint32_t kRounds = 5;
constexpr std::uint32_t kReply = 4096;

class Micro {
public:
    Micro(const abi::StartInfo& start, std::byte* memory) : start_(start), ring_(memory) {}

    void run() {
        measure("empty", 2000, 1, [] {});
        const abi::StartGrant notification = make_notification();
        abi::Submission null_call = call_on(notification, static_cast<std::uint16_t>(schema::Notification::Method::signal));
        measure("null-call", 2000, 1, [&] { ring_.call(null_call); });
        abi::Submission nop{};
        measure("nop", 2000, 1, [&] { ring_.call(nop); });
        measure("null-call-in-32", 200, 32, [&] { batch(null_call); });
        measure("nop-in-32", 200, 32, [&] { batch(nop); });

        const abi::StartGrant* echo = find_grant(start_, "echo");
        if (echo == nullptr) return say(ring_, start_, "MICRO-ERROR no grant named echo");
        const abi::Submission call = call_on(*echo, 0);
        measure("call-return-two-processes", 1000, 1, [&] { ring_.call(call); });
        abi::Submission with_64 = call;
        with_64.message_offset = 1024;
        with_64.message_length = 64;
        measure("call-return-64-bytes", 1000, 1, [&] { ring_.call(with_64); });
        map_and_unmap();
        notify(*echo);
        say(ring_, start_, "MICRO-END");
    }

private:
    template <class Body>
    void measure(std::string_view name, std::uint32_t times, std::uint32_t operations, Body&& body) {
        std::uint64_t results[kRounds];
        for (std::uint32_t round = 0; round <= kRounds; ++round) {
            const std::uint64_t from = ticks();
            for (std::uint32_t i = 0; i < times; ++i) body();
            const std::uint64_t spent = ticks() - from;
            if (round != 0) results[round - 1] = spent * 100 / (std::uint64_t{times} * operations);
        }
        std::ranges::sort(results, [](std::uint64_t a, std::uint64_t b) { return a < b; });
        FixedText<160> line;
        line << "MICRO " << name << ' ' << results[0] << ' ' << results[kRounds / 2] << ' ' << results[kRounds - 1];
        say(ring_, start_, line.view());
    }

    void batch(const abi::Submission& entry) {
        for (std::uint32_t i = 0; i < 32; ++i) ring_.submit(entry);
        ring_.enter(32);
        for (std::uint32_t i = 0; i < 32; ++i) ring_.next();
    }

    // The one capability that came back with the last answer, as a grant.
    abi::StartGrant received(std::uint64_t interface_id) {
        abi::ReceivedCapability given;
        std::memcpy(&given, ring_.messages() + kReply, sizeof(given));
        return {.name = {}, .interface_id = interface_id, .handle = given.handle};
    }

    abi::StartGrant make_notification() {
        const abi::StartGrant* factory = find_grant(start_, "notifications");
        if (factory == nullptr) return {};
        abi::Submission create = call_on(*factory, 0);
        create.buffer_offset = kReply;
        create.buffer_capacity = 256;
        create.accept_capabilities = 1;
        ring_.call(create);
        return received(schema::Notification::kInterfaceId);
    }

    void map_and_unmap() {
        const abi::StartGrant* memory = find_grant(start_, "memory");
        const abi::StartGrant* space = find_grant(start_, "addressSpace");
        if (memory == nullptr || space == nullptr) return;
        abi::Submission create = call_on(*memory, 0);
        create.buffer_offset = kReply;
        create.buffer_capacity = 256;
        create.accept_capabilities = 1;
        set_message<schema::MemoryFactory::CreateParams>(ring_, create, 1024, [](auto& params) { params.set_size(4096); });
        ring_.call(create);
        const abi::StartGrant page = received(schema::MemoryObject::kInterfaceId);
        const abi::SentCapability sent{.handle = page.handle, .mode = abi::TransferMode::Copy, .reserved = 0};
        std::memcpy(ring_.messages() + 3072, &sent, sizeof(sent));
        constexpr std::uint64_t kAddress = 0x20'0000'0000;
        abi::Submission map = call_on(*space, static_cast<std::uint16_t>(schema::AddressSpace::Method::map));
        map.buffer_offset = kReply;
        map.buffer_capacity = 256;
        map.send_capabilities = 1;
        map.capability_offset = 3072;
        set_message<schema::AddressSpace::MapParams>(ring_, map, 1024, [](auto& params) {
            params.set_object(wire::CapabilityIndex(0));
            params.set_size(4096);
            params.set_address(kAddress);
            params.set_protection(schema::AddressSpace::Protection::read_write);
        });
        abi::Submission unmap = call_on(*space, static_cast<std::uint16_t>(schema::AddressSpace::Method::unmap));
        set_message<schema::AddressSpace::UnmapParams>(ring_, unmap, 2048, [](auto& params) {
            params.set_address(kAddress);
            params.set_size(4096);
        });
        measure("map-touch-unmap", 500, 1, [&] {
            ring_.call(map);
            *reinterpret_cast<volatile int*>(kAddress) = 1;
            ring_.call(unmap);
        });
    }

    // Two notifications, one each way; a round trip is two of them.
    void notify(const abi::StartGrant& echo) {
        const abi::StartGrant there = make_notification();
        const abi::StartGrant back = make_notification();
        const abi::SentCapability sent[2] = {{.handle = there.handle, .mode = abi::TransferMode::Copy, .reserved = 0},
                                             {.handle = back.handle, .mode = abi::TransferMode::Copy, .reserved = 0}};
        std::memcpy(ring_.messages() + 3072, sent, sizeof(sent));
        abi::Submission hand_over = call_on(echo, 1);
        hand_over.send_capabilities = 2;
        hand_over.capability_offset = 3072;
        ring_.call(hand_over);
        abi::Submission signal = call_on(there, static_cast<std::uint16_t>(schema::Notification::Method::signal));
        set_message<schema::Notification::SignalParams>(ring_, signal, 1024, [](auto& params) { params.set_bits(1); });
        abi::Submission wait = call_on(back, static_cast<std::uint16_t>(schema::Notification::Method::wait));
        wait.buffer_offset = kReply;
        wait.buffer_capacity = 64;
        measure("notification-one-way", 1000, 2, [&] {
            ring_.submit(signal);
            ring_.submit(wait);
            ring_.enter(2);
            ring_.next();
            ring_.next();
        });
    }

    const abi::StartInfo& start_;
    RawRing ring_;
};

}  // namespace

extern "C" [[noreturn]] void _start(const abi::StartInfo* start, std::byte* memory) {
    Micro(*start, memory).run();
    system_call(abi::SystemCall::Exit, 0, 0);
    __builtin_trap();
}
