// How much the kernel does before it takes interrupts again. The unit is a byte copied between rings, and for everything
// else what takes about as long.
#pragma once

#include <cstdint>

#include "kernel/arch/arch.hpp"

namespace capos::kernel {

inline constexpr std::uint64_t kCallWork = 2048;        // a kernel object's method
inline constexpr std::uint64_t kObjectWork = 4096;      // an object's end
inline constexpr std::uint64_t kPageWork = 256;         // a page mapped, unmapped, given back
inline constexpr std::uint64_t kZeroWork = kPageSize;   // a page zeroed
inline constexpr std::uint64_t kStepWork = 16;          // a step along a list

// Work done since boot on behalf of submissions. A drain stops when it has risen by too much.
extern std::uint64_t work_done;

// What may still be done in one go, for the reaper.
class Work {
public:
    explicit constexpr Work(std::uint64_t amount) : left_(static_cast<std::int64_t>(amount)) {}
    bool left() const { return left_ > 0; }
    void spend(std::uint64_t amount) { left_ -= static_cast<std::int64_t>(amount); }

private:
    std::int64_t left_;
};

}  // namespace capos::kernel
