// Reset, and what waits for it: claim, the driver's own wish, teardown. A device is believed to be quiet only when its
// status reads 0; until then none of its queue memory is given back.
#include "kernel/device/function.hpp"
#include "kernel/device/mechanism1.hpp"

namespace capos::kernel::device {
namespace {

constexpr std::uint64_t kPatienceNs = 100'000'000;   // then the function is dead
constexpr std::uint64_t kSpinNs = 20'000;            // most devices answer at once
constexpr std::uint64_t kRetryNs = 1'000'000;        // the others are asked by the timer

}  // namespace

void DeviceFunction::release_claim(std::uint32_t number) {
    if (number != claim_number_ || state_ == FunctionState::Unclaimed || state_ == FunctionState::Dead)
        return;
    close_interrupts();
    set_holder({});
    if (state_ == FunctionState::Resetting) {
        state_ = FunctionState::TearingDown;         // the reset that is under way serves
        return;
    }
    start_reset(FunctionState::TearingDown);
}

void DeviceFunction::start_reset(FunctionState state) {
    if (state == FunctionState::Claiming)
        ++claim_number_;
    state_ = state;
    ++epoch_;
    reset_since_ns_ = arch::now_ns();
    transport_->begin_reset();
    poll_reset();
}

void DeviceFunction::poll_reset() {
    const std::uint64_t now = arch::now_ns();
    do {
        if (transport_->status() == 0)
            return reset_confirmed();
    } while (arch::now_ns() - now < kSpinNs);
    if (now - reset_since_ns_ > kPatienceNs)
        return reset_failed();
    set_deadline(reset_timer_, now + kRetryNs);
}

void DeviceFunction::reset_deadline(Deadline& deadline) {
    DeviceFunction& function = static_cast<ResetTimer&>(deadline).function;
    function.poll_reset();
    // A claim that nobody waits for any more is dropped, which tears it down again.
    if (function.state_ != FunctionState::Claiming)
        function.pending_claim_ = nullptr;
}

void DeviceFunction::reset_confirmed() {
    for (auto& queue : queues_) {
        if (queue)
            queue->release_all();
        queue = nullptr;
    }
    setup_ = Setup::Fresh;
    if (state_ == FunctionState::TearingDown) {
        pci::update_command(config_space(), identity_.where, 0, pci::kCommandBusMaster);
        if (config_space().read16(identity_.where, pci::kCommand) & pci::kCommandBusMaster)
            return reset_failed();
        state_ = FunctionState::Unclaimed;
        return;
    }
    if (state_ == FunctionState::Claiming) {
        pci::update_command(config_space(), identity_.where, pci::kCommandBusMaster, 0);
        if (uses_msix()) {
            msix_.enable();
            legacy_.set_msix_enabled(true);
        }
        ++counters.claims;
    }
    state_ = FunctionState::Claimed;
    answer_waiters();
}

void DeviceFunction::reset_failed() {
    pci::update_command(config_space(), identity_.where, pci::kCommandInterruptDisable, pci::kCommandBusMaster);
    close_interrupts();
    state_ = FunctionState::Dead;                    // queues_ stays as it is: quarantined
    set_holder({});
    report("reset not confirmed, out of use until the next boot");
    answer_waiters();
}

// Whoever waits for a claim or a reset that was not over at once.
void DeviceFunction::answer_waiters() {
    while (CallRecord* record = waiters_.front()) {
        Reply reply(*record);
        if (pending_claim_)
            PciFunctionObject::answer_claim(reply, state_ == FunctionState::Claimed ? take_claim() : nullptr);
        else if (state_ == FunctionState::Claimed)
            reply.done();
        else
            reply.fail(Error::Failed, "reset");
    }
}

}  // namespace capos::kernel::device
