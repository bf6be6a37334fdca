// The boot bundle: one file beside the kernel that holds the manifest and every program.
//
//   BundleHeader, BundleEntry[entry_count], then the contents, each on a page boundary and zero-padded to one.
// All numbers little endian. Checksums are capos::checksum64 (lib/base/checksum.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

namespace capos::abi {

inline constexpr std::uint64_t kBundleMagic = 0x444e42534f706163;  // "capOSBND" as bytes in the file
inline constexpr std::uint32_t kBundleVersion = 1;
inline constexpr std::size_t kBundleNameBytes = 40;
inline constexpr std::uint32_t kMaxBundleEntries = 64;
inline constexpr std::uint64_t kBundleAlignment = 4096;

enum class BundleKind : std::uint32_t {
    Manifest = 1,   // exactly one, a Cap'n Proto message (schema/manifest.capnp), named "manifest"
    Program = 2,    // an ELF64 executable
    File = 3,       // data that a program may be granted (licences, pages)
};

struct BundleHeader {
    std::uint64_t magic;
    std::uint32_t version;
    std::uint32_t entry_count;
    std::uint64_t total_bytes;        // of the whole bundle, multiple of 4096
    std::uint64_t table_checksum;     // over the entry table
};
static_assert(sizeof(BundleHeader) == 32);

struct BundleEntry {
    char name[kBundleNameBytes];      // zero-terminated
    std::uint64_t offset;             // from the start of the bundle, multiple of 4096
    std::uint64_t bytes;
    std::uint64_t checksum;           // over exactly `bytes` bytes
    BundleKind kind;
    std::uint32_t reserved;
};
static_assert(sizeof(BundleEntry) == 72);

}  // namespace capos::abi
