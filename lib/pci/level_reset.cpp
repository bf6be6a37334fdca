#include "lib/pci/level_reset.hpp"

namespace capos::pci {
namespace {

// PCI Express capability (PCI Express 3.0, 7.8).
constexpr std::uint8_t kExpressCapabilities = 4;          // device capabilities, 32 bits
constexpr std::uint8_t kExpressControl = 8;               // device control, 16 bits
constexpr std::uint32_t kExpressOffers = 1u << 28;
constexpr std::uint16_t kExpressInitiate = 1 << 15;       // reads as 0

// Advanced Features (ECN of 2006).
constexpr std::uint8_t kFeaturesCapabilities = 3;         // 8 bits
constexpr std::uint8_t kFeaturesControl = 4;              // 8 bits
constexpr std::uint8_t kFeaturesOffers = 1 << 1;
constexpr std::uint8_t kFeaturesInitiate = 1 << 0;

constexpr std::uint8_t at(unsigned capability, unsigned field) { return static_cast<std::uint8_t>(capability + field); }

}  // namespace

LevelReset LevelReset::read(ConfigSpace& space, Bdf where, const CapabilityList& capabilities) {
    LevelReset reset;
    const Capability* express = capabilities.find(kCapabilityExpress);
    const Capability* features = capabilities.find(kCapabilityAdvancedFeatures);
    if (express != nullptr && express->offset <= 0x100 - 12 &&
        (space.read32(where, at(express->offset, kExpressCapabilities)) & kExpressOffers) != 0) {
        reset.kind_ = Kind::Express;
        reset.capability_ = express->offset;
        reset.express_control_ =
            space.read16(where, at(express->offset, kExpressControl)) & static_cast<std::uint16_t>(~kExpressInitiate);
    } else if (features != nullptr && features->offset <= 0x100 - 8 &&
               (space.read8(where, at(features->offset, kFeaturesCapabilities)) & kFeaturesOffers) != 0) {
        reset.kind_ = Kind::AdvancedFeatures;
        reset.capability_ = features->offset;
    } else {
        return reset;
    }
    reset.interrupt_line_ = space.read8(where, kInterruptLine);
    for (unsigned index = 0; index < reset.bars_.size(); ++index)
        reset.bars_[index] = space.read32(where, at(kFirstBar, 4 * index));
    return reset;
}

void LevelReset::begin(ConfigSpace& space, Bdf where) {
    space.write16(where, kCommand, kCommandInterruptDisable);
    if (kind_ == Kind::Express)
        space.write16(where, at(capability_, kExpressControl), express_control_ | kExpressInitiate);
    else
        space.write8(where, at(capability_, kFeaturesControl), kFeaturesInitiate);
}

void LevelReset::restore(ConfigSpace& space, Bdf where) {
    space.write16(where, kCommand, kCommandInterruptDisable);
    for (unsigned index = 0; index < bars_.size(); ++index)
        space.write32(where, at(kFirstBar, 4 * index), bars_[index]);
    space.write8(where, kInterruptLine, interrupt_line_);
    if (kind_ == Kind::Express)
        space.write16(where, at(capability_, kExpressControl), express_control_);
}

}  // namespace capos::pci
