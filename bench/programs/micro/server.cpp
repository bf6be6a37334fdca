// The other process of the micro benchmarks: answers calls with nothing; on method 1 it takes two notifications and from
// then on waits for the first and signals the second.
#include "bench/programs/micro/raw_ring.hpp"
#include "schema/ipc.capnp.hpp"

using namespace capos;
using namespace capos::micro;

namespace {

constexpr std::uint32_t kRequests = 4096;
constexpr std::uint32_t kRequestBytes = 512;
constexpr std::uint16_t kAccept = 2;

abi::Submission receive(const abi::StartGrant& endpoint) {
    abi::Submission entry{};
    entry.operation = abi::Operation::Receive;
    entry.handle = endpoint.handle;
    entry.buffer_offset = kRequests;
    entry.buffer_capacity = kRequestBytes;
    entry.accept_capabilities = kAccept;
    entry.deadline = abi::kNoDeadline;
    entry.user_data = 1;
    return entry;
}

abi::Submission answer(const abi::StartGrant& endpoint, std::uint64_t call_id) {
    abi::Submission entry{};
    entry.operation = abi::Operation::Return;
    entry.handle = endpoint.handle;
    entry.interface_or_call = call_id;
    entry.user_data = 2;
    return entry;
}

[[noreturn]] void ping_pong(RawRing& ring, abi::Handle wait_on, abi::Handle signal) {
    abi::StartGrant first{.name = {}, .interface_id = schema::Notification::kInterfaceId, .handle = wait_on};
    abi::StartGrant second{.name = {}, .interface_id = schema::Notification::kInterfaceId, .handle = signal};
    abi::Submission wait = call_on(first, static_cast<std::uint16_t>(schema::Notification::Method::wait));
    wait.buffer_offset = 8192;
    wait.buffer_capacity = 64;
    wait.user_data = 3;
    abi::Submission ring_back = call_on(second, static_cast<std::uint16_t>(schema::Notification::Method::signal));
    set_message<schema::Notification::SignalParams>(ring, ring_back, 16384, [](auto& params) { params.set_bits(1); });
    ring_back.user_data = 4;
    ring.submit(wait);
    for (;;) {
        if (ring.next().user_data != 3) continue;
        ring.submit(ring_back);
        ring.submit(wait);
    }
}

}  // namespace

extern "C" [[noreturn]] void _start(const abi::StartInfo* start, std::byte* memory) {
    RawRing ring(memory);
    const abi::StartGrant* endpoint = find_grant(*start, "echo-endpoint");
    if (endpoint == nullptr) system_call(abi::SystemCall::Exit, 1, 0);
    ring.submit(receive(*endpoint));
    for (;;) {
        const abi::Completion completion = ring.next();
        if (completion.user_data != 1) continue;
        abi::RequestHeader request;
        std::memcpy(&request, ring.messages() + kRequests, sizeof(request));
        ring.submit(answer(*endpoint, completion.call_id));
        if (request.method == 1 && completion.capabilities == 2) {
            abi::ReceivedCapability given[2];
            std::memcpy(given, ring.messages() + kRequests + sizeof(request), sizeof(given));
            ping_pong(ring, given[0].handle, given[1].handle);
        }
        ring.submit(receive(*endpoint));
    }
}
