// What the server counts. All values only rise, except the open connections.
#pragma once

#include <cstdint>

namespace capos::web {

struct Counters {
    std::uint64_t accepted = 0;        // connections taken
    std::uint32_t open = 0;            // connections now
    std::uint32_t most_open = 0;
    std::uint64_t refused = 0;         // connections over the bound, answered 503 or dropped
    std::uint64_t requests = 0;        // complete requests
    std::uint64_t answered = 0;        // with 200
    std::uint64_t rejected = 0;        // with 4xx or 5xx
    std::uint64_t request_timeouts = 0;    // requests that did not come in time
    std::uint64_t response_timeouts = 0;   // responses that were not taken in time
    std::uint64_t idle_closed = 0;     // kept connections without a further request
    std::uint64_t bytes_in = 0;        // as read from sockets
    std::uint64_t bytes_out = 0;       // as taken by sockets
    std::uint64_t gatherings = 0;      // how often the facts were collected
    std::uint64_t listens = 0;         // how often the port was opened: more than 1 after the stack came back
    std::uint64_t first_answer_ns = 0; // when the first request was answered, since boot; 0: none yet
};

}  // namespace capos::web
