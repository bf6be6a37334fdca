// Sending on a TcpSocket: everything or nothing, by a deadline.
#pragma once

#include <cstdint>
#include <string_view>

#include "lib/base/result.hpp"
#include "runtime/task.hpp"
#include "schema/net.client.hpp"

namespace capos::sockets {

// Sends `head` and then `body`. Closed: the client is gone. TimedOut: it did not take everything by `deadline_ns`.
// `sent` is raised by every byte that was taken. The texts must stay until it ends.
rt::Task<Result<void>> send_all(const client::TcpSocket& socket, std::string_view head, std::string_view body,
                                std::uint64_t deadline_ns, std::uint64_t& sent);

// Ends a connection whose client may still be sending: shuts the sending side down and reads on for a moment, so that
// the last response is not lost to a reset (RFC 9112, section 9.6).
rt::Task<void> linger(const client::TcpSocket& socket);

}  // namespace capos::sockets
