// A ring used by hand, without runtime or coroutines: what the kernel itself costs.
#pragma once

#include <cstring>
#include <span>
#include <string_view>

#include "abi/ring.hpp"
#include "abi/start.hpp"
#include "abi/syscall.hpp"
#include "schema/system.capnp.hpp"

namespace capos::micro {

inline std::uint64_t system_call(abi::SystemCall number, std::uint64_t a, std::uint64_t b) {
    std::uint64_t result = static_cast<std::uint64_t>(number);
    asm volatile("syscall" : "+a"(result), "+D"(a), "+S"(b) : : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
    return result;
}

// Under -icount shift=0 a tick of the time stamp counter is an executed instruction.
inline std::uint64_t ticks() {
    std::uint32_t low, high;
    asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return static_cast<std::uint64_t>(high) << 32 | low;
}

class RawRing {
public:
    explicit RawRing(std::byte* ring)
        : header_(*reinterpret_cast<abi::RingHeader*>(ring)),
          submissions_(reinterpret_cast<abi::Submission*>(ring + header_.sq_offset)),
          completions_(reinterpret_cast<abi::Completion*>(ring + header_.cq_offset)),
          messages_(ring + header_.message_offset), sq_mask_(header_.sq_entries - 1), cq_mask_(header_.cq_entries - 1) {}

    void submit(const abi::Submission& entry) {
        submissions_[tail_ & sq_mask_] = entry;
        __atomic_store_n(&header_.sq_tail, ++tail_, __ATOMIC_RELEASE);
    }
    void enter(std::uint64_t minimum) { system_call(abi::SystemCall::CapEnter, minimum, abi::kNoDeadline); }
    bool ready() const { return __atomic_load_n(&header_.cq_tail, __ATOMIC_ACQUIRE) != head_; }
    // The next completion; waits for it.
    abi::Completion next() {
        while (!ready()) enter(1);
        const abi::Completion completion = completions_[head_ & cq_mask_];
        __atomic_store_n(&header_.cq_head, ++head_, __ATOMIC_RELEASE);
        return completion;
    }
    std::byte* messages() const { return messages_; }

    // One call, answered before it returns.
    abi::Completion call(const abi::Submission& entry) {
        submit(entry);
        enter(1);
        return next();
    }

private:
    abi::RingHeader& header_;
    abi::Submission* submissions_;
    abi::Completion* completions_;
    std::byte* messages_;
    std::uint32_t sq_mask_;
    std::uint32_t cq_mask_;
    std::uint32_t tail_ = 0;
    std::uint32_t head_ = 0;
};

inline const abi::StartGrant* find_grant(const abi::StartInfo& start, std::string_view name) {
    const auto* grants = reinterpret_cast<const abi::StartGrant*>(&start + 1);
    for (std::uint32_t i = 0; i < start.grant_count; ++i)
        if (name == grants[i].name) return &grants[i];
    return nullptr;
}

inline abi::Submission call_on(const abi::StartGrant& grant, std::uint16_t method) {
    abi::Submission entry{};
    entry.operation = abi::Operation::Call;
    entry.handle = grant.handle;
    entry.interface_or_call = grant.interface_id;
    entry.method = method;
    entry.deadline = abi::kNoDeadline;
    return entry;
}

// Puts parameters at `offset` of the message area and names them in `entry`.
template <class Params, class Fill>
void set_message(RawRing& ring, abi::Submission& entry, std::uint32_t offset, Fill&& fill) {
    wire::MessageBuilder builder(std::span<std::byte>(ring.messages() + offset, 1024));
    auto params = builder.init_root<Params>();
    fill(params);
    auto message = builder.finish();
    entry.message_offset = offset;
    entry.message_length = message ? static_cast<std::uint32_t>(message->size()) : 0;
}

inline void say(RawRing& ring, const abi::StartInfo& start, std::string_view text) {
    const abi::StartGrant* log = find_grant(start, "log");
    if (log == nullptr) return;
    abi::Submission entry = call_on(*log, static_cast<std::uint16_t>(schema::Log::Method::write));
    set_message<schema::Log::WriteParams>(ring, entry, 60 * 1024, [&](auto& params) { params.set_text(text); });
    ring.call(entry);
}

}  // namespace capos::micro
