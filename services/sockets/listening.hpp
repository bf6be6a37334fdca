// Opening a port and keeping it open.
#pragma once

#include <cstdint>

#include "runtime/task.hpp"
#include "schema/net.client.hpp"

namespace capos::sockets {

// A listener on `port`. Tries until there is one, a second apart at most, and logs each new reason why there is none
// yet (the stack has not come up, or is coming up again). The backlog is halved while the authority finds it too large.
rt::Task<client::TcpListener> open_listener(const client::TcpListenAuthority& authority, std::uint16_t port,
                                            std::uint16_t backlog);

// Whether an accept that failed so may be tried again on the same listener, after a pause: something ran out. Any other
// error means that the listener is gone.
bool worth_another_accept(Error error);

inline constexpr std::uint64_t kAcceptPauseNs = 10'000'000;

}  // namespace capos::sockets
