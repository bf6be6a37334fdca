// What a program finds when it starts. Thread entry: RDI = address of StartInfo (the starter's `argument`),
// RSI = address of this thread's ring, RSP 16-byte aligned minus 8 as after a call.
// The page is read-only to the program and written by whoever loaded it (init; for init itself the kernel).
#pragma once

#include <cstddef>
#include <cstdint>

#include "abi/ring.hpp"

namespace capos::abi {

inline constexpr std::uint64_t kStartMagic = 0x5452415453504143;  // "CAPSTART"
inline constexpr std::uint32_t kStartVersion = 1;
inline constexpr std::size_t kGrantNameBytes = 32;
inline constexpr std::uint32_t kMaxGrants = 64;

struct StartGrant {
    char name[kGrantNameBytes];    // zero-terminated
    std::uint64_t interface_id;
    Handle handle;
};
static_assert(sizeof(StartGrant) == 48);

struct StartInfo {
    std::uint64_t magic;
    std::uint32_t version;
    std::uint32_t grant_count;
    std::uint64_t heap_address;    // readable and writable, zeroed; page aligned
    std::uint64_t heap_bytes;
    std::uint64_t time_page;       // address of a read-only TimePage, 0 when Timer is not granted
    char process_name[kGrantNameBytes];
    char options[256];             // "key=value key=value" from the manifest, zero-terminated
    std::uint64_t reserved[4];
    // StartGrant grants[grant_count] follows at once.
};
static_assert(sizeof(StartInfo) == 360);

}  // namespace capos::abi
