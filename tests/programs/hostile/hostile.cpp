// A program that attacks the kernel through its ring: systematic submissions first, then random ones, all counted.
// It uses nothing of the runtime: the ring is written by hand, as an attacker would. Every completion must answer an
// outstanding submission once, with success or a typed error; anything else ends the program with a line that says so.
#include <cstring>

#include "abi/ring.hpp"
#include "abi/start.hpp"
#include "abi/syscall.hpp"
#include "lib/base/text.hpp"
#include "schema/system.capnp.hpp"

using namespace capos;

namespace {

constexpr std::uint64_t kRandomOperations = 1'000'000;
constexpr std::uint32_t kMostOutstanding = 48;
constexpr std::uint32_t kOwnHandles = 64;
constexpr std::uint64_t kProgressEvery = 250'000;

std::uint64_t system_call(abi::SystemCall number, std::uint64_t a, std::uint64_t b) {
    std::uint64_t result = static_cast<std::uint64_t>(number);
    register std::uint64_t rdi asm("rdi") = a;
    register std::uint64_t rsi asm("rsi") = b;
    asm volatile("syscall" : "+a"(result), "+r"(rdi), "+r"(rsi) : : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
    return result;
}

std::uint32_t load(const std::uint32_t& word) { return __atomic_load_n(&word, __ATOMIC_ACQUIRE); }
void store(std::uint32_t& word, std::uint32_t value) { __atomic_store_n(&word, value, __ATOMIC_RELEASE); }

// xorshift64*, seeded: a run can be repeated.
struct Random {
    std::uint64_t state;
    std::uint64_t next() {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        return state * 0x2545F4914F6CDD1Du;
    }
    std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>((next() >> 32) * bound >> 32); }
    bool chance(std::uint32_t percent) { return below(100) < percent; }
};

class Attacker {
public:
    Attacker(const abi::StartInfo& start, std::byte* ring)
        : header_(*reinterpret_cast<abi::RingHeader*>(ring)), submissions_(reinterpret_cast<abi::Submission*>(ring + header_.sq_offset)),
          completions_(reinterpret_cast<abi::Completion*>(ring + header_.cq_offset)), messages_(ring + header_.message_offset),
          message_bytes_(header_.message_bytes), sq_entries_(header_.sq_entries), cq_entries_(header_.cq_entries) {
        // Everything it was given is attacked but the log, which would fill the console, and power, which would work.
        const auto* grants = reinterpret_cast<const abi::StartGrant*>(&start + 1);
        for (std::uint32_t i = 0; i < start.grant_count; ++i) {
            if (std::strcmp(grants[i].name, "log") == 0)
                log_ = grants[i];
            else if (std::strcmp(grants[i].name, "power") != 0)
                grants_[grant_count_++] = grants[i];
        }
    }

    std::int64_t run() {
        say("hostile: starting");
        systematic();
        for (std::uint64_t i = 0; i < kRandomOperations && !failed_; ++i) {
            random_operation();
            if ((i + 1) % kProgressEvery == 0) report(i + 1);
        }
        finish();
        if (!failed_) {
            FixedText<200> text;
            text << "hostile: done operations=" << operations_ << " completed=" << completed_ << " succeeded=" << succeeded_
                 << " transport=" << transport_ << " exceptions=" << exceptions_ << " badring=" << bad_ring_;
            say(text.view());
        }
        return failed_ ? 1 : 0;
    }

private:
    struct Own {
        abi::Handle handle;
        std::uint64_t interface_id;
    };

    // --- submitting ---

    // next_user_data_ always names a place of the window that nothing outstanding has.
    std::uint64_t take_user_data() {
        const std::uint64_t taken = next_user_data_;
        outstanding_[taken % kWindow] = taken;
        while (outstanding_[next_user_data_ % kWindow] != 0) ++next_user_data_;
        return taken;
    }

    void submit(abi::Submission entry) {
        while (submitted_ - consumed_ >= kMostOutstanding && !failed_) make_room();
        entry.user_data = take_user_data();
        const std::uint32_t tail = header_.sq_tail;
        submissions_[tail & (sq_entries_ - 1)] = entry;
        store(header_.sq_tail, tail + 1);
        ++submitted_;
        ++operations_;
        if (++unsent_ >= 1 + random_.below(16)) enter(0, 0);
    }

    void enter(std::uint64_t minimum, std::uint64_t deadline) {
        unsent_ = 0;
        const std::uint64_t result = system_call(abi::SystemCall::CapEnter, minimum, deadline);
        if (result == abi::kEnterBadRing) fail("cap_enter refused a ring that was in order");
        consume();
    }

    void consume() {
        std::uint32_t head = header_.cq_head;
        while (head != load(header_.cq_tail)) {
            const abi::Completion completion = completions_[head & (cq_entries_ - 1)];
            store(header_.cq_head, ++head);
            check(completion);
        }
    }

    void check(const abi::Completion& completion) {
        ++consumed_;
        ++completed_;
        std::uint64_t& waiting = outstanding_[completion.user_data % kWindow];
        if (completion.user_data == 0 || waiting != completion.user_data) return fail("a completion answers nothing");
        waiting = 0;
        const Error status = static_cast<Error>(completion.status);
        if (status == Error::None) {
            ++succeeded_;
            if (completion.capabilities != 0) take_capabilities(completion);
        } else if (is_transport(status)) {
            ++transport_;
        } else if (is_exception(status)) {
            ++exceptions_;
        } else {
            fail("a status that is not a typed error");
        }
    }

    // Capabilities that came back go into a small set of handles to use and to give back.
    void take_capabilities(const abi::Completion& completion) {
        const std::uint32_t buffer = buffer_of_[completion.user_data % kWindow];
        for (std::uint32_t i = 0; i < completion.capabilities && i < abi::kMaxMessageCapabilities; ++i) {
            abi::ReceivedCapability received;
            std::memcpy(&received, messages_ + buffer + i * sizeof(received), sizeof(received));
            Own& place = own_[random_.below(kOwnHandles)];
            if (place.handle != 0) stale_ = place.handle, give_back(place.handle);
            place = {received.handle, received.interface_id};
        }
    }

    void give_back(abi::Handle handle) { releases_[release_count_++ % kOwnHandles] = handle; }

    // Everything outstanding is cancelled, and completions are waited for.
    void make_room() {
        enter(0, 0);
        for (std::uint32_t i = 0; i < kWindow && submitted_ - consumed_ >= kMostOutstanding / 2; ++i) {
            if (outstanding_[i] == 0) continue;
            cancel(outstanding_[i]);
        }
    }

    void cancel(std::uint64_t victim) {
        abi::Submission entry{};
        entry.operation = abi::Operation::Cancel;
        entry.interface_or_call = victim;
        entry.user_data = take_user_data();
        const std::uint32_t tail = header_.sq_tail;
        submissions_[tail & (sq_entries_ - 1)] = entry;
        store(header_.sq_tail, tail + 1);
        ++submitted_;
        ++operations_;
        enter(0, 0);
    }

    void finish() {
        for (std::uint32_t round = 0; round < 64 && submitted_ != consumed_ && !failed_; ++round) {
            enter(0, 0);
            for (std::uint32_t i = 0; i < kWindow; ++i)
                if (outstanding_[i] != 0) cancel(outstanding_[i]);
        }
        if (submitted_ != consumed_ && !failed_) fail("submissions without a completion");
    }

    // --- what is submitted ---

    abi::Handle some_handle() {
        switch (random_.below(8)) {
        case 0: return random_.next();
        case 1: return random_.below(70);                                          // generation 0
        case 2: return std::uint64_t{1 + random_.below(3)} << 32 | random_.below(80);
        case 3: return stale_;
        case 4:
        case 5: return own_[random_.below(kOwnHandles)].handle;
        default: return grants_[random_.below(grant_count_)].handle;
        }
    }

    void target(abi::Submission& entry) {
        entry.handle = some_handle();
        entry.interface_or_call = grants_[random_.below(grant_count_)].interface_id;
        if (random_.chance(80)) {
            // Mostly the right interface, so that calls get further.
            if (random_.chance(50)) {
                const abi::StartGrant& grant = grants_[random_.below(grant_count_)];
                entry.handle = grant.handle;
                entry.interface_or_call = grant.interface_id;
            } else {
                const Own& own = own_[random_.below(kOwnHandles)];
                entry.handle = own.handle;
                entry.interface_or_call = own.interface_id;
            }
        }
        entry.method = random_.chance(90) ? static_cast<std::uint16_t>(random_.below(7)) : static_cast<std::uint16_t>(random_.next());
    }

    std::uint32_t odd_number() {
        static constexpr std::uint32_t kEdges[] = {0, 1, 7, 8, 16, 4095, 4096, 65536, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff};
        return random_.chance(50) ? kEdges[random_.below(12)] : static_cast<std::uint32_t>(random_.next());
    }

    // A message: nothing, noise, or a struct with random words and pointers.
    void message(abi::Submission& entry) {
        entry.message_offset = random_.below(64) * 64;
        std::byte* at = messages_ + entry.message_offset;
        const std::uint32_t kind = random_.below(10);
        if (kind < 2) return;
        std::uint32_t words = 1 + random_.below(12);
        for (std::uint32_t i = 0; i < words; ++i) {
            std::uint64_t word = random_.chance(50) ? random_.below(5000) : random_.next();
            if (random_.chance(20)) word = 3 | std::uint64_t{random_.below(3)} << 32;       // a capability pointer
            if (random_.chance(10)) word = (random_.next() & ~std::uint64_t{3}) | random_.below(4);
            std::memcpy(at + 8 * i, &word, 8);
        }
        if (kind < 8) {
            const std::uint64_t data = random_.below(words);
            const std::uint64_t pointers = words - 1 - data;
            const std::uint64_t root = data << 32 | pointers << 48;
            std::memcpy(at, &root, 8);
        }
        entry.message_length = words * 8;
    }

    void buffers(abi::Submission& entry) {
        entry.accept_capabilities = static_cast<std::uint16_t>(random_.below(4));
        entry.buffer_offset = 8192 + random_.below(32) * 1024;
        entry.buffer_capacity = random_.chance(80) ? 1024 : random_.below(128) * 8;
        if (random_.chance(5)) entry.buffer_offset = odd_number();
        if (random_.chance(5)) entry.buffer_capacity = odd_number();
        if (random_.chance(3)) entry.message_offset = odd_number();
        if (random_.chance(3)) entry.message_length = odd_number();
        if (random_.chance(2)) entry.accept_capabilities = static_cast<std::uint16_t>(random_.next());
        buffer_of_[next_user_data_ % kWindow] =
            entry.buffer_offset < message_bytes_ - 4096 ? entry.buffer_offset : 8192;
    }

    void capabilities(abi::Submission& entry) {
        if (random_.chance(70)) return;
        entry.send_capabilities = static_cast<std::uint16_t>(random_.chance(90) ? random_.below(4) : random_.next());
        entry.capability_offset = 65536 + random_.below(16) * 128;
        for (std::uint32_t i = 0; i < 4; ++i) {
            // A grant is only ever copied: moved away, it would be gone for the rest of the run.
            const bool own = random_.chance(50);
            abi::SentCapability sent{.handle = own ? own_[random_.below(kOwnHandles)].handle : some_handle(),
                                     .mode = own && random_.chance(50) ? abi::TransferMode::Move : abi::TransferMode::Copy,
                                     .reserved = random_.chance(2) ? 1u : 0u};
            std::memcpy(messages_ + entry.capability_offset + i * sizeof(sent), &sent, sizeof(sent));
        }
        if (random_.chance(3)) entry.capability_offset = odd_number();
    }

    void random_operation() {
        if (release_count_ != 0 && random_.chance(30)) {
            abi::Submission entry{};
            entry.operation = abi::Operation::Release;
            entry.handle = releases_[--release_count_ % kOwnHandles];
            return submit(entry);
        }
        if (random_.below(2000) == 0) return bad_indices();
        abi::Submission entry{};
        switch (random_.below(12)) {
        case 0: entry.operation = abi::Operation::Nop; break;
        case 1:
            entry.operation = abi::Operation::Receive;
            target(entry);
            entry.method = 0;
            buffers(entry);
            if (random_.chance(50)) entry.deadline = random_.next() >> 20;
            break;
        case 2:
            entry.operation = abi::Operation::Return;
            target(entry);
            entry.flags = static_cast<std::uint8_t>(random_.below(3));
            entry.interface_or_call = random_.chance(50) ? std::uint64_t{1} << 32 | random_.below(8) : random_.next();
            message(entry);
            capabilities(entry);
            break;
        case 3:
            entry.operation = abi::Operation::Cancel;
            entry.interface_or_call = random_.chance(70) ? next_user_data_ - 1 - random_.below(32) : random_.next();
            break;
        case 4:
            entry.operation = abi::Operation::Release;       // of what it never had, or has no more
            entry.handle = random_.chance(50) ? random_.next() : stale_;
            break;
        case 5:
            for (std::uint32_t i = 0; i < sizeof(entry) / 8; ++i) {
                const std::uint64_t word = random_.next();
                std::memcpy(reinterpret_cast<std::byte*>(&entry) + 8 * i, &word, 8);
            }
            if (entry.operation == abi::Operation::Release) entry.operation = abi::Operation::Nop;
            buffer_of_[next_user_data_ % kWindow] = 8192;
            break;
        default:
            entry.operation = abi::Operation::Call;
            target(entry);
            message(entry);
            buffers(entry);
            capabilities(entry);
            entry.deadline = random_.chance(50) ? abi::kNoDeadline : random_.next() >> 24;
        }
        submit(entry);
    }

    // Indices outside what the kernel allows: refused as a whole, and the ring works again once they are right.
    void bad_indices() {
        enter(0, 0);
        const bool submission = random_.chance(50);
        std::uint32_t& index = submission ? header_.sq_tail : header_.cq_head;
        const std::uint32_t right = index;
        const std::uint32_t entries = submission ? sq_entries_ : cq_entries_;
        store(index, right + entries + 1 + random_.below(0x40000000));
        if (system_call(abi::SystemCall::CapEnter, 0, 0) != abi::kEnterBadRing) fail("bad queue indices were accepted");
        ++bad_ring_;
        ++operations_;
        store(index, right);
    }

    // Every operation and every field at its edges, one field at a time, on every capability held.
    void systematic() {
        static constexpr std::uint64_t kEdges[] = {0, 1, 2, 7, 8, 9, 63, 64, 4095, 4096, 0x7fffffff, 0x80000000, 0xffffffff,
                                                   0x100000000, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff};
        for (std::uint32_t grant = 0; grant < grant_count_ && !failed_; ++grant) {
            for (std::uint32_t operation = 0; operation < 8; ++operation) {
                if (operation == static_cast<std::uint32_t>(abi::Operation::Release)) continue;
                for (std::uint32_t word = 0; word < sizeof(abi::Submission) / 8; ++word) {
                    for (std::uint64_t edge : kEdges) {
                        abi::Submission entry{};
                        entry.handle = grants_[grant].handle;
                        entry.interface_or_call = grants_[grant].interface_id;
                        entry.buffer_offset = 8192;
                        entry.buffer_capacity = 1024;
                        entry.deadline = 1;
                        std::memcpy(reinterpret_cast<std::byte*>(&entry) + 8 * word, &edge, 8);
                        entry.operation = static_cast<abi::Operation>(operation);
                        buffer_of_[next_user_data_ % kWindow] = 8192;
                        submit(entry);
                    }
                }
            }
            for (std::uint16_t method = 0; method < 12; ++method) {
                abi::Submission entry{};
                entry.operation = abi::Operation::Call;
                entry.handle = grants_[grant].handle;
                entry.interface_or_call = grants_[grant].interface_id;
                entry.method = method;
                entry.buffer_offset = 8192;
                entry.buffer_capacity = 512;
                entry.deadline = 1;
                buffer_of_[next_user_data_ % kWindow] = 8192;
                submit(entry);
            }
        }
    }

    // --- telling ---

    void say(std::string_view text) {
        constexpr std::uint32_t kOffset = 96 * 1024;
        wire::MessageBuilder builder(std::span<std::byte>(messages_ + kOffset, 512));
        builder.init_root<schema::Log::WriteParams>().set_text(text);
        auto message = builder.finish();
        if (!message) return;
        abi::Submission entry{};
        entry.operation = abi::Operation::Call;
        entry.handle = log_.handle;
        entry.interface_or_call = log_.interface_id;
        entry.message_offset = kOffset;
        entry.message_length = static_cast<std::uint32_t>(message->size());
        entry.deadline = abi::kNoDeadline;
        buffer_of_[next_user_data_ % kWindow] = 8192;
        submit(entry);
        enter(0, 0);
    }

    void report(std::uint64_t done) {
        FixedText<120> text;
        text << "hostile: " << done << " random operations, " << transport_ + exceptions_ << " refused";
        say(text.view());
    }

    void fail(std::string_view what) {
        if (failed_) return;
        failed_ = true;
        FixedText<160> text;
        text << "hostile: FAILED: " << what << " (operation " << operations_ << ")";
        say(text.view());
    }

    static constexpr std::uint32_t kWindow = 4096;

    abi::StartGrant log_{};
    abi::StartGrant grants_[abi::kMaxGrants];
    std::uint32_t grant_count_ = 0;
    abi::RingHeader& header_;
    abi::Submission* submissions_;
    abi::Completion* completions_;
    std::byte* messages_;
    std::uint32_t message_bytes_;
    std::uint32_t sq_entries_;
    std::uint32_t cq_entries_;
    Random random_{0x5eed'0f'ca'9'05ull};
    std::uint64_t next_user_data_ = 1;
    std::uint64_t submitted_ = 0;
    std::uint64_t consumed_ = 0;
    std::uint32_t unsent_ = 0;
    std::uint64_t outstanding_[kWindow] = {};
    std::uint32_t buffer_of_[kWindow] = {};
    Own own_[kOwnHandles] = {};
    abi::Handle releases_[kOwnHandles] = {};
    std::uint32_t release_count_ = 0;
    abi::Handle stale_ = 0;
    std::uint64_t operations_ = 0;
    std::uint64_t completed_ = 0;
    std::uint64_t succeeded_ = 0;
    std::uint64_t transport_ = 0;
    std::uint64_t exceptions_ = 0;
    std::uint64_t bad_ring_ = 0;
    bool failed_ = false;
};

alignas(Attacker) std::byte attacker_storage[sizeof(Attacker)];

}  // namespace

extern "C" [[noreturn]] void _start(const abi::StartInfo* start, std::byte* ring) {
    auto* attacker = new (attacker_storage) Attacker(*start, ring);
    const std::int64_t status = attacker->run();
    system_call(abi::SystemCall::Exit, static_cast<std::uint64_t>(status), 0);
    __builtin_trap();
}
