// What lwIP stands on: the clock, the memory of packets, randomness and the hooks. lwIP is one global thing, so there
// is one of each.
#pragma once

#include <cstdint>
#include <string_view>

#include "lib/netcore/memory_shares.hpp"
#include "lib/netcore/packet_memory.hpp"
#include "lib/netcore/random.hpp"

namespace capos::netcore {

// What the port needs from the program around it.
class PortHost {
public:
    virtual std::uint64_t now_ns() = 0;
    // lwIP found its own state broken: say it and end the program. Must not return.
    virtual void broken(std::string_view what) = 0;

protected:
    ~PortHost() = default;
};

// A number of events a second, with room for a burst.
class RateLimit {
public:
    constexpr RateLimit(std::uint32_t per_second, std::uint32_t burst)
        : interval_ns_(1'000'000'000 / per_second), burst_(burst) {}

    // Whether one more may pass now.
    constexpr bool pass(std::uint64_t now_ns) {
        const std::uint64_t earliest = now_ns > interval_ns_ * burst_ ? now_ns - interval_ns_ * burst_ : 0;
        if (next_ < earliest)
            next_ = earliest;
        if (next_ + interval_ns_ > now_ns)
            return false;
        next_ += interval_ns_;
        return true;
    }

private:
    std::uint64_t interval_ns_;
    std::uint64_t burst_;
    std::uint64_t next_ = 0;
};

struct PortCounters {
    std::uint64_t echo_dropped = 0;        // over the rate limit
    std::uint64_t time_wait_reused = 0;    // a new connection from the same peer and port ended TIME_WAIT early
};

// Before any other use of lwIP. `host` outlives it. The second call in a process only replaces host and secret.
void start_port(PortHost& host, const Random::Secret& secret);
PacketMemory& packet_memory();
MemoryShares& memory_shares();
Random& port_random();
const PortCounters& port_counters();

}  // namespace capos::netcore
