#include "kernel/device/function.hpp"

#include "kernel/console/console.hpp"
#include "kernel/device/label.hpp"
#include "kernel/device/mechanism1.hpp"
#include "lib/pci/capabilities.hpp"
#include "lib/virtio/features.hpp"

namespace capos::kernel::device {

DeviceFunction::DeviceFunction(const pci::Identity& identity) : identity_(identity) { examine(); }

// Sizing registers takes a function's decoding away for a moment, so only functions that could be claimed are asked.
void DeviceFunction::examine() {
    pci::ConfigSpace& space = config_space();
    const auto capabilities = pci::CapabilityList::read(space, identity_.where);
    if (capabilities.damaged())
        report("capability list leads back or into the header, the rest is not read");
    const pci::Capability* msix = capabilities.find(pci::kCapabilityMsix);
    if (msix != nullptr)
        msix_vectors_ = pci::msix_vectors(space, identity_.where, msix->offset);
    if (!virtio::is_virtio(identity_))
        return;
    bars_ = pci::read_bars(space, identity_.where, [](std::uint64_t base, std::uint64_t bytes) {
        return arch::is_device_range(PhysAddr{base}, bytes);
    });
    for (const pci::Bar& bar : bars_)
        if (bar.refused)
            report("register window where none can be, not used");
    level_reset_ = pci::LevelReset::read(space, identity_.where, capabilities);
    if (msix != nullptr) {
        if (auto layout = pci::read_msix(space, identity_.where, msix->offset, bars_)) {
            msix_layout_ = *layout;
            msix_usable_ = true;
        } else {
            report("MSI-X table outside its register window, not used");
        }
    }
    if (auto structures = virtio::read_structures(space, identity_.where, capabilities, bars_)) {
        structures_ = *structures;
        kind_ = TransportKind::Modern;
    } else if (virtio::has_legacy_registers(identity_, bars_)) {
        kind_ = TransportKind::Legacy;
    }
}

bool DeviceFunction::has_broker() const {
    return kind_ != TransportKind::None && virtio::is_brokerable_type(virtio::device_type(identity_));
}

void DeviceFunction::set_holder(std::string_view name) {
    const std::size_t length = name.size() < sizeof holder_ - 1 ? name.size() : sizeof holder_ - 1;
    __builtin_memcpy(holder_, name.data(), length);
    holder_[length] = '\0';
}

std::uint32_t DeviceFunction::slots_in_flight() const {
    std::uint32_t slots = 0;
    for (const auto& queue : queues_)
        if (queue)
            slots += queue->chains_in_flight();
    return slots;
}

Result<void> DeviceFunction::map_structure(MemoryWindow& window, const virtio::PciStructure& structure) {
    window = MemoryWindow(TRY(arch::map_device(PhysAddr{bars_[structure.bar].base + structure.offset}, structure.bytes)));
    return {};
}

// Once: windows stay for the next claim.
Result<void> DeviceFunction::map_registers() {
    if (mapped_)
        return {};
    if (msix_usable_)
        msix_ = TRY(MsixTable::map(identity_.where, msix_layout_, bars_));
    if (kind_ == TransportKind::Legacy) {
        ports_ = PortWindow(static_cast<std::uint16_t>(bars_[0].base));
        legacy_ = virtio::LegacyTransport(ports_, static_cast<std::uint32_t>(bars_[0].bytes));
        transport_ = &legacy_;
    } else {
        TRY(map_structure(common_, structures_.common));
        TRY(map_structure(notify_, structures_.notify));
        TRY(map_structure(interrupt_status_, structures_.interrupt_status));
        if (structures_.device.present())
            TRY(map_structure(device_, structures_.device));
        modern_ = virtio::ModernTransport({
            .common = &common_,
            .notify = &notify_,
            .interrupt_status = &interrupt_status_,
            .device = structures_.device.present() ? &device_ : nullptr,
            .notify_bytes = structures_.notify.bytes,
            .notify_multiplier = structures_.notify_multiplier,
            .device_bytes = structures_.device.bytes,
        });
        transport_ = &modern_;
    }
    mapped_ = true;
    return {};
}

Result<void> DeviceFunction::begin_claim(Ref<PciFunctionObject> claim) {
    TRY(map_registers());
    pci::update_command(config_space(), identity_.where, pci::kCommandIo | pci::kCommandMemory, 0);
    if (++claim_number_ == 0)
        claim_number_ = 1;
    claim->begin(claim_number_);
    pending_claim_ = std::move(claim);
    start_reset(FunctionState::Claiming);
    return {};
}

void DeviceFunction::begin_reset() { start_reset(FunctionState::Resetting); }

Result<Ref<InterruptObject>> DeviceFunction::interrupt(Ledger& ledger, std::uint16_t index) {
    const std::uint16_t there = uses_msix() ? msix_.vectors() : identity_.interrupt_pin != 0;
    if (index >= there || index >= kMaxInterrupts)
        return Error::InvalidArgument;
    if (!interrupts_[index])
        interrupts_[index] = TRY(InterruptObject::create(ledger, *this, index));
    return interrupts_[index];
}

bool DeviceFunction::look_at_status() {
    // In a reset the status is not the driver's device's.
    if (state_ == FunctionState::Claimed && setup_ == Setup::Active && !needs_reset_ && (transport_->status() & virtio::kStatusNeedsReset) != 0) {
        needs_reset_ = true;
        ++counters.misbehaviours;
        report("the device asks for a reset");
    }
    return needs_reset_;
}

void DeviceFunction::set_line_interrupt(bool enabled) {
    pci::update_command(config_space(), identity_.where, enabled ? 0 : pci::kCommandInterruptDisable,
                        enabled ? pci::kCommandInterruptDisable : 0);
}

void DeviceFunction::close_interrupts() {
    for (auto& interrupt : interrupts_) {
        if (interrupt)
            interrupt->close();
        interrupt = nullptr;
    }
    set_line_interrupt(false);
    if (uses_msix()) {
        msix_.disable();
        legacy_.set_msix_enabled(false);
    }
}

void DeviceFunction::report(std::string_view what) const {
    FixedText<128> text;
    text << Label{identity_.where} << ": " << what;
    console::line("device", text.view());
}

}  // namespace capos::kernel::device
