// The network stack without the program around it: lwIP with one Ethernet interface, DHCP, routes, ping and counters.
// Frames go in and out as bytes; time and room for frames come from the host. There is one stack in a process.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "lib/netcore/dhcp_client.hpp"
#include "lib/netcore/lwip_port.hpp"
#include "lib/netcore/route_table.hpp"
#include "lib/netcore/segments.hpp"
#include "lib/netcore/tcp.hpp"

struct netif;
struct pbuf;
struct raw_pcb;
struct udp_pcb;

namespace capos::netcore {

class StackHost : public PortHost {
public:
    // Where to put a frame of `bytes` bytes, or nothing when there is no room now (the frame is not sent; TCP tries
    // again). When it gave room, end_frame follows at once.
    virtual std::span<std::byte> begin_frame(std::size_t bytes) = 0;
    virtual void end_frame(std::size_t bytes) = 0;
    // One line for the log.
    virtual void say(std::string_view line) = 0;

protected:
    ~StackHost() = default;
};

struct StackCounters {
    std::uint64_t frames_in = 0;
    std::uint64_t frames_out = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::uint64_t dropped_in = 0;    // too short, too long, or no memory
    std::uint64_t dropped_out = 0;   // no room in the driver's ring, or no driver
    std::uint64_t no_route = 0;      // packets for which the route table has no next hop
    std::uint64_t arp_requests = 0;  // sent
};

// What lwIP has counted since the process began.
struct ProtocolCounters {
    std::uint64_t tcp_in = 0;
    std::uint64_t tcp_out = 0;
    std::uint64_t tcp_retransmits = 0;
    std::uint64_t checksum_errors = 0;   // IPv4, TCP, UDP and ICMP together
    std::uint64_t echo_answered = 0;
};
ProtocolCounters protocol_counters();

struct NetworkConfig {
    DhcpClient::State state = DhcpClient::State::Stopped;
    Ipv4 address = 0;
    std::uint8_t prefix = 0;
    Ipv4 gateway = 0;
    std::array<Ipv4, DhcpReply::kMaxDns> dns{};
    std::size_t dns_count = 0;
    std::uint16_t mtu = 0;
    MacAddress mac{};
    bool link_up = false;
    std::uint32_t lease_seconds = 0;
    Ipv4 dhcp_server = 0;
    std::uint64_t bound_at_ns = 0;
    std::uint32_t attachments = 0;
};

struct Neighbour {
    Ipv4 address = 0;
    MacAddress mac{};
};

struct ConnectionInfo {
    const char* state = "";
    std::uint16_t local_port = 0;
    Ipv4 peer = 0;
    std::uint16_t peer_port = 0;
};

// One echo request under way. Stays where it is until it is done or destroyed.
class Ping {
public:
    enum class Outcome : std::uint8_t { Pending, Answered, TimedOut, NoRoute, NoAddress, NotSent, NotAHost };

    class Events {
    public:
        virtual void ping_done() = 0;

    protected:
        ~Events() = default;
    };

    explicit Ping(Events& events) : events_(events) {}
    ~Ping();
    Ping(const Ping&) = delete;
    Ping& operator=(const Ping&) = delete;

    Outcome outcome() const { return outcome_; }
    std::uint64_t round_trip_ns() const { return round_trip_ns_; }

private:
    friend class Stack;
    Events& events_;
    Ping* next_ = nullptr;
    std::uint16_t identifier_ = 0;
    std::uint16_t sequence_ = 0;
    std::uint64_t sent_at_ns_ = 0;
    std::uint64_t deadline_ns_ = 0;
    std::uint64_t round_trip_ns_ = 0;
    Outcome outcome_ = Outcome::Pending;
};

class Stack final : private DhcpClient::Host, private SegmentJoiner::Sink {
public:
    static constexpr std::size_t kMaxFrame = 1514;   // Ethernet header and 1500 bytes
    static constexpr std::uint16_t kLeastMtu = 576;
    static constexpr std::size_t kMaxNeighbours = 16;

    struct Settings {
        Random::Secret secret;
        std::span<std::byte> packet_memory;   // given once; lives as long as the process
    };

    // The one stack of the process. InvalidArgument: too little packet memory; OutOfMemory: lwIP's pools do not suffice.
    static Result<std::unique_ptr<Stack>> create(StackHost& host, const Settings& settings);
    ~Stack();
    Stack(const Stack&) = delete;
    Stack& operator=(const Stack&) = delete;

    // A driver has attached. The lease and all connections live on when the hardware address is the same; what was on
    // its way is sent again. InvalidArgument: a group or zero address, or an MTU below kLeastMtu.
    Result<void> attach(const MacAddress& mac, std::uint16_t mtu);
    void set_link(bool up);

    // Frames that came together: each is copied (which is when its slot is free again), then all are looked at.
    class Batch {
    public:
        static constexpr std::size_t kMost = 32;
        Batch() {}
        Batch(const Batch&) = delete;
        Batch& operator=(const Batch&) = delete;
        ~Batch();

    private:
        friend class Stack;
        std::size_t count_ = 0;
        std::array<pbuf*, kMost> frames_;   // the first count_ of them
    };

    // Takes a private copy of a frame into `batch`, which has room. What is no frame, or finds no memory, is counted and
    // left out. `shared` may change while it is read.
    void copy(std::span<const std::byte> shared, Batch& batch);
    // Looks at the frames that were copied; the batch is empty afterwards.
    void receive(Batch& batch);

    // Transmit room has come back after a frame was refused: sends what waits.
    void transmit_room();

    // The earliest time at which run_timers has something to do, in nanoseconds; never before now.
    std::uint64_t next_deadline_ns() const;
    void run_timers();

    // Sends one echo request. The outcome may be there at once (no route, no address, nothing could be sent,
    // a destination that is no single host's, or this machine's own address, which answers without a packet); else ping.events is told.
    void start(Ping& ping, Ipv4 destination, std::uint32_t timeout_ms);

    NetworkConfig config() const;
    const StackCounters& counters() const { return counters_; }
    const SegmentJoiner& joiner() const { return joiner_; }
    const RouteTable& routes() const { return routes_; }
    const DhcpClient& dhcp() const { return dhcp_; }
    std::size_t neighbours(std::span<Neighbour> into) const;
    // Listeners first, then open connections, then those in TIME_WAIT; returns how many.
    static std::size_t connections(std::span<ConnectionInfo> into);
    static std::uint32_t time_wait_count();

private:
    friend class Ping;
    struct Callbacks;

    explicit Stack(StackHost& host);
    Result<void> open();
    void send_dhcp(std::span<const std::byte> message, Ipv4 server) override;
    std::uint16_t lease_gained(const DhcpReply& lease) override;
    void lease_lost() override;
    void say(std::string_view line) override { host_.say(line); }
    void deliver(pbuf* packet, bool verified) override;
    void finish(Ping& ping, Ping::Outcome outcome);
    void forget(Ping& ping);
    bool transmit(const pbuf& packet);

    StackHost& host_;
    DhcpClient dhcp_;
    SegmentJoiner joiner_;
    RouteTable routes_;
    StackCounters counters_;
    std::unique_ptr<netif> interface_;
    udp_pcb* dhcp_socket_ = nullptr;
    raw_pcb* echo_socket_ = nullptr;
    Ping* pings_ = nullptr;
    MacAddress mac_{};
    std::uint16_t driver_mtu_ = 0;
    std::uint32_t attachments_ = 0;
    bool transmit_starved_ = false;   // a frame was refused since transmit_room
};

}  // namespace capos::netcore
