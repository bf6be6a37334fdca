#include "kernel/device/registry.hpp"

#include <new>

#include "kernel/console/console.hpp"
#include "kernel/device/device_facts.hpp"
#include "kernel/device/label.hpp"
#include "kernel/device/mechanism1.hpp"
#include "lib/pci/capabilities.hpp"
#include "lib/pci/msix.hpp"

namespace capos::kernel::device {
namespace {

alignas(DeviceFunction) std::byte storage[kMaxFunctions][sizeof(DeviceFunction)];
std::uint32_t count;

// Whatever firmware has left on: no line, no messages, no bus mastering.
void quieten(pci::ConfigSpace& space, pci::Bdf where) {
    pci::update_command(space, where, pci::kCommandInterruptDisable, pci::kCommandBusMaster);
    for (const pci::Capability& entry : pci::CapabilityList::read(space, where).entries()) {
        const bool msix = entry.id == pci::kCapabilityMsix;
        if ((!msix && entry.id != pci::kCapabilityMsi) || entry.offset > 0xfc)
            continue;
        static_assert(pci::kMsixControl == pci::kMsiControl);
        const auto control = static_cast<std::uint8_t>(entry.offset + pci::kMsixControl);
        const std::uint16_t before = space.read16(where, control);
        const std::uint16_t enable = msix ? pci::kMsixEnable : pci::kMsiEnable;
        if ((before & enable) != 0)
            space.write16(where, control, before & static_cast<std::uint16_t>(~enable));
    }
}

class Keeper final : public pci::Visitor {
public:
    void found(const pci::Identity& identity) override {
        quieten(config_space(), identity.where);
        if (count == kMaxFunctions) {
            ++refused;
            return;
        }
        const auto& function = *new (storage[count++]) DeviceFunction(identity);
        FixedText<96> text;
        text << Label{identity.where} << ' ' << Hex{identity.vendor, 4} << ':' << Hex{identity.device, 4} << " class "
             << Hex{identity.class_code, 6} << " transport " << transport_name(function) << " msix "
             << function.msix_vectors();
        console::line("device", text.view());
    }
    std::uint32_t refused = 0;
};

}  // namespace

void scan_functions() {
    Keeper keeper;
    const pci::ScanSummary summary = pci::scan(config_space(), keeper);
    FixedText<64> text;
    if (keeper.refused != 0) {
        text << keeper.refused << " functions beyond " << kMaxFunctions << " are not used";
        console::line("device", text.view());
    }
    if (summary.refused_bridges != 0) {
        text.clear();
        text << summary.refused_bridges << " bridges lead to no bus of their own and are not followed";
        console::line("device", text.view());
    }
}

std::uint32_t function_count() { return count; }

DeviceFunction& function_at(std::uint32_t index) {
    return *std::launder(reinterpret_cast<DeviceFunction*>(storage[index]));
}

void open_bridges(pci::Bdf where) {
    pci::ConfigSpace& space = config_space();
    for_each_function([&](const DeviceFunction& function) {
        const pci::Identity& bridge = function.identity();
        if (bridge.kind == pci::HeaderKind::Bridge && space.read8(bridge.where, pci::kSecondaryBus) <= where.bus() &&
            where.bus() <= space.read8(bridge.where, pci::kSubordinateBus))
            pci::update_command(space, bridge.where, pci::kCommandBusMaster, 0);
    });
}

DeviceFunction* find_function(pci::Bdf where) {
    for (std::uint32_t index = 0; index < count; ++index)
        if (function_at(index).identity().where == where)
            return &function_at(index);
    return nullptr;
}

const char* transport_name(const DeviceFunction& function) {
    switch (function.transport_kind()) {
    case TransportKind::Legacy: return "legacy";
    case TransportKind::Modern: return "modern";
    case TransportKind::None: break;
    }
    return "none";
}

const char* regime_name(const DeviceFunction& function) {
    switch (function.state()) {
    case FunctionState::Unclaimed: return "unclaimed";
    case FunctionState::Dead: return "dead";
    default: return "brokered";
    }
}

}  // namespace capos::kernel::device

namespace capos::kernel {

void start_devices() { device::scan_functions(); }

void for_each_device(void (*visit)(const DeviceFacts& facts, void* context), void* context) {
    device::for_each_function([&](const device::DeviceFunction& function) {
        const pci::Identity& identity = function.identity();
        visit({.bdf = identity.where.value(),
               .vendor = identity.vendor,
               .device = identity.device,
               .class_code = identity.class_code,
               .transport = device::transport_name(function),
               .msix_vectors = function.msix_vectors(),
               .regime = device::regime_name(function),
               .holder = function.holder(),
               .interrupts = function.counters.interrupts,
               .doorbells = function.counters.doorbells,
               .completions = function.counters.completions,
               .misbehaviours = function.counters.misbehaviours,
               .slots_in_flight = function.slots_in_flight(),
               .claims = function.counters.claims},
              context);
    });
}

}  // namespace capos::kernel
