// ACPI tables from hostile firmware. The input is memory from 0xe0000 on; wherever a table's signature stands, its
// checksum is made to hold, or nothing behind it would ever be reached.
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <vector>

#include "kernel/boot/acpi.hpp"

using namespace capos::kernel::boot;

namespace {

constexpr std::uint64_t kBase = 0xe0000;
constexpr std::size_t kBytes = 0x20000;

class BiosMemory final : public PhysicalMemory {
public:
    BiosMemory(const std::uint8_t* data, std::size_t size) : bytes_(kBytes) {
        std::memcpy(bytes_.data(), data, size < kBytes ? size : kBytes);
        for (std::size_t at = 0; at + 36 <= size && at + 36 <= kBytes; ++at) repair(at);
    }
    Bytes view(std::uint64_t address, std::size_t bytes) const override {
        if (bytes == 0 || address < kBase || address - kBase > kBytes || bytes > kBytes - (address - kBase)) return {};
        return Bytes(bytes_).subspan(address - kBase, bytes);
    }

private:
    void repair(std::size_t at) {
        static constexpr const char* kTables[] = {"RSDT", "XSDT", "APIC", "FACP", "DSDT"};
        if (std::memcmp(bytes_.data() + at, "RSD PTR ", 8) == 0) {
            fix_sum(at, 20, at + 8);
            fix_sum(at, 36, at + 32);
            return;
        }
        for (const char* table : kTables) {
            if (std::memcmp(bytes_.data() + at, table, 4) != 0) continue;
            std::uint32_t length;
            std::memcpy(&length, bytes_.data() + at + 4, 4);
            if (length >= 36 && length <= kBytes - at) fix_sum(at, length, at + 9);
        }
    }
    void fix_sum(std::size_t at, std::size_t length, std::size_t where) {
        bytes_[where] = std::byte{0};
        std::uint8_t sum = 0;
        for (std::size_t i = 0; i < length; ++i) sum = static_cast<std::uint8_t>(sum + static_cast<std::uint8_t>(bytes_[at + i]));
        bytes_[where] = static_cast<std::byte>(-sum);
    }
    std::vector<std::byte> bytes_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BiosMemory memory(data, size);
    AcpiFacts facts;
    if (const std::uint64_t root = find_root_pointer(memory)) (void)read_acpi(memory, root, facts);
    if (facts.cpus == 0 || facts.io_apic_count > std::size(facts.io_apics) || facts.override_count > std::size(facts.overrides) ||
        facts.sleep_type_a > 7 || facts.sleep_type_b > 7)
        std::abort();
    return 0;
}
