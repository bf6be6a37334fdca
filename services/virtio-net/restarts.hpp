// When the driver begins anew after a session has ended, and whether it says why: a device that cannot be driven must not
// cost the machine its time, nor the console its lines.
#pragma once

#include <bit>
#include <cstdint>

#include "lib/base/result.hpp"

namespace capos::virtio_net {

class Restarts {
public:
    static constexpr std::uint64_t kSettled = 2'000'000'000;          // ns; a session that ran longer was no failed start
    static constexpr std::uint32_t kAtOnce = 3;                       // failed starts before it waits
    static constexpr std::uint64_t kFirstPause = 500'000'000;         // ns, doubled with each further one
    static constexpr std::uint64_t kLongestPause = 30'000'000'000;    // ns

    // A session has ended with `error` after `ran_ns`.
    void ended(Error error, std::uint64_t ran_ns) {
        if (ran_ns > kSettled)
            failed_starts_ = same_ = 0;
        else
            ++failed_starts_;
        same_ = error == last_ ? same_ + 1 : 1;
        last_ = error;
    }
    // How long to wait now. A stack that is not there comes back by itself and is not to be waited for longer than it takes.
    std::uint64_t pause_ns() const {
        if (failed_starts_ < kAtOnce)
            return 0;
        const std::uint32_t doublings = last_ == Error::Disconnected ? 0 : failed_starts_ - kAtOnce;
        const std::uint64_t pause = kFirstPause << (doublings < 8 ? doublings : 8);
        return pause < kLongestPause ? pause : kLongestPause;
    }
    // Sessions in a row that ended like this one, none of them settled but the first perhaps.
    std::uint32_t same() const { return same_; }
    // The first of them, the second, the fourth, the eighth, ...
    bool to_be_said() const { return std::has_single_bit(same_); }

private:
    Error last_ = Error::None;
    std::uint32_t failed_starts_ = 0;
    std::uint32_t same_ = 0;
};

}  // namespace capos::virtio_net
