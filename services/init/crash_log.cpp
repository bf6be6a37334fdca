#include "services/init/crash_log.hpp"

#include "lib/elf/demangle.hpp"
#include "lib/elf/symbols.hpp"
#include "runtime/log.hpp"
#include "runtime/time.hpp"

namespace capos::init {

// Intel SDM, volume 3, 6.3.1 (vectors) and 4.7 (page-fault error code).
void describe_fault(TextWriter& out, std::uint32_t vector, std::uint64_t error_code, std::uint64_t address) {
    constexpr std::uint64_t kWrite = 2;
    constexpr std::uint64_t kFetch = 16;
    switch (vector) {
    case 0: out << "divide error"; return;
    case 1: out << "debug exception"; return;
    case 3: out << "breakpoint"; return;
    case 4: out << "overflow"; return;
    case 6: out << "invalid instruction"; return;
    case 7: out << "device not available"; return;
    case 12: out << "stack fault"; return;
    case 13: out << "general protection fault (error " << error_code << ")"; return;
    case 14:
        out << "page fault (" << ((error_code & kFetch) != 0   ? "execution at 0x"
                                  : (error_code & kWrite) != 0 ? "write to 0x"
                                                               : "read from 0x")
            << Hex{address} << ')';
        return;
    case 16: out << "x87 floating-point exception"; return;
    case 17: out << "alignment check"; return;
    case 19: out << "SIMD floating-point exception"; return;
    default: out << "CPU exception " << vector; return;
    }
}

void describe_address(TextWriter& out, std::uint64_t address, std::span<const std::byte> program) {
    const auto symbols = elf::SymbolTable::open(program);
    if (symbols) {
        if (const auto symbol = symbols->find(address)) {
            elf::demangle(out, symbol->name);
            out << "+0x" << Hex{symbol->offset};
            return;
        }
    }
    out << "0x" << Hex{address};
}

void CrashLog::record(std::string_view process, std::uint32_t pid, const schema::Process::WaitResults::Reader& ended,
                      std::span<const std::byte> program) {
    Record& record = records_[count_++ % kKept];
    record.process.clear();
    record.process << process;
    record.pid = pid;
    record.at_ns = rt::now_ns();
    record.fault.clear();
    describe_fault(record.fault, ended.vector(), ended.error_code(), ended.address());
    record.instruction = ended.instruction();
    record.frames = 0;
    const auto add_frame = [&](std::uint64_t address) {
        if (record.frames == kFrames) return;
        FixedText<96>& frame = record.frame[record.frames++];
        frame.clear();
        describe_address(frame, address, program);
    };
    add_frame(ended.instruction());
    // A return address belongs to the call before it.
    for (const std::uint64_t address : ended.backtrace()) add_frame(address - 1);

    rt::log_error("crash: process {} pid {}: {} at 0x{:x}", process, pid, record.fault.view(), record.instruction);
    for (std::uint32_t i = 0; i < record.frames; ++i) rt::log_error("crash:   #{} {}", i, record.frame[i].view());
}

void CrashLog::list(schema::ServiceList::CrashesResults::Builder& out) const {
    const auto kept = static_cast<std::uint32_t>(count_ < kKept ? count_ : kKept);
    auto crashes = out.init_crashes(kept);
    for (std::uint32_t i = 0; i < kept; ++i) {
        const Record& record = records_[(count_ - 1 - i) % kKept];
        auto crash = crashes[i];
        crash.set_process(record.process.view());
        crash.set_pid(record.pid);
        crash.set_at_ns(record.at_ns);
        crash.set_fault(record.fault.view());
        crash.set_instruction(record.instruction);
        auto backtrace = crash.init_backtrace(record.frames);
        for (std::uint32_t frame = 0; frame < record.frames; ++frame) backtrace.set(frame, record.frame[frame].view());
    }
}

}  // namespace capos::init
