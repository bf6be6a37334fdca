// Configuration space full of anything: a few functions whose 256 bytes, BAR masks and places come from the fuzzer. The
// scan must end, and what is accepted must lie where it says.
#include <cstring>

#include "lib/pci/bars.hpp"
#include "lib/pci/capabilities.hpp"
#include "lib/pci/msix.hpp"
#include "lib/pci/scan.hpp"
#include "lib/virtio/pci_structures.hpp"
#include "tests/fuzz/device/script.hpp"
#include "tests/unit/pci/scripted_config.hpp"

namespace {

using namespace capos;
using namespace capos::pci;
using capos::fuzz::require;

void check_inside(const Bars& bars, const virtio::PciStructure& structure) {
    if (structure.present())
        require(structure.bar < kBarCount && bars[structure.bar].kind == BarKind::Memory &&
                bars[structure.bar].contains(structure.offset, structure.bytes));
}

class Examiner final : public Visitor {
public:
    explicit Examiner(ConfigSpace& space) : space_(space) {}

    void found(const Identity& identity) override {
        ++count;
        update_command(space_, identity.where, kCommandInterruptDisable, kCommandBusMaster);
        const auto capabilities = CapabilityList::read(space_, identity.where);
        require(capabilities.entries().size() <= CapabilityList::kMaximum);
        for (const Capability& entry : capabilities.entries())
            require(entry.offset >= 0x40 && entry.offset % 4 == 0);
        if (identity.kind != HeaderKind::Device)
            return;
        const std::uint16_t command = space_.read16(identity.where, kCommand);
        const Bars bars = read_bars(space_, identity.where);
        require(space_.read16(identity.where, kCommand) == command);
        for (const Bar& bar : bars)
            require(bar.kind == BarKind::None || (bar.base % bar.bytes == 0 && bar.base + bar.bytes > bar.base));
        if (const Capability* entry = capabilities.find(kCapabilityMsix)) {
            if (const auto layout = read_msix(space_, identity.where, entry->offset, bars)) {
                require(layout->vectors >= 1 && layout->vectors <= 2048);
                const std::uint32_t last = layout->entry_offset(static_cast<std::uint16_t>(layout->vectors - 1));
                require(bars[layout->table_bar].contains(last, kMsixEntryBytes));
            }
        }
        if (const auto structures = virtio::read_structures(space_, identity.where, capabilities, bars)) {
            require(structures->common.bytes >= 0x38 && structures->notify.bytes >= 2);
            check_inside(bars, structures->common);
            check_inside(bars, structures->notify);
            check_inside(bars, structures->interrupt_status);
            check_inside(bars, structures->device);
        }
        (void)virtio::device_type(identity);
        (void)virtio::has_legacy_registers(identity, bars);
    }
    std::uint32_t count = 0;

private:
    ConfigSpace& space_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t bytes) {
    fuzz::Script script(data, bytes);
    test::ScriptedConfig config;
    const std::uint32_t functions = 1 + script.number(1) % 4;
    for (std::uint32_t i = 0; i < functions; ++i) {
        const auto where = static_cast<std::uint16_t>(script.number(2));
        // The first few are where a scan that starts at bus 0 finds them.
        auto& function = config.functions[i < 2 ? where & 0xf8 : where];
        for (std::size_t at = 0; at < 64; ++at)
            function.bytes[at] = static_cast<std::uint8_t>(script.number(1));
        for (std::uint32_t& mask : function.bar_mask)
            mask = script.number(1) & 1 ? ~std::uint32_t{0} << (script.number(1) % 32) : script.number(4);
        std::uint32_t edits = script.number(1);
        while (edits-- != 0 && !script.ended()) {
            const std::uint32_t offset = script.number(1);
            function.bytes[offset] = static_cast<std::uint8_t>(script.number(1));
        }
    }
    Examiner examiner(config);
    const ScanSummary summary = scan(config, examiner);
    require(summary.functions == examiner.count && summary.buses <= 256);
    require(config.misaligned == 0);
    return 0;
}
