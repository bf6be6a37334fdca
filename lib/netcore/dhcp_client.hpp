// The DHCPv4 client (RFC 2131, section 4.4) as a state machine without clock, sockets or memory of its own: it is told
// the time and what arrived, and says what to send, what to log and when it wants to be called again.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "lib/netcore/dhcp_message.hpp"
#include "lib/netcore/random.hpp"

namespace capos::netcore {

// "10.0.2.15" into `text`.
template <class Text>
Text& write_address(Text& text, Ipv4 address) {
    text << (address >> 24) << '.' << (address >> 16 & 255) << '.' << (address >> 8 & 255) << '.' << (address & 255);
    return text;
}

class DhcpClient {
public:
    enum class State : std::uint8_t { Stopped, Discovering, Requesting, Bound, Renewing, Rebinding };
    static constexpr std::uint64_t kNever = ~std::uint64_t{0};

    // What the client asks of the stack. None of these may call back into the client.
    class Host {
    public:
        // Sends from port 68 to port 67. `server` 0: broadcast, from 0.0.0.0; else by the routes, from our address.
        virtual void send_dhcp(std::span<const std::byte> message, Ipv4 server) = 0;
        // Configure the interface; also when it has changed. Returns the MTU that is in force with it.
        virtual std::uint16_t lease_gained(const DhcpReply& lease) = 0;
        virtual void lease_lost() = 0;                            // take the address down
        virtual void say(std::string_view line) = 0;              // once per change of state

    protected:
        ~Host() = default;
    };

    DhcpClient(Host& host, Random& random) : host_(host), random_(random) {}

    // Begins for this hardware address. A lease for the same address is kept: the driver was only restarted.
    void start(const MacAddress& mac, std::uint64_t now_ns);
    // A message that came to port 68, from the address `from`. What is not for us is counted and ignored; what is and
    // cannot be used is also said, each fault once until the configuration changes.
    void receive(std::span<const std::byte> message, Ipv4 from, std::uint64_t now_ns);
    // To be called at deadline_ns() or later.
    void tick(std::uint64_t now_ns);
    std::uint64_t deadline_ns() const { return deadline_; }

    State state() const { return state_; }
    bool has_lease() const { return state_ >= State::Bound; }
    const DhcpReply& lease() const { return lease_; }
    std::uint64_t bound_at_ns() const { return bound_at_; }
    std::uint64_t sent() const { return sent_; }
    std::uint64_t ignored() const { return ignored_; }   // messages, and options of those that were taken

private:
    void discover(std::uint64_t now_ns);
    void send_discover(std::uint64_t now_ns);
    void request(const DhcpReply& offer, std::uint64_t now_ns);
    void send_request(std::uint64_t now_ns);
    void send_renewal(std::uint64_t now_ns);
    void bind(const DhcpReply& ack, Ipv4 from, std::uint64_t now_ns);
    void refused(std::uint64_t now_ns);
    void expire(std::uint64_t now_ns);
    void begin_anew(std::uint32_t failures, std::uint64_t now_ns);
    bool awaits_verdict_of(const DhcpReply& reply) const;
    bool renewal_is_said() const;
    void ignore(DhcpFault fault, Ipv4 from);
    void leave_out(DhcpFault option, Ipv4 from);
    bool first_time(DhcpFault fault);
    void send(DhcpRequest& message, Ipv4 server, std::uint64_t now_ns);
    void say_bound(std::uint16_t mtu);
    std::uint64_t retry_delay(std::uint32_t attempt);

    Host& host_;
    Random& random_;
    MacAddress mac_{};
    State state_ = State::Stopped;
    std::uint32_t transaction_ = 0;
    std::uint32_t attempts_ = 0;         // messages sent in this state
    std::uint32_t rounds_ = 0;           // DISCOVERs since the last lease
    std::uint32_t refusals_ = 0;         // NAKs since the last lease
    std::uint32_t expiries_ = 0;         // leases that ended without having been renewed, one after the other
    std::uint64_t began_ = 0;            // when the present acquisition began
    std::uint64_t requested_at_ = 0;     // when the first REQUEST that the lease will answer was sent
    std::uint64_t deadline_ = kNever;
    DhcpReply offer_;                    // what is being requested
    DhcpReply lease_;                    // what is held in Bound and later states
    std::uint64_t bound_at_ = 0;
    std::uint64_t renew_at_ = kNever;
    std::uint64_t rebind_at_ = kNever;
    std::uint64_t expires_at_ = kNever;
    std::uint64_t sent_ = 0;
    std::uint64_t ignored_ = 0;
    std::uint64_t unusable_ = 0;             // of those, answers to us since the last lease
    std::uint64_t unusable_at_request_ = 0;
    std::uint32_t said_ = 0;                 // a bit for each DhcpFault that was said
    std::uint32_t renewals_ = 0;             // of the present configuration
};

}  // namespace capos::netcore
