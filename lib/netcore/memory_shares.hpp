// How connections divide what they have in common. A connection's limit follows from what is free, not from what the
// largest could use: one alone gets all it can use, many get equal shares, and something is always left for one that
// has just come and waits for nothing yet (a dynamic threshold: limit = what is free beyond a reserve).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "lib/netcore/packet_memory.hpp"

namespace capos::netcore {

class MemoryShares {
public:
    static constexpr std::size_t kLeastSend = 8192;       // bytes a connection may have unsent even when memory is tight
    static constexpr std::size_t kLeastWindow = 8192;     // receive window that every connection has
    static constexpr std::size_t kFirstWindow = 32768;    // what it begins with when there is enough
    static constexpr std::size_t kLeastSegments = 8;     // send queue entries, likewise

    explicit constexpr MemoryShares(const PacketMemory& memory) : memory_(memory) {}

    // Bytes that one connection may have written and not yet acknowledged; 0 when not even the least may be given.
    std::size_t send_limit() const {
        if (memory_.scarce(8))
            return 0;
        const std::size_t kept = memory_.capacity() * 3 / 8 + promised_;
        return std::max(kLeastSend, memory_.free_bytes() > kept ? memory_.free_bytes() - kept : 0);
    }
    // Receive window of a connection that begins, and of one that has `window` now and wants all it can get. Windows
    // count from when they are promised: what was announced cannot be taken back from a peer that does not send.
    std::size_t first_window() const {
        return kLeastWindow + std::min(kFirstWindow - kLeastWindow, pool_left() / 4);
    }
    std::size_t window_limit(std::size_t window) const {
        const std::size_t own = window - std::min(window, kLeastWindow);
        return kLeastWindow + (pool_left() + own) / 2;
    }
    void window_changed(std::size_t from, std::size_t to) {
        promised_ -= from - std::min(from, kLeastWindow);
        promised_ += to - std::min(to, kLeastWindow);
    }
    std::size_t promised() const { return promised_; }   // bytes of windows beyond the least

    // Of `total` segment records, of which `used` are out: how many one send queue may hold, and how many segments may
    // wait out of order on one connection (these only from the first half).
    static constexpr std::size_t send_segments(std::size_t total, std::size_t used) {
        const std::size_t kept = used + total / 2;
        return std::max(kLeastSegments, total > kept ? total - kept : 0);
    }
    static constexpr std::size_t early_segments(std::size_t total, std::size_t used) {
        return total > used + total / 2 ? total - used - total / 2 : 0;
    }

private:
    std::size_t pool_left() const {
        const std::size_t pool = memory_.capacity() / 4;
        return pool > promised_ ? pool - promised_ : 0;
    }

    const PacketMemory& memory_;
    std::size_t promised_ = 0;
};

}  // namespace capos::netcore
