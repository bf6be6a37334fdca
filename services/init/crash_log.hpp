// Crash records: what, where and why, on the console and kept for ServiceList.crashes.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "lib/base/text.hpp"
#include "schema/process.capnp.hpp"
#include "schema/service.capnp.hpp"

namespace capos::init {

class CrashLog {
public:
    static constexpr std::uint32_t kKept = 8;
    static constexpr std::uint32_t kFrames = 12;

    // Logs the record and keeps it. `program` is the executable's bytes, for names; `ended` is of a fault.
    void record(std::string_view process, std::uint32_t pid, const schema::Process::WaitResults::Reader& ended,
                std::span<const std::byte> program);

    // The records kept, newest first.
    void list(schema::ServiceList::CrashesResults::Builder& out) const;

private:
    struct Record {
        FixedText<32> process;
        std::uint32_t pid = 0;
        std::uint64_t at_ns = 0;
        FixedText<64> fault;
        std::uint64_t instruction = 0;
        std::uint32_t frames = 0;
        FixedText<96> frame[kFrames];
    };
    Record records_[kKept];
    std::uint64_t count_ = 0;        // ever
};

// "page fault (write to 0x10)", "invalid instruction", ...
void describe_fault(TextWriter& out, std::uint32_t vector, std::uint64_t error_code, std::uint64_t address);
// "function+0x12", or the bare address when nothing is known about it.
void describe_address(TextWriter& out, std::uint64_t address, std::span<const std::byte> program);

}  // namespace capos::init
