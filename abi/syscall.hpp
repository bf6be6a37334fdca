// The two system calls. Number in RAX, arguments in RDI, RSI; RCX and R11 are clobbered (SYSCALL); all other
// registers but RAX are preserved except that caller-saved ones come back as 0.
#pragma once

#include <cstdint>

namespace capos::abi {

enum class SystemCall : std::uint64_t {
    Exit = 0,       // (status): ends the calling thread; the last thread's exit ends the process
    CapEnter = 1,   // (min_complete, deadline_ns): drain submissions, then wait. Returns unread completions, or
                    // kEnterBadRing. A batch that copies more than 1 MiB, or takes as
                    // long, is taken in parts: it returns early then, the rest still in the submission queue
};

// CapEnter's result when the thread's sq_tail or cq_head is outside what the kernel's own indices allow. Nothing was taken,
// unless the index became so during the call.
inline constexpr std::uint64_t kEnterBadRing = ~std::uint64_t{0};

}  // namespace capos::abi
