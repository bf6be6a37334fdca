#include "tests/programs/hostile/ring.hpp"

#include <cstring>

#include "lib/base/text.hpp"
#include "schema/system.capnp.hpp"

namespace capos::hostile {

namespace {

std::uint32_t load(const std::uint32_t& word) { return __atomic_load_n(&word, __ATOMIC_ACQUIRE); }
void store(std::uint32_t& word, std::uint32_t value) { __atomic_store_n(&word, value, __ATOMIC_RELEASE); }

}  // namespace

std::uint64_t system_call(abi::SystemCall number, std::uint64_t a, std::uint64_t b) {
    std::uint64_t result = static_cast<std::uint64_t>(number);
    register std::uint64_t rdi asm("rdi") = a;
    register std::uint64_t rsi asm("rsi") = b;
    asm volatile("syscall" : "+a"(result), "+r"(rdi), "+r"(rsi) : : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
    return result;
}

Ring::Ring(std::byte* ring, Hands& hands, Random& random)
    : hands_(hands), random_(random), header_(*reinterpret_cast<abi::RingHeader*>(ring)),
      submissions_(reinterpret_cast<abi::Submission*>(ring + header_.sq_offset)),
      completions_(reinterpret_cast<abi::Completion*>(ring + header_.cq_offset)), messages_(ring + header_.message_offset),
      message_bytes_(header_.message_bytes), sq_entries_(header_.sq_entries), cq_entries_(header_.cq_entries) {}

// --- submitting ---

// next_user_data_ always names a place of the window that nothing outstanding has.
std::uint64_t Ring::put(abi::Submission entry) {
    const std::uint64_t taken = next_user_data_;
    outstanding_[taken % kWindow] = taken;
    const std::uint32_t header = entry.operation == abi::Operation::Receive ? sizeof(abi::RequestHeader) : 0;
    buffer_of_[taken % kWindow] = (entry.buffer_offset < message_bytes_ - 4096 ? entry.buffer_offset : kReplies) + header;
    while (outstanding_[next_user_data_ % kWindow] != 0) ++next_user_data_;
    entry.user_data = taken;
    const std::uint32_t tail = header_.sq_tail;
    submissions_[tail & (sq_entries_ - 1)] = entry;
    store(header_.sq_tail, tail + 1);
    ++submitted_;
    ++counters_.operations;
    return taken;
}

void Ring::submit(abi::Submission entry) {
    while (submitted_ - counters_.completed >= kMostOutstanding && !failed_) make_room();
    put(entry);
    if (++unsent_ >= 1 + random_.below(16)) enter(0, 0);
}

Ring::Answer Ring::call(abi::Submission entry) {
    while (submitted_ - counters_.completed >= kMostOutstanding && !failed_) make_room();
    entry.operation = abi::Operation::Call;
    entry.buffer_offset = kOwnReply;
    entry.buffer_capacity = kReplyBytes;
    entry.deadline = abi::kNoDeadline;
    answer_ = {};
    awaited_ = put(entry);
    enter(0, 0);
    while (awaited_ != 0 && !failed_) enter(1, abi::kNoDeadline);
    return answer_;
}

void Ring::cancel(std::uint64_t victim) {
    abi::Submission entry{};
    entry.operation = abi::Operation::Cancel;
    entry.interface_or_call = victim;
    put(entry);
    enter(0, 0);
}

void Ring::make_room() {
    enter(0, 0);
    for (std::uint32_t i = 0; i < kWindow && submitted_ - counters_.completed >= kMostOutstanding / 2; ++i)
        if (outstanding_[i] != 0) cancel(outstanding_[i]);
}

void Ring::finish() {
    for (std::uint32_t round = 0; round < 64 && submitted_ != counters_.completed && !failed_; ++round) {
        enter(0, 0);
        for (std::uint32_t i = 0; i < kWindow; ++i)
            if (outstanding_[i] != 0) cancel(outstanding_[i]);
    }
    if (submitted_ != counters_.completed && !failed_) fail("submissions without a completion");
}

void Ring::bad_indices() {
    enter(0, 0);
    const bool submission = random_.chance(50);
    std::uint32_t& index = submission ? header_.sq_tail : header_.cq_head;
    const std::uint32_t right = index;
    const std::uint32_t entries = submission ? sq_entries_ : cq_entries_;
    store(index, right + entries + 1 + random_.below(0x40000000));
    if (system_call(abi::SystemCall::CapEnter, 0, 0) != abi::kEnterBadRing) fail("bad queue indices were accepted");
    ++counters_.bad_ring;
    ++counters_.operations;
    store(index, right);
}

// --- what comes back ---

void Ring::enter(std::uint64_t minimum, std::uint64_t deadline) {
    unsent_ = 0;
    const std::uint64_t result = system_call(abi::SystemCall::CapEnter, minimum, deadline);
    if (result == abi::kEnterBadRing) fail("cap_enter refused a ring that was in order");
    consume();
}

void Ring::consume() {
    std::uint32_t head = header_.cq_head;
    while (head != load(header_.cq_tail)) {
        const abi::Completion completion = completions_[head & (cq_entries_ - 1)];
        store(header_.cq_head, ++head);
        check(completion);
    }
}

void Ring::check(const abi::Completion& completion) {
    ++counters_.completed;
    std::uint64_t& waiting = outstanding_[completion.user_data % kWindow];
    if (completion.user_data == 0 || waiting != completion.user_data) return fail("a completion answers nothing");
    waiting = 0;
    const Error status = static_cast<Error>(completion.status);
    if (status == Error::None)
        ++counters_.succeeded;
    else if (is_transport(status))
        ++counters_.transport;
    else if (is_exception(status))
        ++counters_.exceptions;
    else
        return fail("a status that is not a typed error");
    if (completion.user_data == awaited_) answer_.status = status;
    if (status == Error::None && completion.capabilities != 0) take_capabilities(completion);
    if (completion.user_data == awaited_) awaited_ = 0;
}

void Ring::take_capabilities(const abi::Completion& completion) {
    const std::uint32_t buffer = buffer_of_[completion.user_data % kWindow];
    for (std::uint32_t i = 0; i < completion.capabilities && i < abi::kMaxMessageCapabilities; ++i) {
        abi::ReceivedCapability received;
        std::memcpy(&received, messages_ + buffer + i * sizeof(received), sizeof(received));
        const Held held{received.handle, received.interface_id};
        if (completion.user_data == awaited_ && i == 0)
            answer_.first = held;
        else
            hands_.receive(held);
    }
}

// --- telling ---

void Ring::say(std::string_view text) {
    const std::uint32_t offset = scratch();
    wire::MessageBuilder builder(bytes(offset, kScratchBytes));
    builder.init_root<schema::Log::WriteParams>().set_text(text);
    auto message = builder.finish();
    if (!message) return;
    abi::Submission entry{};
    entry.operation = abi::Operation::Call;
    entry.handle = hands_.log().handle;
    entry.interface_or_call = hands_.log().interface_id;
    entry.message_offset = offset;
    entry.message_length = static_cast<std::uint32_t>(message->size());
    entry.buffer_offset = kReplies;
    entry.deadline = abi::kNoDeadline;
    put(entry);
    system_call(abi::SystemCall::CapEnter, 0, 0);
}

void Ring::fail(std::string_view what) {
    if (failed_) return;
    failed_ = true;
    FixedText<160> text;
    text << "hostile: FAILED: " << what << " (operation " << counters_.operations << ")";
    say(text.view());
}

}  // namespace capos::hostile
