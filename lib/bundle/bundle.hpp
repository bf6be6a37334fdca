// The boot bundle, checked.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "abi/bundle.hpp"
#include "lib/base/result.hpp"

namespace capos::bundle {

struct Entry {
    std::string_view name;                    // 1..39 characters of [a-z0-9._-]
    abi::BundleKind kind;
    std::span<const std::byte> contents;      // starts on a page of the bundle, zero-padded to one
    std::uint64_t checksum;
};

class Bundle {
public:
    // Checks header and table: magic, version, sizes, the table's checksum, names (valid and unique), contents
    // page-aligned, inside the bundle and apart from each other, exactly one manifest. Contents are not looked at.
    // Malformed, Unsupported (another version) or ChecksumMismatch (the table); `reason`, when given, says what.
    static Result<Bundle> open(std::span<const std::byte> bytes, const char** reason = nullptr);
    // What a rescue can still be started from when open() refuses: the entries that hold by themselves and match their
    // own checksum, whatever the header says; cut short, those that are whole. May be empty.
    static Bundle salvage(std::span<const std::byte> bytes);

    std::uint32_t size() const { return count_; }
    // Entry `index`, which is less than size().
    Entry operator[](std::uint32_t index) const;
    std::optional<Entry> find(std::string_view name, abi::BundleKind kind) const;
    // Whether the contents match their checksum. Reads all of them.
    static bool intact(const Entry& entry);
    // The table's checksum: which bundle this is. 0 of what was salvaged.
    std::uint64_t identity() const { return identity_; }

private:
    std::span<const std::byte> bytes_;
    std::uint32_t count_ = 0;
    std::array<std::uint8_t, abi::kMaxBundleEntries> places_{};      // in the table, of each entry
    std::uint64_t identity_ = 0;
};

}  // namespace capos::bundle
