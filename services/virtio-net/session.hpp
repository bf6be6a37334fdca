// One run of the driver, from a reset device to whatever ends it. Its start is also its restart.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "lib/base/result.hpp"
#include "runtime/event.hpp"
#include "runtime/task.hpp"
#include "services/virtio-net/attachment.hpp"
#include "services/virtio-net/device.hpp"
#include "services/virtio-net/flow.hpp"

namespace capos::virtio_net {

// What the program was given.
struct Authority {
    client::PciFunction function;
    client::Uplink uplink;
    client::AddressSpace address_space;
};

struct FrameCounters {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    std::uint64_t dropped_in = 0;        // the device's length was no frame
    std::uint64_t dropped_out = 0;       // the stack's frame could not be described
};

class Session {
public:
    Session(const Authority& authority, Mode mode) : authority_(authority), mode_(mode) {}
    Session(const Session&) = delete;

    // Runs until something ends it, and says what. Disconnected: the stack has gone or taken another driver;
    // DeviceMisbehaved: reset it and begin anew.
    rt::Task<Error> run();
    // Whether frames have been moving.
    bool started() const { return started_; }
    const FrameCounters& counters() const { return counters_; }
    const Device& device() const { return device_; }

private:
    rt::Task<Result<void>> start();
    rt::Task<Result<void>> move_frames();

    Plan look();
    Queue::Exchange begin_receive(const Plan& plan);
    Queue::Exchange begin_transmit(const Plan& plan);
    Result<void> finish_receive(const Plan& plan, const Queue::Answer& answer);
    Result<void> finish_transmit(const Plan& plan, const Queue::Answer& answer);

    std::uint32_t collect_empty_slots();
    std::uint32_t collect_frames_to_send();
    void pass_on_received();
    void give_back_sent();
    void publish();

    // Beside it, each until the session ends.
    rt::Task<void> wait_for_device();
    rt::Task<void> wait_for_stack();
    rt::Task<void> watch_attachment();
    rt::Task<void> watch_link();
    rt::Task<Result<void>> report_link();
    void fail(Error error);

    const Authority& authority_;
    Mode mode_;
    Device device_;
    Attachment attachment_;
    Flow flow_;
    FrameCounters counters_;
    std::optional<Error> failure_;
    std::optional<bool> link_;
    bool started_ = false;
    bool signal_owed_ = false;                                   // the stack sleeps and was not told yet
    std::uint32_t recent_ = 0;                                   // frames in the last exchange: how busy it is
    std::array<std::uint16_t, uplink::kMaxSlots> stock_{};       // empty receive slots in hand
    std::uint32_t stock_count_ = 0;
    std::array<Post, kBatch> empty_{};
    std::array<Post, kBatch> send_{};
    rt::Event work_;
    rt::Event look_at_link_;
    std::array<rt::Task<void>, 4> beside_;
};

}  // namespace capos::virtio_net
