#include "services/shell/timeline.hpp"

namespace capos::shell {

void Timeline::add(std::string_view name, std::string_view suffix, std::uint64_t at_ns) {
    if (at_ns == 0 || at_ns > kLatestNs || count_ == kMost)
        return;
    Step& step = steps_[count_];
    step.name << name << suffix;
    step.at_ns = at_ns;
    std::size_t place = count_;
    for (; place != 0 && steps_[order_[place - 1]].at_ns > at_ns; --place)
        order_[place] = order_[place - 1];
    order_[place] = static_cast<std::uint8_t>(count_++);
}

}  // namespace capos::shell
