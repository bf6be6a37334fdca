// The machine's devices as the kernel reaches them: configuration space behind ports 0xcf8 and 0xcfc, legacy virtio
// functions in ports, a modern one in device memory, vectors and lines that remember what was done to them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "tests/unit/pci/scripted_config.hpp"

namespace capos::test {

// A legacy function's ports. A reset takes `reset_reads` further reads of the status; ~0 never ends. A function-level
// reset always ends, and leaves `reset_reads_after`.
class LegacyPorts {
public:
    std::uint32_t device_features = 0x20;
    std::uint16_t queue_size = 256;
    std::uint32_t reset_reads = 0;
    std::uint32_t reset_reads_after = 0;
    std::uint8_t interrupt_status = 0;
    std::array<std::uint8_t, 6> mac{0x52, 0x54, 0, 0x12, 0x34, 0x56};
    bool msix = false;                       // where the device-specific part is

    std::uint8_t status = 0;
    unsigned status_writes_of_zero = 0;
    std::uint64_t quiet_until = 0;           // in a function-level reset: nobody may touch it
    unsigned touched_too_early = 0;

    std::uint32_t read(std::uint32_t offset, unsigned width);
    void write(std::uint32_t offset, unsigned width, std::uint32_t value);
    void level_reset(std::uint64_t now);

private:
    std::uint32_t pending_ = 0;
    std::map<std::uint32_t, std::uint32_t> plain_;
};

struct FakeMachine {
    static constexpr std::uint16_t kModern = 2 << 3;
    static constexpr std::uint16_t kLegacy = 3 << 3;       // MSI-X table at offset 8 of a 64-byte BAR
    static constexpr std::uint16_t kSharerOne = 4 << 3;    // both on line 11, without MSI-X
    static constexpr std::uint16_t kSharerTwo = 5 << 3;
    static constexpr std::uint16_t kStubborn = 6 << 3;     // never confirms a reset
    static constexpr std::uint16_t kBalloon = 7 << 3;      // a type whose messages carry addresses
    static constexpr std::uint16_t kOther = 8 << 3;        // no virtio at all
    static constexpr std::uint16_t kSlow = 9 << 3;         // confirms after 5 ms
    static constexpr std::uint16_t kStuckReset = 10 << 3;  // modern; each is dead after its test
    static constexpr std::uint16_t kStuckMaster = 11 << 3;
    static constexpr std::uint16_t kLevelExpress = 12 << 3; // function-level reset in the PCI Express capability, MSI-X
    static constexpr std::uint16_t kLevelFeatures = 13 << 3; // in Advanced Features, INTx
    static constexpr std::uint16_t kLevelInVain = 14 << 3;
    static constexpr std::uint16_t kInMemory = 16 << 3;    // modern, with a BAR at the end of RAM
    static constexpr std::uint16_t kBeyond = 17 << 3;      // modern, with a BAR that the CPU cannot reach
    static constexpr std::uint16_t kLarge = 18 << 3;       // modern, with a structure longer than anybody needs
    static constexpr std::uint16_t kRefused = 19 << 3;     // modern; only the test that refuses it a window claims it
    static constexpr std::uint16_t kBridge = 15 << 3;      // to buses 1..3
    static constexpr std::uint16_t kInnerBridge = 1 << 8;  // on bus 1, to bus 2
    static constexpr std::uint16_t kOtherBridge = 1 << 8 | 1 << 3;   // on bus 1, to bus 3
    static constexpr std::uint16_t kBehindBridges = 2 << 8;
    static constexpr std::uint16_t kFirstOfMany = 3 << 8;  // functions of bus 3, more than are kept
    static constexpr std::uint8_t kSharedLine = 11;
    static constexpr std::uint64_t kModernBar = 0x8'0000'0000;
    static constexpr std::uint64_t kLevelMsixBar = 0xfe400000;
    static constexpr std::uint64_t modern_bar(std::uint16_t bdf) {
        return kModernBar + (static_cast<std::uint64_t>(bdf - kModern) << 20);
    }
    static constexpr std::uint64_t kLegacyMsixBar = 0xfebff040;

    struct Span {
        std::uint64_t base, bytes;
    };
    static constexpr Span kMemory{0x1000, 0x7ffff000};
    static constexpr unsigned kPhysicalBits = 40;
    static constexpr std::size_t kFunctions = 67;           // more than the kernel keeps

    FakeMachine();

    pci::test::ScriptedConfig config;
    std::map<std::uint16_t, LegacyPorts> ports;             // by first port
    std::map<std::uint64_t, std::vector<std::byte>> memory; // by first physical address

    std::set<std::uint8_t> vectors;                         // given out
    std::map<std::uint8_t, std::uint8_t> lines;             // line -> vector
    std::set<std::uint8_t> open_lines;
    std::uint64_t ended = 0;                                // interrupts
    unsigned level_resets = 0;
    unsigned windows_refused = 0;                           // of those asked for next
    std::size_t longest_window = 0;                         // that was mapped, in bytes
    std::function<void(pci::Bdf, unsigned offset, std::uint32_t value)> on_config_write;   // of a test

    LegacyPorts& legacy(std::uint16_t bdf);
    pci::test::ScriptedFunction& function(std::uint16_t bdf) { return config.functions.at(bdf); }
    template <class T>
    T& memory_at(std::uint64_t address) { return *reinterpret_cast<T*>(bytes_at(address)); }
    std::byte* bytes_at(std::uint64_t address);
    // The command register's bits of a function.
    std::uint16_t command(std::uint16_t bdf) { return config.read16(pci::Bdf(bdf), pci::kCommand); }

    std::uint32_t read_port(std::uint16_t port, unsigned width);
    void write_port(std::uint16_t port, unsigned width, std::uint32_t value);

private:
    void add_legacy(std::uint16_t bdf);
    void add_modern(std::uint16_t bdf);
    void config_written(pci::Bdf where, unsigned offset, std::uint32_t value);

    std::uint16_t next_port_ = 0xc000;
    std::uint32_t address_ = 0;
};

FakeMachine& fake_machine();

}  // namespace capos::test
