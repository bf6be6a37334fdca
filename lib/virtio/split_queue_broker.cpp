#include "lib/virtio/split_queue_broker.hpp"

#include <atomic>
#include <bit>
#include <cstring>

namespace capos::virtio {

static_assert(std::endian::native == std::endian::little, "queues are little endian, and legacy ones native");

namespace {

// Every access to a word that the device reads or writes meanwhile goes through these, once per use.
template <class T>
T load_once(const T& shared) {
    return __atomic_load_n(&shared, __ATOMIC_RELAXED);
}
std::uint16_t load_acquire(const std::uint16_t& shared) { return __atomic_load_n(&shared, __ATOMIC_ACQUIRE); }
template <class T>
void store_once(T& shared, T value) {
    __atomic_store_n(&shared, value, __ATOMIC_RELAXED);
}
void store_release(std::uint16_t& shared, std::uint16_t value) { __atomic_store_n(&shared, value, __ATOMIC_RELEASE); }
// In two words, each once; nothing but the device reads them.
void store_descriptor(Descriptor& shared, const Descriptor& value) {
    struct Words {
        std::uint64_t word[2];
    };
    const auto words = std::bit_cast<Words>(value);
    auto* out = reinterpret_cast<std::byte*>(&shared);
    __builtin_memcpy(out, &words.word[0], sizeof words.word[0]);
    __builtin_memcpy(out + sizeof words.word[0], &words.word[1], sizeof words.word[1]);
}
// Store, then load of what the other side stores before it loads ours: acquire and release do not order that.
void full_fence() { std::atomic_thread_fence(std::memory_order_seq_cst); }

}  // namespace

SplitQueueBroker::SplitQueueBroker(const SplitLayout& layout, std::byte* area, std::span<Shadow> shadows,
                                   SlotTable& slots, bool legacy)
    : descriptors_(reinterpret_cast<Descriptor*>(area)),
      available_(reinterpret_cast<RingHead*>(area + layout.available)),
      available_ring_(reinterpret_cast<std::uint16_t*>(area + layout.available + sizeof(RingHead))),
      used_(reinterpret_cast<RingHead*>(area + layout.used)),
      used_ring_(reinterpret_cast<const UsedElement*>(area + layout.used + sizeof(RingHead))),
      shadows_(shadows.first(layout.size)), slots_(&slots), size_(layout.size), free_count_(layout.size),
      legacy_(legacy) {
    std::memset(area, 0, layout.total);
    for (std::uint16_t index = 0; index < size_; ++index)
        shadows_[index] = {.slot = 0, .writable = 0, .next = static_cast<std::uint16_t>(index + 1), .chain = 0};
    disarm();
}

// Rules of the chain as a whole; each buffer's range is checked as it is reached.
PostOutcome SplitQueueBroker::check(std::span<const Buffer> chain) const {
    const Buffer& first = chain[0];
    if (!slots_->contains(first.slot))
        return {PostFault::BadSlot, 0};
    if (slots_->is_out(SlotIndex{first.slot}))
        return {PostFault::SlotInFlight, 0};
    const std::uint32_t limit = slots_->slot_bytes();
    std::uint32_t end = 0;               // of the buffer before: ranges rise, so none overlaps
    bool writes = false;
    for (std::uint16_t index = 0; index < chain.size(); ++index) {
        const Buffer& buffer = chain[index];
        if (buffer.slot != first.slot || (writes && !buffer.device_writes))
            return {PostFault::BadChain, index};
        if (buffer.length == 0 || buffer.length > limit || buffer.offset > limit - buffer.length || buffer.offset < end)
            return {PostFault::BadRange, index};
        end = buffer.offset + buffer.length;
        writes = buffer.device_writes;
    }
    return {};
}

PostOutcome SplitQueueBroker::post(std::span<const Buffer> chain) {
    if (broken_) [[unlikely]]
        return {PostFault::Broken, 0};
    if (chain.empty() || chain.size() > kMaxChain) [[unlikely]]
        return {PostFault::BadChain, 0};
    if (const PostOutcome refused = check(chain); refused.fault != PostFault::None) [[unlikely]]
        return refused;
    if (chain.size() > free_count_) [[unlikely]]
        return {PostFault::QueueFull, 0};

    const SlotIndex slot{chain[0].slot};
    const std::uint64_t base = slots_->address(slot);
    const std::uint16_t head = free_head_;
    std::uint32_t writable = 0;
    std::uint16_t current = head;
    for (std::size_t left = chain.size(); const Buffer& buffer : chain) {
        const std::uint16_t next = shadows_[current].next;
        const bool more = --left != 0;
        std::uint16_t flags = more ? kDescriptorNext : std::uint16_t{0};
        if (buffer.device_writes) {
            flags |= kDescriptorWrite;
            writable += buffer.length;
        }
        store_descriptor(descriptors_[current],
                         {base + buffer.offset, buffer.length, flags, more ? next : std::uint16_t{0}});
        current = next;
    }
    free_head_ = current;
    Shadow& shadow = shadows_[head];
    shadow.slot = chain[0].slot;
    shadow.writable = writable;
    shadow.chain = static_cast<std::uint16_t>(chain.size());
    free_count_ = static_cast<std::uint16_t>(free_count_ - chain.size());
    ++in_flight_;
    slots_->take(slot);
    store_once(available_ring_[posted_ & (size_ - 1)], head);
    ++posted_;
    return {};
}

bool SplitQueueBroker::publish() {
    if (broken_ || published_ == posted_)
        return false;
    store_release(available_->index, posted_);
    published_ = posted_;
    full_fence();
    return (load_once(used_->flags) & kUsedNoNotify) == 0;
}

Result<std::size_t> SplitQueueBroker::drain(std::span<Done> done) {
    if (broken_)
        return Error::DeviceMisbehaved;
    // The device writes this index; read it once and believe only the local copy (2.7.8).
    const auto pending = static_cast<std::uint16_t>(load_acquire(used_->index) - consumed_);
    if (pending > in_flight_)
        return misbehaved(misbehaviour_.bad_index);
    const std::size_t count = pending < done.size() ? pending : done.size();
    for (std::size_t taken = 0; taken < count; ++taken) {
        const UsedElement& shared = used_ring_[consumed_ & (size_ - 1)];
        const std::uint32_t identifier = load_once(shared.id);
        std::uint32_t length = load_once(shared.length);
        if (identifier >= size_ || shadows_[identifier].chain == 0)
            return misbehaved(misbehaviour_.bad_identifier);
        const auto head = static_cast<std::uint16_t>(identifier);
        if (legacy_ && shadows_[head].writable == 0)
            length = 0;
        if (length > shadows_[head].writable)
            return misbehaved(misbehaviour_.bad_length);
        done[taken] = {SlotIndex{shadows_[head].slot}, length};
        release_chain(head);
        ++consumed_;
    }
    return count;
}

bool SplitQueueBroker::pending() const { return broken_ || load_acquire(used_->index) != consumed_; }

bool SplitQueueBroker::arm() {
    armed_ = true;
    store_once(available_->flags, std::uint16_t{0});
    full_fence();
    return pending();
}

void SplitQueueBroker::disarm() {
    armed_ = false;
    store_once(available_->flags, kAvailableNoInterrupt);
}

void SplitQueueBroker::release_all() {
    for (std::uint16_t head = 0; head < size_; ++head)
        if (shadows_[head].chain != 0)
            release_chain(head);
}

// The chain is walked by the private `next`, so its length and end are ours whatever the device wrote.
void SplitQueueBroker::release_chain(std::uint16_t head) {
    const std::uint16_t length = shadows_[head].chain;
    std::uint16_t last = head;
    for (std::uint16_t step = 1; step < length; ++step)
        last = shadows_[last].next;
    shadows_[last].next = free_head_;
    shadows_[head].chain = 0;
    free_head_ = head;
    free_count_ = static_cast<std::uint16_t>(free_count_ + length);
    --in_flight_;
    slots_->give(SlotIndex{shadows_[head].slot});
}

Error SplitQueueBroker::misbehaved(std::uint64_t& counter) {
    ++counter;
    broken_ = true;
    return Error::DeviceMisbehaved;
}

}  // namespace capos::virtio
