#include "lib/elf/elf.hpp"
#include "lib/elf/layout.hpp"

namespace capos::elf {

namespace {

Result<FileHeader> check_header(std::span<const std::byte> file, const char*& reason) {
    const auto header = read_at<FileHeader>(file, 0);
    if (!header || std::memcmp(header->ident, kMagic, sizeof kMagic) != 0) {
        reason = "not an ELF file";
        return Error::Malformed;
    }
    if (header->ident[4] != kClass64 || header->ident[5] != kLittleEndian || header->machine != kMachineX86_64) {
        reason = "not for x86-64";
        return Error::Unsupported;
    }
    if (header->type != kExecutable) {
        reason = "not a static executable";
        return Error::Unsupported;
    }
    if (header->program_header_bytes != sizeof(ProgramHeader) || header->program_header_count == 0 ||
        header->program_header_count > kMaxProgramHeaders) {
        reason = "program headers of another size, none, or too many";
        return Error::Malformed;
    }
    return *header;
}

// The load segment that `header` describes, checked by itself.
Result<Segment> check_segment(std::span<const std::byte> file, const ProgramHeader& header, const char*& reason) {
    const bool writable = (header.flags & kFlagWrite) != 0;
    const bool executable = (header.flags & kFlagExecute) != 0;
    Segment segment{header.address, header.memory_bytes, header.offset, header.file_bytes,
                    executable ? Protection::ReadExecute : writable ? Protection::ReadWrite : Protection::Read};
    reason = nullptr;
    if (writable && executable)
        reason = "a segment is writable and executable";
    else if ((header.flags & kFlagRead) == 0)
        reason = "a segment is not readable";
    else if (header.offset > file.size() || header.file_bytes > file.size() - header.offset)
        reason = "a segment lies outside the file";
    else if (header.file_bytes > header.memory_bytes)
        reason = "a segment is larger in the file than in memory";
    else if (header.memory_bytes > kMaxMemoryBytes)
        reason = "a segment is too large";
    else if (header.address < kLowestAddress || header.address >= kAddressLimit ||
             header.memory_bytes > kAddressLimit - header.address)
        reason = "a segment lies outside the user range";
    else if (header.address % kPageBytes != header.offset % kPageBytes)
        reason = "a segment's address and offset differ within a page";
    else if (!writable && header.file_bytes != header.memory_bytes)
        reason = "a read-only segment has memory beyond the file's";
    if (reason != nullptr) return Error::Malformed;
    return segment;
}

}  // namespace

std::uint64_t Plan::writable_pages() const {
    std::uint64_t pages = 0;
    for (const Segment& segment : segments())
        if (segment.protection == Protection::ReadWrite) pages += segment.pages();
    return pages;
}

Result<Plan> plan(std::span<const std::byte> file, const char** reason_out) {
    const char* unused = nullptr;
    const char*& reason = reason_out != nullptr ? *reason_out : unused;
    const FileHeader header = TRY(check_header(file, reason));
    Plan plan;
    std::uint64_t next_free_page = 0;
    std::uint64_t total = 0;
    bool entry_found = false;
    for (std::uint32_t i = 0; i < header.program_header_count; ++i) {
        const std::uint64_t offset = header.program_headers + i * sizeof(ProgramHeader);
        const auto entry = read_at<ProgramHeader>(file, offset);
        if (!entry || offset < header.program_headers) {
            reason = "a program header lies outside the file";
            return Error::Malformed;
        }
        if (entry->type == kSegmentInterpreter || entry->type == kSegmentDynamic) {
            reason = "dynamically linked";
            return Error::Unsupported;
        }
        if (entry->type != kSegmentLoad || entry->memory_bytes == 0) continue;
        const Segment segment = TRY(check_segment(file, *entry, reason));
        if (segment.page_address() < next_free_page) {
            reason = "segments overlap or are not in rising order";
            return Error::Malformed;
        }
        next_free_page = segment.page_address() + segment.pages() * kPageBytes;
        total += segment.memory_bytes;
        if (plan.count_ == kMaxSegments || total > kMaxMemoryBytes) {
            reason = "too many segments or too much memory";
            return Error::Malformed;
        }
        plan.segments_[plan.count_++] = segment;
        if (segment.protection == Protection::ReadExecute && header.entry >= segment.address &&
            header.entry - segment.address < segment.memory_bytes)
            entry_found = true;
    }
    if (!entry_found) {
        reason = "the entry is in no executable segment";
        return Error::Malformed;
    }
    plan.entry_ = header.entry;
    return plan;
}

}  // namespace capos::elf
