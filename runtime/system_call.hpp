// The two system calls. The target's are in system_call_target.cpp; host tests define their own.
#pragma once

#include <cstdint>

namespace capos::rt {

// Hands submissions to the kernel and waits for `min_complete` unread completions or until `deadline_ns`. Returns the
// number of unread completions, or abi::kEnterBadRing.
std::uint64_t cap_enter(std::uint32_t min_complete, std::uint64_t deadline_ns);

// Ends the calling thread.
[[noreturn]] void exit_thread(std::int64_t status);

}  // namespace capos::rt
