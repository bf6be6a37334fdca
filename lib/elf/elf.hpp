// A checked plan for loading a static ELF64 executable: where each segment goes, and from where in the file.
//
// What is accepted: x86-64, little endian, ET_EXEC, no interpreter and no dynamic section; at most kMaxSegments load
// segments, in rising order, none sharing a page, all in the user range, none writable and executable, the entry in
// an executable one (System V gABI, chapter 5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "lib/base/result.hpp"

namespace capos::elf {

inline constexpr std::uint32_t kMaxSegments = 8;
inline constexpr std::uint32_t kMaxProgramHeaders = 32;
inline constexpr std::uint64_t kPageBytes = 4096;
inline constexpr std::uint64_t kLowestAddress = 0x10000;
inline constexpr std::uint64_t kAddressLimit = 0x7fff'ffff'f000;          // first address not usable
inline constexpr std::uint64_t kMaxMemoryBytes = 256 * 1024 * 1024;       // of all segments together

enum class Protection : std::uint8_t { Read, ReadWrite, ReadExecute };

// One load segment. Its pages are page_address() .. + pages(). A read-only one is exactly the file's pages from
// file_page_offset() on (the file is zero-padded to a page). A writable one is zeroed memory with `file_bytes` bytes
// from `file_offset` copied to `address`.
struct Segment {
    std::uint64_t address;
    std::uint64_t memory_bytes;
    std::uint64_t file_offset;
    std::uint64_t file_bytes;
    Protection protection;

    std::uint64_t page_address() const { return address & ~(kPageBytes - 1); }
    std::uint64_t file_page_offset() const { return file_offset & ~(kPageBytes - 1); }
    std::uint64_t pages() const {
        return (address + memory_bytes - page_address() + kPageBytes - 1) / kPageBytes;
    }
};

class Plan {
public:
    std::uint64_t entry() const { return entry_; }
    std::span<const Segment> segments() const { return {segments_, count_}; }
    // Pages of writable segments: what a load costs beyond the file itself.
    std::uint64_t writable_pages() const;

private:
    friend Result<Plan> plan(std::span<const std::byte>, const char**);
    Segment segments_[kMaxSegments];
    std::uint32_t count_ = 0;
    std::uint64_t entry_ = 0;
};

// Malformed: damaged or inconsistent. Unsupported: a valid file of another kind. `reason`, when given, is set to a
// sentence that says what is wrong.
Result<Plan> plan(std::span<const std::byte> file, const char** reason = nullptr);

}  // namespace capos::elf
