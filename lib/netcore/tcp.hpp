// TCP connections and listeners over lwIP's raw interface: what arrived waits here until it is read, what is written is
// copied into lwIP's segments, and everything that can happen to a connection is one of three facts: it can be read, it
// can be written, it was reset.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "lib/base/result.hpp"
#include "lib/netcore/route_table.hpp"

struct tcp_pcb;
struct tcp_pcb_listen;
struct pbuf;

namespace capos::netcore {

class Listener;

// How many connections a holder of a listen authority may have at once, waiting ones included.
struct ConnectionBudget {
    std::uint32_t limit = 0;
    std::uint32_t open = 0;
};

class Connection {
public:
    static constexpr std::size_t kMaxTransfer = 16384;   // bytes of one read or write

    // Told when something that was not possible may be possible now. Must not destroy the connection.
    class Events {
    public:
        // Data, end of stream or a reset. True: it will be read at once, so its acknowledgement may ride on that.
        virtual bool readable() = 0;
        virtual void writable() = 0;   // room, or a reset

    protected:
        ~Events() = default;
    };

    Connection(tcp_pcb* pcb, ConnectionBudget& budget);
    // Closes: in order when everything was read and what was written can still be delivered, else by a reset.
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void observe(Events* events) { events_ = events; }

    bool was_reset() const { return reset_; }
    std::size_t readable() const { return queued_bytes_; }
    // The peer has sent everything and all of it was read.
    bool at_end() const { return receive_closed_ || (ended_ && queued_bytes_ == 0); }

    // Takes at most into.size() bytes; 0 when none are there.
    std::size_t read(std::span<std::byte> into);

    // Copies as much of `bytes` as there is room for and sends what the window allows. 0 when there is no room now.
    // Closed: the sending direction was shut down; Disconnected: the connection was reset.
    Result<std::size_t> write(std::span<const std::byte> bytes);
    // Bytes that a write would take now; 0 as well when it would answer with an error.
    std::size_t room() const;
    std::size_t unsent() const;   // bytes written and not yet acknowledged

    void shutdown_send();      // the peer sees the end of the stream after what was written
    void shutdown_receive();   // what arrives from now on is dropped

    Ipv4 peer() const { return peer_; }
    std::uint16_t peer_port() const { return peer_port_; }
    std::uint16_t local_port() const { return local_port_; }
    const char* state() const;

private:
    friend class Listener;
    struct Callbacks;

    void enqueue(pbuf* packet);
    void append(pbuf* one);
    bool gather(pbuf* one);
    void drop_queue();
    void settle();
    void let_go();
    void open_window(std::size_t taken);
    std::size_t share() const;

    tcp_pcb* pcb_;                // nullptr once lwIP has let it go
    ConnectionBudget& budget_;
    Events* events_ = nullptr;
    // Received and not yet read: single buffers linked by their `next`, not an lwIP chain (whose length is 16 bits).
    pbuf* first_ = nullptr;
    pbuf* last_ = nullptr;
    std::size_t queued_bytes_ = 0;
    std::size_t window_;          // receive window promised to the peer, unread bytes included
    std::size_t last_room_ = 0;   // bytes that the last buffer can still take, when it was made for gathering
    Connection* next_ = nullptr;  // in the listener's queue
    Ipv4 peer_;
    std::uint16_t peer_port_;
    std::uint16_t local_port_;
    bool held_ = false;           // the last write had to wait for packet memory
    bool ended_ = false;
    bool receive_closed_ = false;
    bool send_closed_ = false;
    bool reset_ = false;
    bool sent_ = false;           // something was written
    bool ack_due_ = false;        // more than one segment came in one piece; reading it acknowledges
};

class Listener {
public:
    static constexpr std::uint16_t kMaxBacklog = 128;

    class Events {
    public:
        virtual void connection_waiting() = 0;

    protected:
        ~Events() = default;
    };

    // AlreadyExists: the port is taken; OutOfMemory: no room for another listener; InvalidArgument: port 0, or a backlog
    // outside 1..kMaxBacklog.
    static Result<std::unique_ptr<Listener>> open(std::uint16_t port, std::uint16_t backlog, ConnectionBudget& budget);
    // Resets the connections that nobody has accepted.
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    void observe(Events* events) { events_ = events; }
    // The connection that has waited longest, nullptr when none waits. One that was reset meanwhile is delivered too.
    std::unique_ptr<Connection> accept();

    std::uint16_t port() const { return port_; }
    std::uint16_t waiting() const { return waiting_; }
    std::uint64_t accepted() const { return accepted_; }
    std::uint64_t refused() const { return refused_; }   // for want of budget or memory

private:
    struct Callbacks;
    Listener(tcp_pcb* pcb, std::uint16_t port, ConnectionBudget& budget) : pcb_(pcb), budget_(budget), port_(port) {}

    tcp_pcb* pcb_;
    ConnectionBudget& budget_;
    Events* events_ = nullptr;
    Connection* first_ = nullptr;
    Connection* last_ = nullptr;
    std::uint16_t port_;
    std::uint16_t waiting_ = 0;
    std::uint64_t accepted_ = 0;
    std::uint64_t refused_ = 0;
};

// Sums over all connections since start, for the counters page.
struct TcpTotals {
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;
    std::uint64_t writes_held = 0;    // times that a connection began to wait for packet memory
    std::uint64_t orphans_ended = 0;  // closed connections given up before their time, for their memory
    std::uint64_t half_open_ended = 0;   // never completed: a newer one took the place, no answer, or reset by the peer
    std::uint64_t syns_dropped = 0;      // the backlog was full of complete connections that nobody has accepted
    std::uint32_t open = 0;
};
const TcpTotals& tcp_totals();

// Whether `listener` has room for the connection that a SYN asks for. With a full backlog the half-open connection that
// was heard from longest ago goes for it, without a word to its peer: a few SYNs a second that are never completed would
// else keep everybody out. False: all that wait are complete; the SYN is counted and is to be dropped.
bool admit_syn(tcp_pcb_listen& listener);

// When packet memory is scarce: resets closed connections that still hold data which their peers do not take, the one
// that was silent longest first. Not from within lwIP.
void relieve_memory();

}  // namespace capos::netcore
