// Makes bundles for tests.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "abi/bundle.hpp"
#include "lib/base/checksum.hpp"

namespace capos::test {

struct BundleItem {
    std::string name;
    abi::BundleKind kind;
    std::vector<std::byte> contents;
};

inline void seal_bundle(std::vector<std::byte>& bundle) {
    abi::BundleHeader header;
    std::memcpy(&header, bundle.data(), sizeof header);
    header.table_checksum = checksum64(std::span(bundle).subspan(sizeof header, header.entry_count * sizeof(abi::BundleEntry)));
    std::memcpy(bundle.data(), &header, sizeof header);
}

inline std::vector<std::byte> make_bundle(const std::vector<BundleItem>& items) {
    const auto page_up = [](std::size_t bytes) { return (bytes + 4095) / 4096 * 4096; };
    std::vector<std::byte> bundle(page_up(sizeof(abi::BundleHeader) + items.size() * sizeof(abi::BundleEntry)));
    for (std::size_t i = 0; i < items.size(); ++i) {
        abi::BundleEntry entry{};
        std::memcpy(entry.name, items[i].name.data(), std::min(items[i].name.size(), sizeof entry.name));
        entry.offset = bundle.size();
        entry.bytes = items[i].contents.size();
        entry.checksum = checksum64(items[i].contents);
        entry.kind = items[i].kind;
        std::memcpy(bundle.data() + sizeof(abi::BundleHeader) + i * sizeof entry, &entry, sizeof entry);
        bundle.insert(bundle.end(), items[i].contents.begin(), items[i].contents.end());
        bundle.resize(page_up(bundle.size()));
    }
    const abi::BundleHeader header{abi::kBundleMagic, abi::kBundleVersion, static_cast<std::uint32_t>(items.size()), bundle.size(), 0};
    std::memcpy(bundle.data(), &header, sizeof header);
    seal_bundle(bundle);
    return bundle;
}

}  // namespace capos::test
