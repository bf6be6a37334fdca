// The broker against a device on a thread of its own, which reads and writes the queue's memory as hardware does: no
// chain is lost, no doorbell and no interrupt is missed. Without the fence in arm() it fails on x86 (not under
// ThreadSanitizer, whose atomics are too slow for the store buffer to matter); without the one in publish() it has not been
// seen to fail there: by the time the device's flag is read the index has left the store buffer.
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "tests/unit/virtio/queue_fixture.hpp"

namespace capos::virtio::test {
namespace {

constexpr std::uint32_t kChains = 100000;

// A doorbell, or an interrupt.
class Signal {
public:
    void raise() {
        const std::lock_guard lock(mutex_);
        raised_ = true;
        changed_.notify_one();
    }
    // What was raised for something that the next look will see anyway.
    void clear() {
        const std::lock_guard lock(mutex_);
        raised_ = false;
    }
    // False: nothing came in five seconds, which only a lost signal explains.
    bool wait() {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(5), [this] { return raised_; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool raised_ = false;
};

void pause(std::uint32_t turns) {
    for (; turns != 0; --turns)
        __asm__ volatile("" ::: "memory");
}

// One queue from the device's side (VIRTIO 1.2, 2.7.13.3 and 2.7.14), with the accesses that hardware would make.
class ThreadedDevice {
public:
    ThreadedDevice(const SplitLayout& layout, std::byte* area) : layout_(layout), area_(area) {}

    // Sleeps until something is published. False: the doorbell was not rung for it.
    bool wait(Signal& doorbell) {
        while (available_index() == seen_) {
            doorbell.clear();
            __atomic_store_n(word(layout_.used), std::uint16_t{0}, __ATOMIC_RELAXED);
            __atomic_thread_fence(__ATOMIC_SEQ_CST);
            if (available_index() == seen_ && !doorbell.wait())
                return false;
            __atomic_store_n(word(layout_.used), kUsedNoNotify, __ATOMIC_RELAXED);
        }
        return true;
    }
    // Takes a chain and gives it back. True: the driver wants an interrupt.
    bool serve() {
        const std::uint16_t head = __atomic_load_n(word(layout_.available + 4 + 2u * (seen_ % layout_.size)), __ATOMIC_RELAXED);
        ++seen_;
        auto* element = reinterpret_cast<std::uint32_t*>(area_ + layout_.used + 4 + 8u * (used_ % layout_.size));
        __atomic_store_n(element, std::uint32_t{head}, __ATOMIC_RELAXED);
        __atomic_store_n(element + 1, std::uint32_t{60}, __ATOMIC_RELAXED);
        ++used_;
        __atomic_store_n(word(layout_.used + 2), used_, __ATOMIC_RELEASE);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        return (__atomic_load_n(word(layout_.available), __ATOMIC_RELAXED) & kAvailableNoInterrupt) == 0;
    }

private:
    std::uint16_t* word(std::uint32_t offset) { return reinterpret_cast<std::uint16_t*>(area_ + offset); }
    std::uint16_t available_index() { return __atomic_load_n(word(layout_.available + 2), __ATOMIC_ACQUIRE); }

    SplitLayout layout_;
    std::byte* area_;
    std::uint16_t seen_ = 0;
    std::uint16_t used_ = 0;
};

TEST(BrokerRaceTest, EveryChainComesBackAndNoDoorbellOrInterruptIsMissed) {
    Queue queue(16);
    Signal doorbell, interrupt;
    std::thread device_thread([&] {
        ThreadedDevice device(queue.layout, queue.area.get());
        std::uint32_t random = 1;
        for (std::uint32_t served = 0; served < kChains; ++served) {
            if (!device.wait(doorbell)) {
                ADD_FAILURE() << "no doorbell for chain " << served;
                return;
            }
            // Sooner or later: what the two sides look at and when they go to sleep shall meet in every way.
            random = random * 1664525 + 1013904223;
            pause(random >> 24);
            if (device.serve())
                interrupt.raise();
            pause(random >> 12 & 0x7ff);
        }
    });
    std::uint32_t random = 7;
    for (std::uint32_t back = 0; back < kChains;) {
        ASSERT_EQ(queue.post_receive(back % 8), PostFault::None);
        if (queue.broker.publish())
            doorbell.raise();
        random = random * 1664525 + 1013904223;
        std::uint32_t looks = random >> 25;
        for (;;) {
            Done done[4];
            const auto taken = queue.broker.drain(done);
            ASSERT_TRUE(taken);
            back += static_cast<std::uint32_t>(*taken);
            if (*taken != 0)
                break;
            if (looks != 0) {
                --looks;
                continue;
            }
            interrupt.clear();
            if (!queue.broker.arm() && !interrupt.wait()) {
                ADD_FAILURE() << "no interrupt for chain " << back;
                device_thread.join();
                return;
            }
            queue.broker.disarm();
        }
    }
    device_thread.join();
}

}  // namespace
}  // namespace capos::virtio::test
