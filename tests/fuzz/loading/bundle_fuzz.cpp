// Entries of a bundle that opens lie inside it and apart from each other, and so do those that are salvaged from another.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "lib/base/checksum.hpp"
#include "lib/bundle/bundle.hpp"

using namespace capos;

namespace {

void check(const bundle::Entry& entry, std::span<const std::byte> bytes) {
    if (entry.contents.data() < bytes.data() || entry.contents.data() + entry.contents.size() > bytes.data() + bytes.size())
        std::abort();
    if (entry.name.empty() || entry.name.size() >= abi::kBundleNameBytes) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    // The first byte says how much of the header is made right, so that what lies behind is reached.
    const std::uint8_t repairs = data[0];
    std::vector<std::byte> bytes((size + 4095) / 4096 * 4096 + (repairs & 8 ? 4096 : 0));
    std::memcpy(bytes.data(), data + 1, size - 1);
    abi::BundleHeader header;
    if (bytes.size() >= sizeof header && (repairs & 1) != 0) {
        std::memcpy(&header, bytes.data(), sizeof header);
        header.magic = abi::kBundleMagic;
        header.version = abi::kBundleVersion;
        if ((repairs & 2) != 0) header.total_bytes = bytes.size();
        const std::size_t table = header.entry_count * sizeof(abi::BundleEntry);
        if ((repairs & 4) != 0 && header.entry_count <= abi::kMaxBundleEntries && sizeof header + table <= bytes.size())
            header.table_checksum = checksum64(std::span(bytes).subspan(sizeof header, table));
        std::memcpy(bytes.data(), &header, sizeof header);
    }
    const char* reason = nullptr;
    const auto bundle = bundle::Bundle::open(bytes, &reason);
    if (!bundle) {
        if (reason == nullptr) std::abort();
        const bundle::Bundle rest = bundle::Bundle::salvage(bytes);
        for (std::uint32_t i = 0; i < rest.size(); ++i) {
            check(rest[i], bytes);
            if (!bundle::Bundle::intact(rest[i]) || !rest.find(rest[i].name, rest[i].kind)) std::abort();
        }
        return 0;
    }
    unsigned manifests = 0;
    for (std::uint32_t i = 0; i < bundle->size(); ++i) {
        const bundle::Entry entry = (*bundle)[i];
        check(entry, bytes);
        const auto found = bundle->find(entry.name, entry.kind);
        if (!found || found->contents.data() != entry.contents.data()) std::abort();
        manifests += entry.kind == abi::BundleKind::Manifest;
        (void)bundle::Bundle::intact(entry);
    }
    if (manifests != 1) std::abort();
    (void)bundle->find("no such entry", abi::BundleKind::File);
    return 0;
}
