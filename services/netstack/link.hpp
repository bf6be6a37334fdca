// The stack's side of the uplink: it owns the frame pool and the rings, serves Uplink to whichever driver comes, brings
// received frames to the stack and takes frames from it.
#pragma once

#include <optional>
#include <string_view>

#include "lib/netcore/stack.hpp"
#include "lib/uplink/transmit_room.hpp"
#include "runtime/event.hpp"
#include "runtime/server.hpp"
#include "schema/ipc.client.hpp"
#include "schema/memory.client.hpp"
#include "schema/net.client.hpp"

namespace capos::netstack {

class Link final : public netcore::StackHost, public rt::Router {
public:
    // Room that a driver may ask for in front of each frame.
    static constexpr std::uint16_t kMostHeaderBytes = 64;

    // Creates pool, rings and notifications and maps the first two. InvalidArgument: `shape` is none.
    rt::Task<Result<void>> open(const client::MemoryFactory& memory, const client::AddressSpace& address_space,
                                const client::NotificationFactory& notifications, const uplink::Shape& shape);

    // Before the first frame. `stack` outlives the link's use.
    void serve_stack(netcore::Stack& stack) { stack_ = &stack; }

    // Brings frames to the stack and publishes what it sends; run each once, for ever.
    rt::Task<void> receive_frames();
    rt::Task<void> publish_frames();
    // Runs the stack's timers when they are due; for ever.
    rt::Task<void> run_timers();
    // The stack did something that may have started a timer: called after every use of it outside the tasks above.
    void stack_used();

    // What drivers did wrong on all attachments so far.
    std::uint64_t bad_slots() const;

    // netcore::StackHost
    std::uint64_t now_ns() override;
    void broken(std::string_view what) override;
    std::span<std::byte> begin_frame(std::size_t bytes) override;
    void end_frame(std::size_t bytes) override;
    void say(std::string_view line) override;

    // Uplink, by rt::serve
    rt::Task<Result<void>> route(rt::Request& request) override;
    using Uplink = schema::Uplink;
    rt::Task<Result<void>> attach(rt::ServerCall<Uplink::AttachParams, Uplink::AttachResults> call);
    rt::Task<Result<void>> link_changed(rt::ServerCall<Uplink::LinkChangedParams, Uplink::LinkChangedResults> call);
    rt::Task<Result<void>> detach(rt::ServerCall<Uplink::DetachParams, Uplink::DetachResults> call);
    rt::Task<Result<void>> watch(rt::ServerCall<Uplink::WatchParams, Uplink::WatchResults> call);

private:
    static constexpr std::uint32_t kBatch = netcore::Stack::Batch::kMost;

    std::uint32_t receive_batch();
    bool arm();
    void disarm();

    netcore::Stack* stack_ = nullptr;
    client::MemoryObject pool_object_;
    client::MemoryObject rings_object_;
    client::Notification to_stack_;
    client::Notification to_driver_;
    uplink::Shape shape_;
    std::span<std::byte> pool_memory_;
    uplink::Rings* rings_ = nullptr;
    std::optional<uplink::StackEnd> end_;   // there once a driver has attached
    std::uint32_t generation_ = 0;
    std::uint16_t header_bytes_ = 0;
    std::uint32_t frame_slot_ = 0;          // between begin_frame and end_frame
    uplink::TransmitRoom room_;
    std::uint64_t earlier_faults_ = 0;      // of attachments that are over
    std::uint64_t reported_faults_ = 0;
    std::uint64_t wakes_at_ = 0;            // when run_timers will look next
    rt::Event publish_;
    rt::Event timers_changed_;
    rt::Event attached_;
    rt::Event attachment_over_;
};

}  // namespace capos::netstack
