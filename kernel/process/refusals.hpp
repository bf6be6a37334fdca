// What was refused for lack of authority, on the console: each (process, interface, method, reason) once, and after that
// counted. Never more than a line a second, and of what only repeats itself a line a minute; nothing is allocated, and no
// process has more than its share of the lines that are kept.
#pragma once

#include <cstdint>

#include "abi/ring.hpp"

namespace capos::kernel {

class Process;

struct Refusal {
    abi::Operation operation;
    std::uint16_t method;            // of a CALL
    Error reason;
    std::uint64_t interface_id;      // of a CALL
    friend bool operator==(const Refusal&, const Refusal&) = default;
};

// BadHandle, StaleHandle, WrongInterface, Denied and QuotaExceeded; other reasons are nobody's authority.
[[gnu::cold]] void note_refusal(const Process& process, const Refusal& refusal);
// The process has ended. What was not said of it yet still will be.
void forget_refusals(const Process& process);

}  // namespace capos::kernel
