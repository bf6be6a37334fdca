// The kernel's hand on one function's MSI-X table. Nobody else writes it: an entry is a DMA address.
#pragma once

#include <cstdint>

#include "kernel/device/windows.hpp"
#include "lib/base/result.hpp"
#include "lib/pci/msix.hpp"

namespace capos::kernel::device {

class MsixTable {
public:
    constexpr MsixTable() = default;
    // Maps the table that `layout` describes. OutOfMemory: no room for the window.
    static Result<MsixTable> map(pci::Bdf where, const pci::MsixLayout& layout, const pci::Bars& bars);

    bool present() const { return layout_.vectors != 0; }
    std::uint16_t vectors() const { return layout_.vectors; }

    // Every entry masked, then the capability switched on; or the capability switched off.
    void enable();
    void disable();
    // index < vectors(). The entry stays masked until unmask().
    void program(std::uint16_t index, arch::MsiMessage message);
    void mask(std::uint16_t index);
    void unmask(std::uint16_t index);

private:
    std::uint32_t entry(std::uint16_t index) const { return index * pci::kMsixEntryBytes; }

    pci::Bdf where_;
    pci::MsixLayout layout_;
    MemoryWindow table_;
};

}  // namespace capos::kernel::device
