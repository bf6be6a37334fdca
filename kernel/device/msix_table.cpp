#include "kernel/device/msix_table.hpp"

#include "kernel/device/mechanism1.hpp"

namespace capos::kernel::device {

Result<MsixTable> MsixTable::map(pci::Bdf where, const pci::MsixLayout& layout, const pci::Bars& bars) {
    const PhysAddr first{bars[layout.table_bar].base + layout.table_offset};
    MsixTable table;
    table.table_ = MemoryWindow(TRY(arch::map_device(first, layout.vectors * pci::kMsixEntryBytes)));
    table.where_ = where;
    table.layout_ = layout;
    return table;
}

void MsixTable::enable() {
    const auto control = static_cast<std::uint8_t>(layout_.capability + pci::kMsixControl);
    const std::uint16_t before = config_space().read16(where_, control);
    config_space().write16(where_, control, before | pci::kMsixEnable | pci::kMsixMaskAll);
    for (std::uint16_t index = 0; index < layout_.vectors; ++index)
        mask(index);
    config_space().write16(where_, control,
                           static_cast<std::uint16_t>((before | pci::kMsixEnable) & ~pci::kMsixMaskAll));
}

void MsixTable::disable() {
    const auto control = static_cast<std::uint8_t>(layout_.capability + pci::kMsixControl);
    const std::uint16_t before = config_space().read16(where_, control);
    config_space().write16(where_, control, before & static_cast<std::uint16_t>(~(pci::kMsixEnable | pci::kMsixMaskAll)));
}

void MsixTable::program(std::uint16_t index, arch::MsiMessage message) {
    mask(index);
    table_.write32(entry(index), static_cast<std::uint32_t>(message.address));
    table_.write32(entry(index) + 4, static_cast<std::uint32_t>(message.address >> 32));
    table_.write32(entry(index) + 8, message.data);
}

void MsixTable::mask(std::uint16_t index) { table_.write32(entry(index) + pci::kMsixVectorControl, 1); }
void MsixTable::unmask(std::uint16_t index) { table_.write32(entry(index) + pci::kMsixVectorControl, 0); }

}  // namespace capos::kernel::device
