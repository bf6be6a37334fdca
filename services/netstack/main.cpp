// The network stack: takes its grants, makes the pool and the stack, and serves until one of its endpoints is gone.
#include <cstring>
#include <string_view>

#include "lib/netcore/stack.hpp"
#include "runtime/executor.hpp"
#include "runtime/grants.hpp"
#include "runtime/log.hpp"
#include "runtime/system_call.hpp"
#include "runtime/time.hpp"
#include "schema/ipc.client.hpp"
#include "schema/memory.client.hpp"
#include "schema/system.client.hpp"
#include "services/netstack/link.hpp"
#include "services/netstack/manager_server.hpp"
#include "services/netstack/memory.hpp"
#include "services/netstack/ping_server.hpp"
#include "services/netstack/tcp_server.hpp"

namespace capos::netstack {
namespace {

// Options of the service, with what serves well on the smallest machine.
constexpr std::uint64_t kDefaultSlots = 256;          // slots=N: frames in the pool, both directions
constexpr std::uint64_t kDefaultPacketKib = 1024;     // packet-kib=N: memory for packets and unread data
constexpr std::uint64_t kDefaultSlotBytes = 2048;

// A parameter message that carries a whole write fits; all others are small.
constexpr rt::ServeOptions kTcpServe{.receives = 6, .buffer_bytes = 16384 + 128, .accept_capabilities = 0};
constexpr rt::ServeOptions kSmallServe{.receives = 2, .buffer_bytes = 512, .accept_capabilities = 0};

rt::Task<Result<netcore::Random::Secret>> draw_secret(const client::Entropy& entropy) {
    netcore::Random::Secret secret;
    auto drawn = CO_TRY(co_await entropy.bytes(sizeof secret));
    const auto bytes = drawn->bytes();
    if (bytes.size() != sizeof secret)
        co_return Error::Failed;
    std::memcpy(&secret, bytes.data(), sizeof secret);
    co_return secret;
}

uplink::Shape chosen_shape() {
    uplink::Shape shape;
    shape.slot_bytes = kDefaultSlotBytes;
    shape.slot_count = static_cast<std::uint32_t>(rt::option_number("slots", kDefaultSlots));
    shape.receive_slots = static_cast<std::uint32_t>(rt::option_number("receive-slots", shape.slot_count / 2));
    return shape;
}

// An endpoint that ends takes the whole stack with it: half of it would serve nobody, and init starts it anew. Tasks
// refer to what stands in run()'s frame, so it is left only by the end of the process.
rt::Task<void> serve_to_the_end(const client::Endpoint& endpoint, std::string_view name, rt::Router& router,
                                const rt::ServeOptions& options) {
    const auto ended = co_await rt::serve(endpoint, router, options);
    rt::log_error("{}: no longer served: {}", name, ended ? Error::None : ended.error());
    co_await rt::sleep_for(100 * rt::kMillisecond);   // the line has left by then
    rt::exit_thread(1);
}

// Everything lives in this coroutine's frame and outlives what refers to it.
rt::Task<Result<void>> run() {
    rt::Grants& grants = rt::grants();
    const auto uplink_endpoint = CO_TRY(grants.take<schema::Endpoint>("uplink-endpoint"));
    const auto manager_endpoint = CO_TRY(grants.take<schema::Endpoint>("manager-endpoint"));
    const auto ping_endpoint = CO_TRY(grants.take<schema::Endpoint>("ping-endpoint"));
    const auto tcp_endpoint = CO_TRY(grants.take<schema::Endpoint>("tcp-listen-endpoint"));
    const auto memory = CO_TRY(grants.take<schema::MemoryFactory>("memory"));
    const auto address_space = CO_TRY(grants.take<schema::AddressSpace>("addressSpace"));
    const auto notifications = CO_TRY(grants.take<schema::NotificationFactory>("notifications"));
    const auto entropy = CO_TRY(grants.take<schema::Entropy>("entropy"));

    Link link;
    CO_TRY(co_await link.open(memory, address_space, notifications, chosen_shape()));
    const std::size_t packet_bytes = rt::option_number("packet-kib", kDefaultPacketKib) * 1024;
    const MappedMemory packets = CO_TRY(co_await create_memory(
        memory, address_space, packet_bytes + netcore::PacketMemory::kSlabBytes));
    const auto secret = CO_TRY(co_await draw_secret(entropy));
    const auto stack = CO_TRY(netcore::Stack::create(link, {secret, packets.bytes}));
    link.serve_stack(*stack);
    TcpServer tcp(tcp_endpoint, link);
    ManagerServer manager(*stack, link, tcp);
    PingServer ping(*stack, link);

    CO_TRY(rt::try_spawn(link.publish_frames()));
    CO_TRY(rt::try_spawn(link.receive_frames()));
    CO_TRY(rt::try_spawn(link.run_timers()));
    CO_TRY(rt::try_spawn(serve_to_the_end(uplink_endpoint, "uplink", link, kSmallServe)));
    CO_TRY(rt::try_spawn(serve_to_the_end(manager_endpoint, "manager", manager, kSmallServe)));
    CO_TRY(rt::try_spawn(serve_to_the_end(ping_endpoint, "ping", ping, kSmallServe)));
    co_await serve_to_the_end(tcp_endpoint, "tcp-listen", tcp, kTcpServe);
    co_return Error::Failed;   // its task could not be made
}

}  // namespace
}  // namespace capos::netstack

capos::rt::Task<int> capos_main() {
    const auto started = co_await capos::netstack::run();
    capos::rt::log_error("the stack could not start: {}", started ? capos::Error::None : started.error());
    co_return 1;
}
