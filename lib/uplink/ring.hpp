// One side's view of the index rings: private shadow indices, one private owner bit per slot, and nothing believed
// that the peer could have written.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <expected>

#include "lib/uplink/layout.hpp"

namespace capos::uplink {

// Why an entry was not delivered.
enum class Refusal : std::uint8_t {
    Empty,             // nothing is there; not a fault
    IndexOutOfRange,   // the producer's index is further ahead than there are slots
    SlotOutOfRange,    // the entry names no slot of this ring
    SlotNotLent,       // the peer hands over a slot that it does not hold
};

// What a peer did wrong, by kind. Every refusal but Empty is counted in exactly one of them.
struct Faults {
    std::uint64_t bad_index = 0;
    std::uint64_t bad_slot = 0;
    std::uint64_t bad_owner = 0;
    std::uint64_t bad_range = 0;   // delivered as an empty frame

    constexpr std::uint64_t total() const { return bad_index + bad_slot + bad_owner + bad_range; }
};

// Which slots this side holds. Private memory of this side; the peer has its own.
class Ownership {
public:
    bool mine(std::uint32_t slot) const { return (words_[slot / 64] >> (slot % 64)) & 1; }
    void take(std::uint32_t slot) { words_[slot / 64] |= bit(slot); }
    void give(std::uint32_t slot) { words_[slot / 64] &= ~bit(slot); }
    std::uint32_t count() const {
        std::uint32_t held = 0;
        for (const std::uint64_t word : words_)
            held += static_cast<std::uint32_t>(std::popcount(word));
        return held;
    }

private:
    static constexpr std::uint64_t bit(std::uint32_t slot) { return std::uint64_t{1} << (slot % 64); }
    std::array<std::uint64_t, kMaxSlots / 64> words_{};
};

// The slots that travel on a ring, and their size: what an entry is checked against.
struct SlotRange {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    std::uint32_t slot_bytes = 0;

    constexpr bool contains(std::uint32_t slot) const { return slot - first < count; }
};

// The writing end of one ring.
class Producer {
public:
    Producer(SharedRing& shared, Ownership& ownership, SlotRange range)
        : shared_(&shared), ownership_(&ownership), range_(range) {}

    // Hands a slot over. It becomes visible with publish(). False: this side does not hold the slot or the range is
    // not inside it (an error of the caller's own), and nothing happened.
    [[nodiscard]] bool put(std::uint32_t slot, std::uint32_t offset = 0, std::uint32_t length = 0) {
        if (!range_.contains(slot) || offset > range_.slot_bytes || length > range_.slot_bytes - offset ||
            !ownership_->mine(slot))
            return false;
        ownership_->give(slot);
        const Entry entry{static_cast<std::uint16_t>(slot), static_cast<std::uint16_t>(offset),
                          static_cast<std::uint16_t>(length), 0};
        shared_->entries[staged_ % kRingEntries].store(std::bit_cast<std::uint64_t>(entry), std::memory_order_relaxed);
        ++staged_;
        return true;
    }

    // Makes everything put so far visible. True: the consumer sleeps and must be signalled (said once per sleep).
    // Without anything new it does nothing and says false.
    [[nodiscard]] bool publish() {
        if (staged_ == published_)
            return false;
        published_ = staged_;
        shared_->produced.store(staged_, std::memory_order_release);
        // Pairs with the fence in Consumer::arm: either the consumer sees the index or this side sees the flag.
        std::atomic_thread_fence(std::memory_order_seq_cst);
        if (shared_->sleeping.load(std::memory_order_relaxed) == 0)
            return false;
        return shared_->sleeping.exchange(0, std::memory_order_relaxed) != 0;
    }

    std::uint32_t staged() const { return staged_ - published_; }   // put and not yet published

private:
    SharedRing* shared_;
    Ownership* ownership_;
    SlotRange range_;
    std::uint32_t staged_ = 0;
    std::uint32_t published_ = 0;
};

// The reading end of one ring.
class Consumer {
public:
    Consumer(SharedRing& shared, Ownership& ownership, SlotRange range)
        : shared_(&shared), ownership_(&ownership), range_(range) {}

    // The next entry; its slot is this side's from now on. A range that is not inside the slot is delivered with
    // length 0 and counted, so that the slot is not lost. Every refusal but IndexOutOfRange consumes the entry.
    std::expected<Entry, Refusal> take() {
        if (consumed_ == known_ && !look())
            return std::unexpected(index_refused_ ? Refusal::IndexOutOfRange : Refusal::Empty);
        const auto word = shared_->entries[consumed_ % kRingEntries].load(std::memory_order_relaxed);
        ++consumed_;
        auto entry = std::bit_cast<Entry>(word);   // the private copy; shared memory is not read again
        if (!range_.contains(entry.slot)) {
            ++faults_.bad_slot;
            return std::unexpected(Refusal::SlotOutOfRange);
        }
        if (ownership_->mine(entry.slot)) {
            ++faults_.bad_owner;
            return std::unexpected(Refusal::SlotNotLent);
        }
        ownership_->take(entry.slot);
        if (entry.offset > range_.slot_bytes || entry.length > range_.slot_bytes - entry.offset) {
            ++faults_.bad_range;
            entry.offset = 0;
            entry.length = 0;
        }
        return entry;
    }

    // Calls sink(entry) for at most `limit` entries and returns how many were consumed, refused ones included. Never
    // goes on longer than `limit`, whatever the peer does meanwhile.
    template <class Sink>
    std::uint32_t drain(std::uint32_t limit, Sink&& sink) {
        std::uint32_t consumed = 0;
        while (consumed < limit) {
            const auto entry = take();
            if (!entry && (entry.error() == Refusal::Empty || entry.error() == Refusal::IndexOutOfRange))
                break;
            ++consumed;
            if (entry)
                sink(*entry);
        }
        return consumed;
    }

    // Announces that this side is going to sleep. True: nothing is there and a signal will follow the next publish;
    // false: something is there, take it first (the announcement is withdrawn).
    [[nodiscard]] bool arm() {
        shared_->sleeping.store(1, std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_seq_cst);   // pairs with the fence in Producer::publish
        if (consumed_ == known_ && !look())
            return true;
        disarm();
        return false;
    }

    // Withdraws the announcement after a wake-up that this ring did not cause.
    void disarm() { shared_->sleeping.store(0, std::memory_order_relaxed); }

    const Faults& faults() const { return faults_; }

private:
    // Reads the producer's index once. True: it shows something new and is believable.
    bool look() {
        const std::uint32_t produced = shared_->produced.load(std::memory_order_acquire);
        const std::uint32_t pending = produced - consumed_;
        if (pending > range_.count) {
            faults_.bad_index += index_refused_ ? 0 : 1;   // a bad index that stays is one fault
            index_refused_ = true;
            return false;
        }
        index_refused_ = false;
        known_ = produced;
        return pending != 0;
    }

    SharedRing* shared_;
    Ownership* ownership_;
    SlotRange range_;
    std::uint32_t consumed_ = 0;
    std::uint32_t known_ = 0;      // the producer's index as last believed
    bool index_refused_ = false;
    Faults faults_;
};

}  // namespace capos::uplink
