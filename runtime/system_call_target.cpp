#include "runtime/system_call.hpp"

#include "abi/syscall.hpp"

namespace capos::rt {

namespace {

inline std::uint64_t system_call(abi::SystemCall number, std::uint64_t first, std::uint64_t second) {
    std::uint64_t result = static_cast<std::uint64_t>(number);
    // Caller-saved registers come back as 0 (abi/syscall.hpp).
    asm volatile("syscall"
                 : "+a"(result), "+D"(first), "+S"(second)
                 :
                 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
    return result;
}

}  // namespace

std::uint64_t cap_enter(std::uint32_t min_complete, std::uint64_t deadline_ns) {
    return system_call(abi::SystemCall::CapEnter, min_complete, deadline_ns);
}

void exit_thread(std::int64_t status) {
    for (;;) system_call(abi::SystemCall::Exit, static_cast<std::uint64_t>(status), 0);
}

}  // namespace capos::rt
