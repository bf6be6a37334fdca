// The bundle as init sees it: the manifest, and every program and file by name.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "abi/bundle.hpp"
#include "runtime/task.hpp"
#include "schema/memory.client.hpp"
#include "services/init/check/manifest_check.hpp"
#include "services/init/roots.hpp"

namespace capos::init {

// A memory object mapped into init, read-only, for as long as init lives.
struct MappedFile {
    client::MemoryObject object;
    std::span<const std::byte> contents;
};

class Catalogue final : public BundleContents {
public:
    // Learns what the bundle holds and maps what is undamaged.
    rt::Task<Result<void>> load(const Roots& roots);

    // The manifest's bytes; empty when it is damaged.
    std::span<const std::byte> manifest() const { return manifest_.contents; }
    // What the kernel found wrong with the bundle, "" for nothing.
    std::string_view fault() const { return {fault_, fault_length_}; }
    // nullptr: missing or damaged.
    const MappedFile* find(std::string_view name) const;

    Presence program(std::string_view name, std::span<const std::byte>& contents) override;
    Presence entry(std::string_view name) override;

private:
    struct Item {
        char name[abi::kBundleNameBytes];
        std::uint32_t kind;
        bool damaged;
        MappedFile file;
        std::string_view name_view() const { return name; }
    };
    const Item* find_item(std::string_view name) const;

    std::vector<Item> items_;
    MappedFile manifest_;
    char fault_[128] = {};
    std::size_t fault_length_ = 0;
};

}  // namespace capos::init
