// Deadlines: one queue for everything in the kernel that waits for a time.
#pragma once

#include <cstdint>

#include "lib/base/deadline_queue.hpp"

namespace capos::kernel {

// Calls `expired` once when its time has come, unless cancelled before. Embedded in what waits.
struct Deadline : DeadlineHook {
    explicit constexpr Deadline(void (*function)(Deadline&)) : expired(function) {}
    void (*expired)(Deadline&);
};

// `at_ns` is absolute, nanoseconds since boot. The deadline must not be set already.
void set_deadline(Deadline& deadline, std::uint64_t at_ns);
void cancel_deadline(Deadline& deadline);

}  // namespace capos::kernel
