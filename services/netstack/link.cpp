#include "services/netstack/link.hpp"

#include "runtime/executor.hpp"
#include "runtime/log.hpp"
#include "runtime/notify.hpp"
#include "runtime/system_call.hpp"
#include "runtime/time.hpp"
#include "services/netstack/memory.hpp"

namespace capos::netstack {
namespace {

constexpr rt::CallOptions kSmallCall{.reply_bytes = 64, .send_bytes = 64};

}  // namespace

rt::Task<Result<void>> Link::open(const client::MemoryFactory& memory, const client::AddressSpace& address_space,
                                  const client::NotificationFactory& notifications, const uplink::Shape& shape) {
    if (!shape.valid())
        co_return Error::InvalidArgument;
    shape_ = shape;
    MappedMemory pool = CO_TRY(co_await create_memory(memory, address_space, shape.pool_bytes()));
    MappedMemory rings = CO_TRY(co_await create_memory(memory, address_space, sizeof(uplink::Rings)));
    pool_object_ = std::move(pool.object);
    rings_object_ = std::move(rings.object);
    pool_memory_ = pool.bytes;
    rings_ = new (rings.bytes.data()) uplink::Rings{};
    for (client::Notification* notification : {&to_stack_, &to_driver_}) {
        auto reply = CO_TRY(co_await notifications.create());
        *notification = CO_TRY(reply.take<schema::Notification>(reply->notification()));
    }
    co_return {};
}

std::uint64_t Link::now_ns() { return rt::now_ns(); }

void Link::say(std::string_view line) { rt::log_line(rt::LogLevel::Info, line); }

void Link::broken(std::string_view what) {
    rt::log_error("lwIP found its state broken: {}", what);
    capos_abort("lwIP assertion");
}

// --- frames out ---

std::span<std::byte> Link::begin_frame(std::size_t bytes) {
    if (!end_ || header_bytes_ + bytes > shape_.slot_bytes)
        return {};
    const auto slot = room_.take(*end_);
    if (!slot)
        return {};
    frame_slot_ = *slot;
    return uplink::Pool(pool_memory_, shape_).bytes(frame_slot_, header_bytes_, static_cast<std::uint32_t>(bytes));
}

void Link::end_frame(std::size_t bytes) {
    (void)end_->send(frame_slot_, header_bytes_, static_cast<std::uint32_t>(bytes));
    if (!publish_.signalled())
        publish_.signal();
}

rt::Task<void> Link::publish_frames() {
    for (;;) {
        co_await publish_;
        // By now everything that was ready has run, so one publication covers all of its frames.
        if (!end_ || !end_->publish())
            continue;
        // The driver sleeps and nothing else will wake it: a full message area is waited for.
        auto told = rt::notify(to_driver_, 1);
        while (!told && told.error() == Error::Exhausted) {
            co_await rt::yield();
            told = rt::notify(to_driver_, 1);
        }
        if (!told)
            rt::log_error("signalling the driver failed: {}", told.error());
    }
}

// --- frames in ---

std::uint32_t Link::receive_batch() {
    netcore::Stack::Batch batch;
    const uplink::Pool pool(pool_memory_, shape_);
    const std::uint32_t consumed = end_->receive_full().drain(kBatch, [&](const uplink::Entry& entry) {
        if (entry.length != 0)
            stack_->copy(pool.bytes(entry), batch);
        (void)end_->receive_free().put(entry.slot);
    });
    if (consumed != 0)
        publish_.signal();   // the slots are free as soon as the copies are made
    stack_->receive(batch);
    if (room_.came_back(*end_))
        stack_->transmit_room();
    return consumed;
}

bool Link::arm() { return end_->receive_full().arm() && room_.arm(*end_); }

void Link::disarm() {
    end_->receive_full().disarm();
    end_->disarm_transmit();
}

rt::Task<void> Link::receive_frames() {
    while (!end_)
        co_await attached_;
    for (;;) {
        const std::uint32_t consumed = receive_batch();
        stack_used();
        if (const std::uint64_t faults = bad_slots(); faults != reported_faults_) {
            if (reported_faults_ == 0)
                rt::log_warning("the driver broke the rules of the rings; counted from now on");
            reported_faults_ = faults;
        }
        if (consumed == kBatch) {
            co_await rt::yield();
            continue;
        }
        if (!arm()) {
            disarm();
            continue;
        }
        if (auto woken = co_await to_stack_.wait(kSmallCall); !woken && woken.error() == Error::Exhausted) {
            co_await rt::yield();        // the message area is full for now
        } else if (!woken) {
            rt::log_error("waiting for frames failed: {}", woken.error());
            co_await rt::sleep_for(rt::kSecond);
        }
        disarm();
    }
}

std::uint64_t Link::bad_slots() const { return earlier_faults_ + (end_ ? end_->faults().total() : 0); }

// --- timers ---

rt::Task<void> Link::run_timers() {
    for (;;) {
        wakes_at_ = stack_->next_deadline_ns();
        if (wakes_at_ > rt::now_ns() && co_await timers_changed_.wait_until(wakes_at_))
            continue;
        stack_->run_timers();
    }
}

void Link::stack_used() {
    if (stack_->next_deadline_ns() < wakes_at_)
        timers_changed_.signal();
}

// --- Uplink ---

rt::Task<Result<void>> Link::route(rt::Request& request) { return Uplink::dispatch(*this, request); }

rt::Task<Result<void>> Link::attach(rt::ServerCall<Uplink::AttachParams, Uplink::AttachResults> call) {
    using Outcome = Uplink::AttachResults::Outcome;
    auto results = call.results();
    const auto mac_bytes = call.params().mac();
    const std::uint16_t header_bytes = call.params().header_bytes();
    netcore::MacAddress mac{};
    if (mac_bytes.size() != mac.size() || (static_cast<std::uint8_t>(mac_bytes[0]) & 1) != 0) {
        results.set_outcome(Outcome::bad_mac);
        co_return {};
    }
    std::memcpy(mac.data(), mac_bytes.data(), mac.size());
    if (mac == netcore::MacAddress{}) {
        results.set_outcome(Outcome::bad_mac);
        co_return {};
    }
    if (call.params().mtu() < netcore::Stack::kLeastMtu) {
        results.set_outcome(Outcome::bad_mtu);
        co_return {};
    }
    if (header_bytes > kMostHeaderBytes || header_bytes + netcore::Stack::kMaxFrame > shape_.slot_bytes) {
        results.set_outcome(Outcome::bad_header);
        co_return {};
    }

    // Whatever the driver before still held comes back here; its device was reset when its claim ended.
    earlier_faults_ = bad_slots();
    header_bytes_ = header_bytes;
    room_.forget();
    end_.emplace(*rings_, shape_, ++generation_);
    (void)end_->publish();
    attached_.signal();
    attachment_over_.broadcast();
    // The receiving task may sleep on rings that were not armed since: let it look again.
    (void)co_await to_stack_.signal(1, kSmallCall);

    results.set_outcome(Outcome::attached);
    results.set_pool(call.send(pool_object_));
    results.set_rings(call.send(rings_object_));
    results.set_to_stack(call.send(to_stack_));
    results.set_to_driver(call.send(to_driver_));
    results.set_slot_bytes(shape_.slot_bytes);
    results.set_slot_count(shape_.slot_count);
    results.set_receive_slots(shape_.receive_slots);
    rt::log_info("driver attached, attachment {}", generation_);
    CO_TRY(stack_->attach(mac, call.params().mtu()));
    stack_used();
    co_return {};
}

rt::Task<Result<void>> Link::link_changed(
    rt::ServerCall<Uplink::LinkChangedParams, Uplink::LinkChangedResults> call) {
    stack_->set_link(call.params().up());
    stack_used();
    co_return {};
}

rt::Task<Result<void>> Link::detach(rt::ServerCall<Uplink::DetachParams, Uplink::DetachResults>) {
    // Connections outlive the driver: frames are refused until the next one attaches.
    earlier_faults_ = bad_slots();
    if (end_) {
        rt::log_info("driver detached");
        end_.emplace(*rings_, shape_, ++generation_);
        for (std::uint32_t held = 0; held < shape_.transmit_slots(); ++held)
            (void)end_->take_transmit_slot();
    }
    attachment_over_.broadcast();
    co_return {};
}

rt::Task<Result<void>> Link::watch(rt::ServerCall<Uplink::WatchParams, Uplink::WatchResults>) {
    for (const std::uint32_t watched = generation_; generation_ == watched;)
        (void)co_await attachment_over_.wait();
    co_return {};
}

}  // namespace capos::netstack
