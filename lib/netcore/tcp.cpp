#include "lib/netcore/tcp.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "lib/netcore/lwip_port.hpp"
#include "lwip/memp.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/stats.h"
#include "lwip/sys.h"
#include "lwip/tcp.h"

namespace capos::netcore {
namespace {

TcpTotals totals;

constexpr std::uint8_t kPollInterval = 1;          // in lwIP's slow ticks of 500 ms
constexpr std::uint32_t kOrphanSeconds = 60;       // how long a closed connection may take to deliver what it holds
constexpr tcpwnd_size_t kInitialSegments = 10;     // first flight (RFC 6928); lwIP's own is three
constexpr std::size_t kSmallSegment = 256;         // segments up to this many bytes are gathered
constexpr std::size_t kGatherBytes = 1460;

constexpr std::uint8_t kWindowArgument = 0;        // the promised window, kept with the control block
constexpr std::uint8_t kHalfOpenArgument = 1;      // tells when a connection goes that was never completed
constexpr std::uint32_t kScarceSilentTicks = 2;    // the same with an eighth of the memory left: half a second at least
constexpr std::uint32_t kSilentTicks = 4;          // lwIP's slow ticks after which an orphan's peer counts as silent

std::size_t promised_window(void* data) { return reinterpret_cast<std::uintptr_t>(data); }

void promise_window(tcp_pcb& pcb, std::size_t bytes) {
    void*& data = pcb.ext_args[kWindowArgument].data;
    memory_shares().window_changed(promised_window(data), bytes);
    data = reinterpret_cast<void*>(bytes);
}

void control_block_freed(u8_t, void* data) { memory_shares().window_changed(promised_window(data), 0); }
void half_open_freed(u8_t, void*) { ++totals.half_open_ended; }

// A SYN came: what its answer announces is decided here.
err_t passive_open(u8_t id, tcp_pcb_listen*, tcp_pcb* pcb);
constexpr tcp_ext_arg_callbacks kWindowCallbacks{.destroy = &control_block_freed, .passive_open = &passive_open};
constexpr tcp_ext_arg_callbacks kHalfOpenCallbacks{.destroy = &half_open_freed, .passive_open = nullptr};
constexpr tcp_ext_arg_callbacks kCompleteCallbacks{.destroy = nullptr, .passive_open = nullptr};

err_t passive_open(u8_t id, tcp_pcb_listen*, tcp_pcb* pcb) {
    const std::size_t window = std::min<std::size_t>(memory_shares().first_window(), TCP_WND_MAX(pcb));
    tcp_ext_arg_set_callbacks(pcb, id, &kWindowCallbacks);
    tcp_ext_arg_set_callbacks(pcb, kHalfOpenArgument, &kHalfOpenCallbacks);
    promise_window(*pcb, window);
    pcb->rcv_wnd = pcb->rcv_ann_wnd = static_cast<tcpwnd_size_t>(window);
    return ERR_OK;
}

// lwIP counts in 16 bits: more at once would shrink the window for good.
void credit(tcp_pcb* pcb, std::size_t bytes) {
    for (std::size_t left = bytes; left != 0;) {
        const auto step = static_cast<u16_t>(std::min<std::size_t>(left, 0xffff));
        tcp_recved(pcb, step);
        left -= step;
    }
}

std::uint32_t seconds_now() { return sys_now() / 1000; }

// A connection whose owner is gone and that is still delivering; `argument` is the second at which it is given up.
err_t poll_orphan(void* argument, tcp_pcb* pcb) {
    const auto deadline = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(argument));
    if (static_cast<std::int32_t>(seconds_now() - deadline) < 0)
        return ERR_OK;
    tcp_abort(pcb);
    return ERR_ABRT;
}

}  // namespace

const TcpTotals& tcp_totals() { return totals; }

bool admit_syn(tcp_pcb_listen& listener) {
    if (listener.accepts_pending < listener.backlog)
        return true;
    tcp_pcb* oldest = nullptr;   // lwIP puts a connection first in its list when it begins and whenever it is heard from
    for (tcp_pcb* pcb = tcp_active_pcbs; pcb != nullptr; pcb = pcb->next)
        if (pcb->state == SYN_RCVD && pcb->listener == &listener)
            oldest = pcb;
    if (oldest == nullptr) {
        ++totals.syns_dropped;
        return false;
    }
    tcp_abandon(oldest, 0);
    return true;
}

void relieve_memory() {
    while (packet_memory().scarce(2)) {
        tcp_pcb* silent = nullptr;
        for (tcp_pcb* pcb = tcp_active_pcbs; pcb != nullptr; pcb = pcb->next) {
            const bool holds = pcb->unsent != nullptr || pcb->unacked != nullptr || pcb->ooseq != nullptr;
            if (pcb->prio == TCP_PRIO_MIN && holds && (silent == nullptr || tcp_ticks - pcb->tmr > tcp_ticks - silent->tmr))
                silent = pcb;
        }
        // With an eighth left there is less time to see whether its peer is silent. One that is heard from is spared: it may
        // be others who hold the memory.
        const std::uint32_t patience = packet_memory().scarce(8) ? kScarceSilentTicks : kSilentTicks;
        if (silent == nullptr || tcp_ticks - silent->tmr < patience)
            return;
        ++totals.orphans_ended;
        tcp_abort(silent);
    }
}

struct Connection::Callbacks {
    static err_t received(void* argument, tcp_pcb* pcb, pbuf* packet, err_t) {
        auto& self = *static_cast<Connection*>(argument);
        if (packet == nullptr) {
            self.ended_ = true;
            self.settle();
        } else if (self.receive_closed_) {
            tcp_recved(pcb, packet->tot_len);
            pbuf_free(packet);
            return ERR_OK;
        } else {
            // Segments that were joined on arrival count as one with lwIP: their acknowledgement is not put off.
            self.ack_due_ = self.ack_due_ || packet->tot_len > pcb->mss;
            self.enqueue(packet);
        }
        const bool read_soon = self.events_ != nullptr && self.events_->readable();
        if (self.ack_due_ && !read_soon && self.pcb_ != nullptr) {
            self.ack_due_ = false;
            tcp_ack_now(pcb);
        }
        return ERR_OK;
    }
    static err_t sent(void* argument, tcp_pcb*, u16_t) {
        auto& self = *static_cast<Connection*>(argument);
        if (self.events_ != nullptr)
            self.events_->writable();
        return ERR_OK;
    }
    // Memory may have become free although nothing of this connection was acknowledged.
    static err_t polled(void* argument, tcp_pcb* pcb) { return sent(argument, pcb, 0); }
    static void failed(void* argument, err_t) {
        auto& self = *static_cast<Connection*>(argument);
        self.pcb_ = nullptr;   // freed by lwIP
        self.reset_ = true;
        self.drop_queue();
        if (self.events_ != nullptr) {
            self.events_->readable();
            self.events_->writable();
        }
    }
};

Connection::Connection(tcp_pcb* pcb, ConnectionBudget& budget)
    : pcb_(pcb), budget_(budget), window_(promised_window(pcb->ext_args[kWindowArgument].data)), peer_(lwip_ntohl(ip_2_ip4(&pcb->remote_ip)->addr)), peer_port_(pcb->remote_port),
      local_port_(pcb->local_port) {
    ++budget_.open;
    ++totals.open;
    tcp_arg(pcb, this);
    tcp_recv(pcb, &Callbacks::received);
    tcp_sent(pcb, &Callbacks::sent);
    tcp_err(pcb, &Callbacks::failed);
    tcp_poll(pcb, &Callbacks::polled, kPollInterval);
    tcp_nagle_disable(pcb);   // each write is a whole message of the application's; its tail must not wait
    ip_set_option(pcb, SOF_KEEPALIVE);
}

Connection::~Connection() {
    --budget_.open;
    --totals.open;
    if (pcb_ != nullptr) {
        tcp_pcb* pcb = pcb_;
        let_go();
        if (queued_bytes_ == 0)
            pcb->rcv_wnd = TCP_WND_MAX(pcb);   // by less than that lwIP knows that something was not read
        if (tcp_close(pcb) != ERR_OK)
            tcp_abort(pcb);
    }
    drop_queue();
}

// From here on lwIP finishes the connection by itself, within kOrphanSeconds; what anybody living needs goes before it.
void Connection::let_go() {
    tcp_setprio(pcb_, TCP_PRIO_MIN);   // the first to make room for a new connection
    promise_window(*pcb_, 0);
    tcp_backlog_accepted(pcb_);
    const std::uint32_t deadline = seconds_now() + kOrphanSeconds;
    tcp_arg(pcb_, reinterpret_cast<void*>(static_cast<std::uintptr_t>(deadline)));
    tcp_recv(pcb_, nullptr);
    tcp_sent(pcb_, nullptr);
    tcp_err(pcb_, nullptr);
    tcp_poll(pcb_, &poll_orphan, 4);
    pcb_ = nullptr;
}

// Once both directions have ended lwIP frees the control block without telling: forget it in time.
void Connection::settle() {
    if (pcb_ != nullptr && ended_ && send_closed_)
        let_go();
}

void Connection::drop_queue() {
    while (first_ != nullptr) {
        pbuf* gone = first_;
        first_ = gone->next;
        gone->next = nullptr;
        pbuf_free(gone);
    }
    last_ = nullptr;
    queued_bytes_ = last_room_ = 0;
}

void Connection::enqueue(pbuf* packet) {
    while (packet != nullptr) {
        pbuf* one = packet;
        packet = one->next;
        one->next = nullptr;
        one->tot_len = one->len;
        queued_bytes_ += one->len;
        if (one->len == 0 || gather(one))
            pbuf_free(one);
        else
            append(one);
    }
}

void Connection::append(pbuf* one) {
    if (last_ == nullptr)
        first_ = one;
    else
        last_->next = one;
    last_ = one;
    last_room_ = 0;
}

// Small segments are gathered into one buffer, so that a peer that sends single bytes takes as much memory as the
// window says and not a hundred times that. False: not small, the first, or no memory.
bool Connection::gather(pbuf* one) {
    if (one->len > kSmallSegment || first_ == nullptr)
        return false;
    if (last_room_ < one->len) {
        pbuf* gathering = pbuf_alloc(PBUF_RAW, kGatherBytes, PBUF_RAM);
        if (gathering == nullptr)
            return false;
        gathering->len = gathering->tot_len = 0;
        append(gathering);
        last_room_ = kGatherBytes;
    }
    std::memcpy(static_cast<std::byte*>(last_->payload) + last_->len, one->payload, one->len);
    last_->len = last_->tot_len = static_cast<u16_t>(last_->len + one->len);
    last_room_ -= one->len;
    return true;
}

std::size_t Connection::read(std::span<std::byte> into) {
    std::size_t done = 0;
    while (first_ != nullptr && done < into.size()) {
        const std::size_t count = std::min<std::size_t>(first_->len, into.size() - done);
        std::memcpy(into.data() + done, first_->payload, count);
        done += count;
        if (count < first_->len) {
            pbuf_remove_header(first_, count);
            break;
        }
        pbuf* gone = first_;
        first_ = gone->next;
        if (first_ == nullptr) {
            last_ = nullptr;
            last_room_ = 0;
        }
        gone->next = nullptr;
        pbuf_free(gone);
    }
    queued_bytes_ -= done;
    if (pcb_ != nullptr)
        open_window(done);
    if (ack_due_ && done != 0) {
        ack_due_ = false;
        if (pcb_ != nullptr && (pcb_->flags & TF_ACK_DELAY) != 0) {   // no window update has carried it already
            tcp_ack_now(pcb_);
            tcp_output(pcb_);
        }
    }
    return done;
}

// `taken` bytes were read. A reader that keeps up earns a larger window, one beyond its share gets back less than it
// took: the window shrinks by what is not announced again.
void Connection::open_window(std::size_t taken) {
    const std::size_t limit = std::min<std::size_t>(memory_shares().window_limit(window_), TCP_WND_MAX(pcb_));
    const std::size_t window =
        limit >= window_ ? std::min(window_ + taken, limit) : window_ - std::min(taken, window_ - limit);
    const std::size_t again = taken + window - window_;
    if (window != window_)
        promise_window(*pcb_, window_ = window);
    credit(pcb_, again);
}

// Bytes that may be written now by the connection's share of memory and segment records, whatever lwIP has room for.
std::size_t Connection::share() const {
    const std::size_t limit = memory_shares().send_limit();
    const std::size_t segments = std::min<std::size_t>(
        MemoryShares::send_segments(MEMP_NUM_TCP_SEG, lwip_stats.memp[MEMP_TCP_SEG]->used), TCP_SND_QUEUELEN - 16);
    const std::size_t held = unsent();
    const std::size_t queued = tcp_sndqueuelen(pcb_);
    if (held >= limit || queued >= segments)
        return 0;
    return std::min(limit - held, (segments - queued) * pcb_->mss);
}

std::size_t Connection::room() const {
    if (pcb_ == nullptr || send_closed_)
        return 0;
    return std::min<std::size_t>(tcp_sndbuf(pcb_), share());
}

Result<std::size_t> Connection::write(std::span<const std::byte> bytes) {
    if (pcb_ == nullptr)
        return reset_ ? Error::Disconnected : Error::Closed;
    if (send_closed_)
        return Error::Closed;
    const std::size_t wanted = std::min({bytes.size(), std::size_t{tcp_sndbuf(pcb_)}, kMaxTransfer});
    std::size_t count = std::min(wanted, share());
    bool held = count < wanted;
    if (!sent_ && count != 0) {
        sent_ = true;
        pcb_->cwnd = std::max<tcpwnd_size_t>(pcb_->cwnd, kInitialSegments * pcb_->mss);
    }
    while (count != 0) {
        const err_t error = tcp_write(pcb_, bytes.data(), static_cast<u16_t>(count), TCP_WRITE_FLAG_COPY);
        if (error == ERR_OK)
            break;
        if (error != ERR_MEM)   // the connection is on its way down; its end is reported by the error callback
            return Error::Closed;
        count /= 2;             // no memory or no queue entries for so much
        held = true;
    }
    totals.writes_held += held && !held_ ? 1 : 0;
    held_ = held;
    if (count != 0)
        tcp_output(pcb_);
    return count;
}

std::size_t Connection::unsent() const {
    if (pcb_ == nullptr)
        return 0;
    // A FIN that rides on the last segment is acknowledged beyond what lwIP counts as written.
    const auto bytes = static_cast<std::int32_t>(pcb_->snd_lbb - pcb_->lastack);
    return bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

void Connection::shutdown_send() {
    if (send_closed_)
        return;
    send_closed_ = true;
    if (pcb_ != nullptr)
        (void)tcp_shutdown(pcb_, 0, 1);   // without memory lwIP sends the end later, from its timer
    settle();
    if (events_ != nullptr)
        events_->writable();
}

void Connection::shutdown_receive() {
    if (receive_closed_)
        return;
    const std::size_t unread = queued_bytes_;
    receive_closed_ = true;
    drop_queue();
    if (pcb_ != nullptr)
        credit(pcb_, unread);
    if (events_ != nullptr)
        events_->readable();
}

const char* Connection::state() const { return pcb_ == nullptr ? "CLOSED" : tcp_debug_state_str(pcb_->state); }

struct Listener::Callbacks {
    static err_t accepted(void* argument, tcp_pcb* pcb, err_t error) {
        auto& self = *static_cast<Listener*>(argument);
        if (error != ERR_OK || pcb == nullptr) {
            ++self.refused_;
            ++totals.refused;
            return ERR_VAL;
        }
        tcp_ext_arg_set_callbacks(pcb, kHalfOpenArgument, &kCompleteCallbacks);
        Connection* connection = nullptr;
        if (self.budget_.open < self.budget_.limit)
            connection = new (std::nothrow) Connection(pcb, self.budget_);
        if (connection == nullptr) {
            ++self.refused_;
            ++totals.refused;
            tcp_abort(pcb);
            return ERR_ABRT;
        }
        tcp_backlog_delayed(pcb);   // it counts against the backlog until somebody takes it
        if (self.last_ == nullptr)
            self.first_ = connection;
        else
            self.last_->next_ = connection;
        self.last_ = connection;
        ++self.waiting_;
        ++totals.accepted;
        if (self.events_ != nullptr)
            self.events_->connection_waiting();
        return ERR_OK;
    }
};

Result<std::unique_ptr<Listener>> Listener::open(std::uint16_t port, std::uint16_t backlog, ConnectionBudget& budget) {
    if (port == 0 || backlog == 0 || backlog > kMaxBacklog)
        return Error::InvalidArgument;
    tcp_pcb* pcb = tcp_new();
    if (pcb == nullptr)
        return Error::OutOfMemory;
    // Connections of an earlier listener on this port may still be in TIME_WAIT: they do not hinder a new one.
    ip_set_option(pcb, SOF_REUSEADDR);
    if (tcp_bind(pcb, IP4_ADDR_ANY, port) != ERR_OK) {
        tcp_close(pcb);
        return Error::AlreadyExists;
    }
    err_t error = ERR_OK;
    tcp_pcb* listening = tcp_listen_with_backlog_and_err(pcb, static_cast<u8_t>(backlog), &error);
    if (listening == nullptr) {
        tcp_close(pcb);
        return error == ERR_USE ? Error::AlreadyExists : Error::OutOfMemory;
    }
    std::unique_ptr<Listener> listener(new (std::nothrow) Listener(listening, port, budget));
    if (listener == nullptr) {
        tcp_close(listening);
        return Error::OutOfMemory;
    }
    tcp_arg(listening, listener.get());
    tcp_accept(listening, &Callbacks::accepted);
    tcp_ext_arg_set_callbacks(listening, kWindowArgument, &kWindowCallbacks);
    return listener;
}

Listener::~Listener() {
    tcp_close(pcb_);
    while (first_ != nullptr) {
        Connection* connection = first_;
        first_ = connection->next_;
        if (connection->pcb_ != nullptr)
            tcp_abort(connection->pcb_);   // by way of the error callback the connection forgets it
        delete connection;
    }
}

std::unique_ptr<Connection> Listener::accept() {
    if (first_ == nullptr)
        return nullptr;
    Connection* connection = first_;
    first_ = connection->next_;
    if (first_ == nullptr)
        last_ = nullptr;
    connection->next_ = nullptr;
    --waiting_;
    ++accepted_;
    if (connection->pcb_ != nullptr)
        tcp_backlog_accepted(connection->pcb_);
    return std::unique_ptr<Connection>(connection);
}

}  // namespace capos::netcore
