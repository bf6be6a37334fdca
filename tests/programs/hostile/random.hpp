// Numbers that look random and are the same in every run.
#pragma once

#include <cstdint>

namespace capos::hostile {

// xorshift64*, seeded: a run can be repeated.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return state_ * 0x2545F4914F6CDD1Du;
    }
    std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>((next() >> 32) * bound >> 32); }
    bool chance(std::uint32_t percent) { return below(100) < percent; }

    // Edges of ranges, powers of two, and anything.
    std::uint32_t odd_number() {
        static constexpr std::uint32_t kEdges[] = {0, 1, 7, 8, 16, 4095, 4096, 65536, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff};
        return chance(50) ? kEdges[below(12)] : static_cast<std::uint32_t>(next());
    }
    // Mostly below `bound`.
    std::uint32_t mostly_below(std::uint32_t bound) { return chance(90) ? below(bound) : odd_number(); }

private:
    std::uint64_t state_;
};

}  // namespace capos::hostile
