// Unpredictable numbers for the stack: transaction ids, port numbers, initial sequence numbers. Everything follows
// from one secret that comes from Entropy at start.
#pragma once

#include <cstdint>

#include "lib/netcore/sip_hash.hpp"

namespace capos::netcore {

class Random {
public:
    struct Secret {
        SipKey numbers;
        SipKey sequences;
    };

    constexpr Random() = default;
    explicit constexpr Random(const Secret& secret) : secret_(secret) {}

    // The next number of a keyed sequence that never repeats in practice.
    constexpr std::uint64_t next() {
        SipHash hash(secret_.numbers);
        hash.word(++drawn_);
        return hash.finish(8);
    }

    // RFC 6528: a clock of 4 microseconds a tick plus a keyed hash of the connection's two ends.
    constexpr std::uint32_t initial_sequence(std::uint32_t local, std::uint16_t local_port, std::uint32_t remote,
                                             std::uint16_t remote_port, std::uint64_t now_ns) const {
        SipHash hash(secret_.sequences);
        hash.word(std::uint64_t{local} << 32 | remote);
        hash.word(std::uint64_t{local_port} << 16 | remote_port);
        return static_cast<std::uint32_t>(hash.finish(16)) + static_cast<std::uint32_t>(now_ns / 4000);
    }

private:
    Secret secret_{};
    std::uint64_t drawn_ = 0;
};

}  // namespace capos::netcore
