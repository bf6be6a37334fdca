#include "kernel/process/refusals.hpp"

#include <cstring>

#include "kernel/console/console.hpp"
#include "kernel/process/process.hpp"
#include "kernel/sched/deadline.hpp"

namespace capos::kernel {

namespace {

constexpr std::uint32_t kKindsOfAProcess = 8;
constexpr std::uint64_t kLineNs = 1'000'000'000;
constexpr std::uint64_t kSummaryNs = 60 * kLineNs;

struct Kind {
    std::uint32_t pid = 0;           // 0: free
    bool said = false;
    bool ended = false;              // its process has
    Refusal refusal{};
    char name[kProcessNameBytes] = {};
};

void say(Deadline&);

constinit Kind kinds[64];
constinit std::uint64_t more = 0;            // refusals since the last line, beside those that are said one by one
constinit std::uint64_t next_line_ns = 0;
constinit std::uint64_t next_summary_ns = 0;
constinit Deadline due(say);

Kind* first_unsaid() {
    for (Kind& kind : kinds)
        if (kind.pid != 0 && !kind.said) return &kind;
    return nullptr;
}

void arm() {
    cancel_deadline(due);
    if (first_unsaid() != nullptr)
        set_deadline(due, next_line_ns);
    else if (more != 0)
        set_deadline(due, next_line_ns > next_summary_ns ? next_line_ns : next_summary_ns);
}

void describe(TextWriter& out, const Refusal& refusal) {
    switch (refusal.operation) {
    case abi::Operation::Call:
        out << "method " << refusal.method << " of interface 0x" << Hex{refusal.interface_id, 16};
        break;
    case abi::Operation::Receive: out << "RECEIVE"; break;
    case abi::Operation::Return: out << "RETURN"; break;
    default: out << "RELEASE"; break;
    }
    out << ": " << error_name(refusal.reason);
}

void say(Deadline&) {
    FixedText<200> text;
    text << "refused: ";
    Kind* kind = first_unsaid();
    if (kind != nullptr) {
        text << kind->name << " (pid " << kind->pid << "), ";
        describe(text, kind->refusal);
        kind->said = true;
        if (kind->ended) *kind = {};
    }
    const std::uint64_t now = arch::now_ns();
    if (more != 0) {
        text << (kind != nullptr ? "; and " : "") << more << " more since the last such line";
        more = 0;
        next_summary_ns = now + kSummaryNs;
    }
    next_line_ns = now + kLineNs;
    console::line("kernel", text.view());
    arm();
}

bool concerns_authority(Error reason) {
    return reason == Error::BadHandle || reason == Error::StaleHandle || reason == Error::WrongInterface ||
           reason == Error::Denied || reason == Error::QuotaExceeded;
}

}  // namespace

void note_refusal(const Process& process, const Refusal& refusal) {
    if (!concerns_authority(refusal.reason)) return;
    Kind* free = nullptr;
    std::uint32_t of_process = 0;
    for (Kind& kind : kinds) {
        if (kind.pid == 0 && free == nullptr) free = &kind;
        if (kind.pid != process.pid()) continue;
        ++of_process;
        if (kind.refusal != refusal) continue;
        free = nullptr;
        of_process = kKindsOfAProcess;
        break;
    }
    if (free == nullptr || of_process >= kKindsOfAProcess) {
        ++more;
        if (!due.queued()) arm();
        return;
    }
    *free = {.pid = process.pid(), .said = false, .ended = false, .refusal = refusal, .name = {}};
    std::memcpy(free->name, process.name().data(), process.name().size());
    if (arch::now_ns() >= next_line_ns)
        say(due);
    else
        arm();
}

void forget_refusals(const Process& process) {
    for (Kind& kind : kinds) {
        if (kind.pid != process.pid()) continue;
        kind.ended = true;
        if (kind.said) kind = {};
    }
}

}  // namespace capos::kernel
