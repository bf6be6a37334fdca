// Signalling a notification without waiting for the answer: nothing is resumed for it, and it ends no sleep.
#pragma once

#include <cstdint>

#include "lib/base/result.hpp"
#include "runtime/handle.hpp"

namespace capos::rt {

// Queues the signal; it goes out with the next entry of the kernel. The answer is not looked at: whoever signals one
// that is gone learns of it elsewhere. Exhausted: too many submissions are outstanding, nothing was queued.
Result<void> notify(const Client& notification, std::uint64_t bits);

}  // namespace capos::rt
