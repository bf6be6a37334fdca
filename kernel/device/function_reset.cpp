// Reset, and what waits for it: claim, the driver's own wish, teardown. A device is believed to be quiet only when its
// status reads 0 and its bus master bit has been seen to clear; until then none of its queue memory is given back.
#include "kernel/device/function.hpp"
#include "kernel/device/mechanism1.hpp"
#include "kernel/device/registry.hpp"

namespace capos::kernel::device {
namespace {

constexpr std::uint64_t kPatienceNs = 100'000'000;   // then a function-level reset is tried; as long again after it
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
    state_ = state;
    ++epoch_;
    in_level_reset_ = restored_ = false;
    needs_reset_ = false;
    reset_since_ns_ = arch::now_ns();
    transport_->begin_reset();
    poll_reset();
}

bool DeviceFunction::reads_reset() {
    const std::uint64_t began = arch::now_ns();
    do {
        if (transport_->status() == 0)
            return true;
    } while (arch::now_ns() - began < kSpinNs);
    return false;
}

void DeviceFunction::poll_reset() {
    if (reads_reset())
        return reset_confirmed();
    const std::uint64_t now = arch::now_ns();
    if (now - reset_since_ns_ <= kPatienceNs)
        return set_deadline(reset_timer_, now + kRetryNs);
    if (in_level_reset_ || !level_reset_.offered())
        return reset_failed("reset not confirmed");
    report("reset not confirmed, function-level reset");
    in_level_reset_ = true;
    level_reset_.begin(config_space(), identity_.where);
    set_deadline(reset_timer_, now + pci::kLevelResetNs);
}

// What the driver and the kernel had set up in the function's registers is gone; its addresses are put back.
void DeviceFunction::end_level_reset() {
    level_reset_.restore(config_space(), identity_.where);
    pci::update_command(config_space(), identity_.where, pci::kCommandIo | pci::kCommandMemory, 0);
    restored_ = true;
    reset_since_ns_ = arch::now_ns();
    transport_->begin_reset();
}

void DeviceFunction::reset_deadline(Deadline& deadline) {
    DeviceFunction& function = static_cast<ResetTimer&>(deadline).function;
    if (function.in_level_reset_ && !function.restored_)
        function.end_level_reset();
    function.poll_reset();
    // A claim that nobody waits for any more is dropped, which tears it down again.
    if (function.state_ != FunctionState::Claiming)
        function.pending_claim_ = nullptr;
}

void DeviceFunction::reset_confirmed() {
    pci::update_command(config_space(), identity_.where, 0, pci::kCommandBusMaster);
    if (config_space().read16(identity_.where, pci::kCommand) & pci::kCommandBusMaster)
        return reset_failed("bus master stays set after the reset");
    for (auto& queue : queues_) {
        if (queue)
            queue->release_all();
        queue = nullptr;
    }
    setup_ = Setup::Fresh;
    if (state_ == FunctionState::TearingDown) {
        state_ = FunctionState::Unclaimed;
        return;
    }
    if (uses_msix() && (state_ == FunctionState::Claiming || in_level_reset_)) {
        msix_.enable();
        legacy_.set_msix_enabled(true);
    }
    if (state_ == FunctionState::Claiming) {
        open_bridges(identity_.where);
        ++counters.claims;
    } else {
        // A function-level reset took the routes away. Any other leaves a line's as it is, but closed if an interrupt came
        // before or during the reset: until now nobody could acknowledge it, and from now on it asserts no more.
        for (const auto& interrupt : interrupts_)
            if (interrupt)
                interrupt->program();
    }
    pci::update_command(config_space(), identity_.where, pci::kCommandBusMaster, 0);
    state_ = FunctionState::Claimed;
    answer_waiters();
}

void DeviceFunction::reset_failed(std::string_view what) {
    close_interrupts();
    pci::update_command(config_space(), identity_.where, pci::kCommandInterruptDisable, pci::kCommandBusMaster);
    state_ = FunctionState::Dead;                    // queues_ stays as it is: quarantined
    set_holder({});
    FixedText<96> text;
    text << what << ", out of use until the next boot";
    report(text.view());
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
