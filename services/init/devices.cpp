#include "services/init/devices.hpp"

#include <iterator>

#include "lib/base/text.hpp"
#include "runtime/executor.hpp"
#include "runtime/log.hpp"

namespace capos::init {

namespace {

constexpr std::uint64_t kRetryPause = 10 * rt::kMillisecond;
constexpr unsigned kTries = 100;
using Outcome = schema::PciBus::ClaimResults::Outcome;

bool matches(const schema::DeviceMatch::Reader& match, const schema::PciBus::FunctionInfo::Reader& function) {
    if (function.vendor() != match.vendor()) return false;
    for (const std::uint16_t device : match.devices())
        if (function.device() == device) return true;
    return false;
}

struct Candidates {
    std::optional<std::uint16_t> free;
    bool claimed = false;
};

// Functions that cannot be claimed, as they have said.
class Refused {
public:
    bool contains(std::uint16_t bdf) const {
        for (std::size_t i = 0; i < count_; ++i)
            if (bdfs_[i] == bdf) return true;
        return false;
    }
    void add(std::uint16_t bdf) { bdfs_[count_++] = bdf; }
    bool any() const { return count_ != 0; }
    bool full() const { return count_ == std::size(bdfs_); }

private:
    std::uint16_t bdfs_[8] = {};
    std::size_t count_ = 0;
};

rt::Task<Result<Candidates>> look(const Roots& roots, const schema::DeviceMatch::Reader& match,
                                  std::optional<std::uint16_t> preferred, const Refused& refused) {
    auto reply = CO_TRY(co_await roots.pci_bus.functions({.reply_bytes = 16 * 1024 - 64}));
    Candidates found;
    for (const auto function : reply->functions()) {
        if (!matches(match, function) || refused.contains(function.bdf())) continue;
        // The driver's own device, still being taken down, is waited for rather than left for another.
        if (function.claimed() && preferred == function.bdf()) co_return Candidates{std::nullopt, true};
        if (function.claimed())
            found.claimed = true;
        else if (!found.free || preferred == function.bdf())
            found.free = function.bdf();
    }
    co_return found;
}

const char* reason(Outcome outcome) {
    switch (outcome) {
    case Outcome::no_broker: return "its queue format has no broker";
    case Outcome::dead: return "it is dead until reboot";
    case Outcome::reset_failed: return "its reset was not confirmed";
    default: return "it is gone";
    }
}

}  // namespace

rt::Task<Result<ClaimedDevice>> claim_device(const Roots& roots, const schema::DeviceMatch::Reader& match,
                                             std::optional<std::uint16_t> preferred) {
    Refused refused;
    for (unsigned attempt = 0; attempt < kTries; ++attempt) {
        const Candidates found = CO_TRY(co_await look(roots, match, preferred, refused));
        if (!found.free && !found.claimed) co_return refused.any() ? Error::Failed : Error::NotFound;
        if (found.free) {
            auto reply = CO_TRY(co_await roots.pci_bus.claim(*found.free));
            if (reply->outcome() == Outcome::claimed)
                co_return ClaimedDevice{CO_TRY(reply.take<schema::PciFunction>(reply->function())), *found.free};
            if (reply->outcome() != Outcome::already_claimed) {
                const std::uint16_t bdf = *found.free;
                FixedText<16> place;
                place << Hex{static_cast<std::uint64_t>(bdf >> 8), 2} << ':' << Hex{bdf >> 3 & 31u, 2} << '.' << (bdf & 7u);
                rt::log_error("device {} cannot be claimed: {}", place.view(), reason(reply->outcome()));
                if (refused.full()) co_return Error::Failed;
                refused.add(bdf);
                continue;        // another one may do
            }
        }
        co_await rt::sleep_for(kRetryPause);
    }
    co_return Error::Busy;
}

}  // namespace capos::init
