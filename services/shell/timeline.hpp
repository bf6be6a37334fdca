// The steps of a start in the order in which they happened.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lib/base/text.hpp"

namespace capos::shell {

class Timeline {
public:
    static constexpr std::size_t kMost = 48;
    // What comes later does not belong to the start: a lease taken again, a service started by the operator.
    static constexpr std::uint64_t kLatestNs = 60'000'000'000;

    struct Step {
        FixedText<48> name;
        std::uint64_t at_ns = 0;      // since the kernel's first instruction
    };

    // Adds a step called `name` followed by `suffix`. Steps of the same instant stay in the order in which they were
    // added. Without an instant, after kLatestNs, or when kMost are there, it is left out.
    void add(std::string_view name, std::string_view suffix, std::uint64_t at_ns);

    std::size_t size() const { return count_; }
    // The step that happened as number `index`.
    const Step& step(std::size_t index) const { return steps_[order_[index]]; }
    // When the last step ended; 0 without steps.
    std::uint64_t end_ns() const { return count_ == 0 ? 0 : step(count_ - 1).at_ns; }

private:
    std::array<Step, kMost> steps_;                // as they were added
    std::array<std::uint8_t, kMost> order_{};      // as they happened
    std::size_t count_ = 0;
};

}  // namespace capos::shell
