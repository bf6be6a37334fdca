#include "lib/bundle/bundle.hpp"

#include <cstring>

#include "lib/base/checksum.hpp"

namespace capos::bundle {

namespace {

abi::BundleEntry raw_entry(std::span<const std::byte> bytes, std::uint32_t index) {
    abi::BundleEntry entry;
    std::memcpy(&entry, bytes.data() + sizeof(abi::BundleHeader) + index * sizeof entry, sizeof entry);
    return entry;
}

bool name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

// What is wrong with entry `index` by itself and against those at `accepted`; nullptr: nothing.
const char* fault_of(std::span<const std::byte> bytes, std::uint32_t index, std::uint64_t contents_start,
                     std::span<const std::uint8_t> accepted) {
    const abi::BundleEntry entry = raw_entry(bytes, index);
    const std::size_t length = strnlen(entry.name, sizeof entry.name);
    if (length == 0 || length == sizeof entry.name) return "an entry's name is empty or not ended";
    for (std::size_t i = 0; i < length; ++i)
        if (!name_character(entry.name[i])) return "an entry's name has a character that is not allowed";
    if (entry.kind != abi::BundleKind::Manifest && entry.kind != abi::BundleKind::Program &&
        entry.kind != abi::BundleKind::File)
        return "an entry's kind is unknown";
    if (entry.reserved != 0) return "an entry's reserved field is not 0";
    if (entry.offset % abi::kBundleAlignment != 0 || entry.offset < contents_start || entry.offset > bytes.size() ||
        entry.bytes > bytes.size() - entry.offset)
        return "an entry lies outside the bundle";
    const std::uint64_t end = entry.offset + entry.bytes;
    for (const std::uint8_t place : accepted) {
        const abi::BundleEntry other = raw_entry(bytes, place);
        if (std::strncmp(other.name, entry.name, sizeof entry.name) == 0) return "two entries have the same name";
        if (entry.offset < other.offset + other.bytes && other.offset < end) return "two entries overlap";
    }
    return nullptr;
}

}  // namespace

Result<Bundle> Bundle::open(std::span<const std::byte> bytes, const char** reason_out) {
    const char* unused = nullptr;
    const char*& reason = reason_out != nullptr ? *reason_out : unused;
    const auto refuse = [&](Error error, const char* why) {
        reason = why;
        return error;
    };
    abi::BundleHeader header;
    if (bytes.size() < sizeof header) return refuse(Error::Malformed, "shorter than its header");
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.magic != abi::kBundleMagic) return refuse(Error::Malformed, "not a bundle");
    if (header.version != abi::kBundleVersion) return refuse(Error::Unsupported, "another version of the format");
    if (header.entry_count == 0 || header.entry_count > abi::kMaxBundleEntries)
        return refuse(Error::Malformed, "no entries, or too many");
    if (header.total_bytes % abi::kBundleAlignment != 0 || header.total_bytes > bytes.size())
        return refuse(Error::Malformed, "cut short");
    bytes = bytes.first(header.total_bytes);
    const std::size_t table_bytes = header.entry_count * sizeof(abi::BundleEntry);
    if (sizeof header + table_bytes > bytes.size()) return refuse(Error::Malformed, "cut short");
    if (checksum64(bytes.subspan(sizeof header, table_bytes)) != header.table_checksum)
        return refuse(Error::ChecksumMismatch, "the table does not match its checksum");
    Bundle bundle;
    bundle.bytes_ = bytes;
    unsigned manifests = 0;
    for (std::uint32_t i = 0; i < header.entry_count; ++i) {
        if (const char* fault = fault_of(bytes, i, sizeof header + table_bytes, std::span(bundle.places_).first(i)))
            return refuse(Error::Malformed, fault);
        if (raw_entry(bytes, i).kind == abi::BundleKind::Manifest) ++manifests;
        bundle.places_[bundle.count_++] = static_cast<std::uint8_t>(i);
    }
    if (manifests != 1) return refuse(Error::Malformed, "not exactly one manifest");
    bundle.identity_ = header.table_checksum;
    return bundle;
}

Bundle Bundle::salvage(std::span<const std::byte> bytes) {
    Bundle bundle;
    bundle.bytes_ = bytes;
    for (std::uint32_t i = 0; i < abi::kMaxBundleEntries; ++i) {
        const std::size_t end_of_entry = sizeof(abi::BundleHeader) + (i + 1) * sizeof(abi::BundleEntry);
        if (end_of_entry > bytes.size()) break;
        if (fault_of(bytes, i, end_of_entry, std::span(bundle.places_).first(bundle.count_)) != nullptr) continue;
        bundle.places_[bundle.count_++] = static_cast<std::uint8_t>(i);
        if (!intact(bundle[bundle.count_ - 1])) --bundle.count_;
    }
    return bundle;
}

Entry Bundle::operator[](std::uint32_t index) const {
    const std::uint32_t place = places_[index];
    const abi::BundleEntry entry = raw_entry(bytes_, place);
    const auto* name = reinterpret_cast<const char*>(bytes_.data() + sizeof(abi::BundleHeader) +
                                                     place * sizeof(abi::BundleEntry) + offsetof(abi::BundleEntry, name));
    return {{name, strnlen(name, sizeof entry.name)}, entry.kind, bytes_.subspan(entry.offset, entry.bytes), entry.checksum};
}

std::optional<Entry> Bundle::find(std::string_view name, abi::BundleKind kind) const {
    for (std::uint32_t i = 0; i < count_; ++i) {
        const Entry entry = (*this)[i];
        if (entry.kind == kind && entry.name == name) return entry;
    }
    return std::nullopt;
}

bool Bundle::intact(const Entry& entry) { return checksum64(entry.contents) == entry.checksum; }

}  // namespace capos::bundle
