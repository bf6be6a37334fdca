// One PCI function and its ledger: who holds it, what was made from it, what it is doing.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "kernel/cap/object.hpp"
#include "kernel/device/msix_table.hpp"
#include "kernel/device/object/brokered_queue.hpp"
#include "kernel/device/object/interrupt.hpp"
#include "kernel/device/object/pci_function.hpp"
#include "kernel/device/windows.hpp"
#include "kernel/ring/call_record.hpp"
#include "kernel/sched/deadline.hpp"
#include "lib/pci/bars.hpp"
#include "lib/pci/level_reset.hpp"
#include "lib/pci/scan.hpp"
#include "lib/virtio/legacy_transport.hpp"
#include "lib/virtio/modern_transport.hpp"
#include "lib/virtio/pci_structures.hpp"

namespace capos::kernel::device {

enum class FunctionState : std::uint8_t {
    Unclaimed,
    Claiming,       // reset before a claim, not confirmed yet
    Claimed,
    Resetting,      // reset on the driver's wish, not confirmed yet
    TearingDown,    // the claim is gone, its reset not confirmed yet
    Dead,           // a reset or its end was not confirmed: nothing of it is used again before a reboot
};

enum class TransportKind : std::uint8_t { None, Legacy, Modern };

// How far the driver has come since the last reset.
enum class Setup : std::uint8_t { Fresh, Negotiated, Active };

// Since boot. Only the kernel counts.
struct FunctionCounters {
    std::uint64_t interrupts = 0;
    std::uint64_t doorbells = 0;
    std::uint64_t completions = 0;
    std::uint64_t misbehaviours = 0;
    std::uint32_t claims = 0;
};

// Lives as long as the kernel. Everything made from a claim names the claim's number and is stale once that has passed.
class DeviceFunction {
public:
    static constexpr std::uint16_t kMaxInterrupts = 8;
    static constexpr std::uint16_t kMaxQueues = 16;

    // Looks at the function, which is quiet already.
    explicit DeviceFunction(const pci::Identity& identity);
    DeviceFunction(const DeviceFunction&) = delete;
    DeviceFunction& operator=(const DeviceFunction&) = delete;

    const pci::Identity& identity() const { return identity_; }
    TransportKind transport_kind() const { return kind_; }
    std::uint16_t msix_vectors() const { return msix_vectors_; }
    FunctionState state() const { return state_; }
    std::uint32_t claim_number() const { return claim_number_; }     // of the latest claim; 0 before the first
    std::string_view holder() const { return holder_; }
    void set_holder(std::string_view name);
    // Slots that the device holds at this moment, in all queues.
    std::uint32_t slots_in_flight() const;

    // Whether the brokered regime can drive it: a transport, and a device type whose messages carry no addresses.
    bool has_broker() const;
    // Of an unclaimed function: a claim begins. `claim` is kept until the reset is over; state() is then Claimed or
    // Dead, at once or when waiters() are answered. OutOfMemory: no window for its registers; no claim has begun then,
    // and `claim` never is one.
    Result<void> begin_claim(Ref<PciFunctionObject> claim);
    // Hands over what begin_claim() kept.
    Ref<PciFunctionObject> take_claim() { return std::move(pending_claim_); }
    // The last reference to claim `number` is gone. Nothing when that is not the claim there is: the reaper may tell of
    // a claim's end late, and of a claim that never began (number 0).
    void release_claim(std::uint32_t number);
    // The driver wants a reset. state() is then Claimed or Dead, or Resetting and the caller waits on waiters().
    void begin_reset();
    List<CallRecord>& waiters() { return waiters_; }

    bool is_current(std::uint32_t claim) const { return state_ == FunctionState::Claimed && claim == claim_number_; }
    // Changes at every reset: queues of another epoch are gone.
    std::uint32_t epoch() const { return epoch_; }
    Setup setup() const { return setup_; }
    void set_setup(Setup setup) { setup_ = setup; }
    virtio::Transport& transport() { return *transport_; }
    // The configuration may have changed: asks the device whether it has given up (DEVICE_NEEDS_RESET), which is counted
    // and stays until the next reset.
    bool look_at_status();
    bool needs_reset() const { return needs_reset_; }

    // The claim's interrupt `index`, the same object each time. InvalidArgument: the function has no such interrupt;
    // QuotaExceeded, Exhausted (no vector left).
    Result<Ref<InterruptObject>> interrupt(Ledger& ledger, std::uint16_t index);
    bool has_interrupt(std::uint16_t index) const { return index < kMaxInterrupts && interrupts_[index]; }
    bool uses_msix() const { return msix_.present(); }
    MsixTable& msix() { return msix_; }
    void set_line_interrupt(bool enabled);       // INTx, in the command register

    bool has_queue(std::uint16_t index) const { return index < kMaxQueues && queues_[index]; }
    // The record holds the queue until a confirmed reset, whatever the driver does with its handle.
    void add_queue(std::uint16_t index, Ref<BrokeredQueueObject> queue) { queues_[index] = std::move(queue); }

    FunctionCounters counters;

private:
    struct ResetTimer : Deadline {
        explicit ResetTimer(DeviceFunction& owner) : Deadline(&DeviceFunction::reset_deadline), function(owner) {}
        DeviceFunction& function;
    };

    void examine();
    Result<void> map_registers();
    Result<void> map_structure(MemoryWindow& window, const virtio::PciStructure& structure);
    void close_interrupts();
    void start_reset(FunctionState state);
    bool reads_reset();
    void poll_reset();
    void end_level_reset();
    void reset_confirmed();
    void reset_failed(std::string_view what);
    void answer_waiters();
    static void reset_deadline(Deadline& deadline);
    void report(std::string_view what) const;

    pci::Identity identity_;
    TransportKind kind_ = TransportKind::None;
    FunctionState state_ = FunctionState::Unclaimed;
    Setup setup_ = Setup::Fresh;
    std::uint16_t msix_vectors_ = 0;
    std::uint32_t claim_number_ = 0;
    std::uint32_t epoch_ = 0;
    std::uint64_t reset_since_ns_ = 0;
    bool needs_reset_ = false;
    bool in_level_reset_ = false;                // the device's own reset was not confirmed
    bool restored_ = false;                      // and the function-level reset is over
    char holder_[32] = {};

    pci::Bars bars_{};
    pci::LevelReset level_reset_;
    pci::MsixLayout msix_layout_;
    bool msix_usable_ = false;
    virtio::ModernStructures structures_;
    bool mapped_ = false;
    PortWindow ports_;
    MemoryWindow common_, notify_, interrupt_status_, device_;
    virtio::LegacyTransport legacy_;
    virtio::ModernTransport modern_;
    virtio::Transport* transport_ = nullptr;
    MsixTable msix_;

    Ref<PciFunctionObject> pending_claim_;
    std::array<Ref<InterruptObject>, kMaxInterrupts> interrupts_;
    std::array<Ref<BrokeredQueueObject>, kMaxQueues> queues_;
    List<CallRecord> waiters_;
    ResetTimer reset_timer_{*this};
};

}  // namespace capos::kernel::device
