// When a service that has ended is started again. Pure, so that it is tested on the host.
#pragma once

#include <cstdint>
#include <optional>

#include "schema/manifest.capnp.hpp"

namespace capos::init {

// How a service's process came to its end.
struct End {
    bool by_operator;         // killed or restarted through ServiceControl: not counted as a death
    bool clean;               // exit status 0
    bool started;             // false: it could not even be started
    std::uint64_t lived_ns;   // from start to end
};

class RestartPolicy {
public:
    static constexpr std::uint64_t kQuickNs = 5'000'000'000;
    static constexpr std::uint32_t kMostQuickDeaths = 8;
    static constexpr std::uint64_t kFirstDelayNs = 100'000'000;
    static constexpr std::uint64_t kLongestDelayNs = 5'000'000'000;

    struct Decision {
        enum class Kind : std::uint8_t { Restart, Stop, GiveUp } kind;
        std::uint64_t delay_ns;      // before a restart
    };

    explicit RestartPolicy(schema::Restart when) : when_(when) {}

    // The first restart is immediate, also after a quick death; each further quick death in a row doubles the pause.
    Decision after(const End& end) {
        using Kind = Decision::Kind;
        if (end.by_operator)
            return {when_ == schema::Restart::never ? Kind::Stop : Kind::Restart, 0};
        if (when_ == schema::Restart::never || (when_ == schema::Restart::on_failure && end.clean && end.started))
            return {Kind::Stop, 0};
        if (end.started && end.lived_ns >= kQuickNs) {
            quick_deaths_ = 0;
            return {Kind::Restart, 0};
        }
        if (++quick_deaths_ == 1) return {Kind::Restart, 0};
        if (quick_deaths_ > kMostQuickDeaths) return {Kind::GiveUp, 0};
        const std::uint64_t delay = kFirstDelayNs << (quick_deaths_ - 2);
        return {Kind::Restart, delay < kLongestDelayNs ? delay : kLongestDelayNs};
    }

    // The operator has asked for a start: what was before is forgotten.
    void forgive() { quick_deaths_ = 0; }
    std::uint32_t quick_deaths() const { return quick_deaths_; }

private:
    schema::Restart when_;
    std::uint32_t quick_deaths_ = 0;
};

}  // namespace capos::init
