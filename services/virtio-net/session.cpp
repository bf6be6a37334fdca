#include "services/virtio-net/session.hpp"

#include "runtime/log.hpp"
#include "runtime/notify.hpp"

namespace capos::virtio_net {

namespace {

constexpr std::uint64_t kLinkPause = rt::kSecond / 10;

}  // namespace

rt::Task<Error> Session::run() {
    Result<void> ended = co_await start();
    if (ended)
        ended = co_await move_frames();
    for (auto& task : beside_)
        task = {};
    // The device must not write into the pool any more before its slots can be anybody else's.
    if (auto reset = co_await authority_.function.reset(); !reset)
        rt::log_warning("reset at the end of a session: {}", reset.error());
    co_await device_.close(authority_.address_space);
    co_await attachment_.close(authority_.address_space);
    co_return ended.error();
}

rt::Task<Result<void>> Session::start() {
    CO_TRY(co_await device_.begin(authority_.function, mode_ != Mode::Polled));
    CO_TRY(co_await attachment_.open(authority_.uplink, authority_.address_space, device_.mac()));
    CO_TRY(co_await device_.activate(authority_.function, authority_.address_space, attachment_.pool_object(),
                                     attachment_.shape().slot_bytes));
    if (mode_ != Mode::Polled && device_.traffic_interrupt() == nullptr)
        mode_ = Mode::Polled;
    flow_ = Flow(mode_, attachment_.shape(), device_.receive().chains(), device_.transmit().chains());
    beside_ = {wait_for_device(), wait_for_stack(), watch_attachment(), watch_link()};
    for (auto& task : beside_) {
        if (!task.valid())
            co_return Error::OutOfMemory;
        task.start();
    }
    started_ = true;
    co_return {};
}

// Takes empty slots off their ring and makes posts of as many as the device has room for.
std::uint32_t Session::collect_empty_slots() {
    attachment_.end().receive_free().drain(uplink::kMaxSlots - stock_count_, [this](const uplink::Entry& entry) {
        stock_[stock_count_++] = entry.slot;
    });
    const std::uint32_t room = device_.receive().room();
    const std::uint32_t count = stock_count_ < room ? stock_count_ : room;
    const auto bytes = static_cast<std::uint16_t>(device_.layout().receive_bytes());
    for (std::uint32_t i = 0; i < count; ++i)
        empty_[i] = {stock_[stock_count_ - 1 - i], kHeaderRoom, bytes};
    return count;
}

// A full queue is back pressure: what does not fit stays on the ring.
std::uint32_t Session::collect_frames_to_send() {
    std::uint32_t count = 0;
    attachment_.end().transmit_full().drain(device_.transmit().room(), [&](const uplink::Entry& entry) {
        if (!device_.layout().sendable(entry.offset, entry.length)) {
            ++counters_.dropped_out;
            (void)attachment_.end().transmit_free().put(entry.slot);
            return;
        }
        attachment_.write_header(entry, device_.layout().header_bytes());
        send_[count++] = {entry.slot, entry.offset, entry.length};
    });
    return count;
}

void Session::pass_on_received() {
    for (const Queue::Done& done : device_.receive().done()) {
        const auto bytes = device_.layout().received(done.written);
        if (bytes && attachment_.end().receive_full().put(done.slot, kHeaderRoom, *bytes)) {
            ++counters_.received;
            continue;
        }
        ++counters_.dropped_in;
        stock_[stock_count_++] = static_cast<std::uint16_t>(done.slot);
    }
}

void Session::give_back_sent() {
    for (const Queue::Done& done : device_.transmit().done())
        (void)attachment_.end().transmit_free().put(done.slot);
}

// What the next entry of the kernel is to do, from what the rings and the device's indices show now.
Plan Session::look() {
    const std::uint32_t empty = collect_empty_slots();
    const std::uint32_t send = collect_frames_to_send();
    return flow_.look(device_.receive().state(), device_.transmit().state(), empty, send);
}

Queue::Exchange Session::begin_receive(const Plan& plan) {
    return device_.receive().begin_exchange(std::span(empty_).first(plan.empty), flow_.arms_receive(recent_));
}

Queue::Exchange Session::begin_transmit(const Plan& plan) {
    Queue& out = device_.transmit();
    return out.begin_exchange(std::span(send_).first(plan.send), flow_.arms_transmit(out.state(), plan.send));
}

Result<void> Session::finish_receive(const Plan& plan, const Queue::Answer& answer) {
    TRY(device_.receive().finish_exchange(answer));
    stock_count_ -= plan.empty;
    pass_on_received();
    recent_ = static_cast<std::uint32_t>(device_.receive().done().size());
    return {};
}

Result<void> Session::finish_transmit(const Plan& plan, const Queue::Answer& answer) {
    TRY(device_.transmit().finish_exchange(answer));
    counters_.sent += plan.send;
    give_back_sent();
    return {};
}

rt::Task<Result<void>> Session::move_frames() {
    for (;;) {
        if (failure_)
            co_return *failure_;
        if (attachment_.end().replaced())
            co_return Error::Disconnected;
        Plan plan = look();
        if (plan.idle()) {
            publish();
            recent_ = 0;
            if (mode_ == Mode::Polled) {
                co_await rt::yield();
                continue;
            }
            plan = flow_.arm_devices(device_.receive().state(), device_.transmit().state(), plan.empty);
        }
        // Both queues in one entry of the kernel where both have something.
        if (plan.receive && plan.transmit) {
            auto received = begin_receive(plan);
            auto sent = begin_transmit(plan);
            const auto receive_answer = co_await received;
            const auto transmit_answer = co_await sent;
            CO_TRY(finish_receive(plan, receive_answer));
            CO_TRY(finish_transmit(plan, transmit_answer));
        } else if (plan.receive) {
            auto received = begin_receive(plan);
            CO_TRY(finish_receive(plan, co_await received));
        } else if (plan.transmit) {
            auto sent = begin_transmit(plan);
            CO_TRY(finish_transmit(plan, co_await sent));
        } else {
            if (!failure_ && !signal_owed_ && flow_.may_sleep(device_.receive().state(), device_.transmit().state(), stock_count_,
                                             attachment_.end()))
                (void)co_await work_;
            else
                co_await rt::yield();    // whatever is there, the other tasks have their turn
            attachment_.end().transmit_full().disarm();
            attachment_.end().receive_free().disarm();
            continue;
        }
        publish();
    }
}

void Session::fail(Error error) {
    if (!failure_)
        failure_ = error;
    work_.signal();
}

rt::Task<void> Session::wait_for_device() {
    const client::Interrupt* interrupt = device_.traffic_interrupt();
    const LinkNews news = device_.link_news();
    while (interrupt != nullptr && mode_ != Mode::Polled) {
        if (auto came = co_await interrupt->wait(); !came)
            co_return fail(came.error());
        if (!device_.message_signalled()) {
            // A line is let through again by the answer; only then can the next frame raise it.
            auto status = co_await interrupt->ack();
            if (!status)
                co_return fail(status.error());
            if ((*status)->configuration_changed())
                look_at_link_.signal();
        } else if (news == LinkNews::Shared && !look_at_link_.signalled()) {
            look_at_link_.signal();
        }
        work_.signal();
    }
}

rt::Task<void> Session::wait_for_stack() {
    for (;;) {
        if (auto came = co_await attachment_.to_driver().wait(); !came)
            co_return fail(came.error());
        work_.signal();
    }
}

// The signal goes out with the next entry of the kernel, which comes before any sleep.
void Session::publish() {
    signal_owed_ |= attachment_.end().publish();
    // A full message area is no fault: the signal stays owed, and nobody sleeps before it is out.
    if (signal_owed_ && rt::notify(attachment_.to_stack(), 1))
        signal_owed_ = false;
}

rt::Task<void> Session::watch_attachment() {
    // Answered when the attachment is over, and by the kernel when the stack's process has ended.
    (void)co_await authority_.uplink.watch();
    fail(Error::Disconnected);
}

rt::Task<Result<void>> Session::report_link() {
    const bool up = CO_TRY(co_await device_.link_up());
    if (link_ == up)
        co_return {};
    link_ = up;
    rt::log_info("link {}", up ? "up" : "down");
    CO_TRY(co_await authority_.uplink.link_changed(up, 0));
    co_return {};
}

rt::Task<void> Session::watch_link() {
    const LinkNews news = device_.link_news();
    for (;;) {
        if (auto reported = co_await report_link(); !reported)
            co_return fail(reported.error());
        if (news == LinkNews::Never)
            co_return;
        if (news == LinkNews::Asked || mode_ == Mode::Polled) {
            co_await rt::sleep_for(rt::kSecond);
        } else if (news == LinkNews::Own) {
            if (auto changed = co_await device_.configuration_interrupt().wait(); !changed)
                co_return fail(changed.error());
        } else {
            if (news == LinkNews::Shared)
                co_await rt::sleep_for(kLinkPause);      // traffic raises it too: asked seldom, and once more afterwards
            (void)co_await look_at_link_;
        }
    }
}

}  // namespace capos::virtio_net
