#include "lib/pci/capabilities.hpp"

namespace capos::pci {

CapabilityList CapabilityList::read(ConfigSpace& space, Bdf where) {
    CapabilityList list;
    if (!(space.read16(where, kStatus) & kStatusCapabilities))
        return list;
    std::uint64_t visited = 0;                       // one bit per 32-bit word of configuration space
    std::uint8_t pointer = space.read8(where, kCapabilityPointer) & 0xfc;
    while (pointer != 0) {
        const std::uint64_t bit = std::uint64_t{1} << (pointer / 4);
        if (pointer < 0x40 || (visited & bit)) {
            list.damaged_ = true;
            break;
        }
        visited |= bit;
        list.entries_[list.count_++] = {space.read8(where, pointer), pointer};
        pointer = space.read8(where, static_cast<std::uint8_t>(pointer + 1)) & 0xfc;
    }
    return list;
}

const Capability* CapabilityList::find(std::uint8_t id) const {
    for (const Capability& entry : entries())
        if (entry.id == id)
            return &entry;
    return nullptr;
}

}  // namespace capos::pci
