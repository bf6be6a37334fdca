// Both ends on threads of their own: nothing is lost, nothing is torn, and no wake-up is missed.
#include <gtest/gtest.h>

#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "lib/uplink/transmit_room.hpp"

namespace capos::uplink {
namespace {

// The kernel's Notification, as far as the rings need it: a signal before the wait is not lost.
class Signal {
public:
    void raise() {
        const std::lock_guard lock(mutex_);
        raised_ = true;
        changed_.notify_one();
    }
    // False: nothing came in five seconds, which only a lost wake-up explains.
    bool wait() {
        std::unique_lock lock(mutex_);
        const bool came = changed_.wait_for(lock, std::chrono::seconds(5), [this] { return raised_; });
        raised_ = false;
        return came;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool raised_ = false;
};

constexpr Shape kShape{512, 16, 8};
constexpr std::uint32_t kFrames = 60000;

TEST(UplinkRaceTest, EveryFrameArrivesOnceInOrderAndNoWakeUpIsLost) {
    auto rings = std::make_unique<Rings>();
    std::vector<std::byte> memory(kShape.pool_bytes());
    StackEnd stack(*rings, kShape, 1);
    (void)stack.publish();
    DriverEnd driver(*rings, kShape);
    Signal to_stack, to_driver;
    std::atomic<bool> lost = false;

    std::thread driver_thread([&] {
        const Pool pool(memory, kShape);
        std::uint32_t next = 0;   // number of the next frame to receive
        std::uint32_t sent = 0;
        while (sent < kFrames || next < kFrames) {
            bool worked = false;
            while (next < kFrames) {
                const auto slot = driver.receive_free().take();
                if (!slot)
                    break;
                std::memcpy(pool.bytes(slot->slot, 8, 4).data(), &next, 4);
                ++next;
                ASSERT_TRUE(driver.receive_full().put(slot->slot, 8, 4));
                worked = true;
            }
            while (const auto frame = driver.transmit_full().take()) {
                std::uint32_t number = 0;
                std::memcpy(&number, pool.bytes(*frame).data(), 4);
                ASSERT_EQ(number, sent);
                ++sent;
                ASSERT_TRUE(driver.transmit_free().put(frame->slot));
                worked = true;
            }
            if (driver.publish())
                to_stack.raise();
            if (worked || (sent >= kFrames && next >= kFrames))
                continue;
            const bool idle = driver.transmit_full().arm() && (next >= kFrames || driver.receive_free().arm());
            if (idle && !to_driver.wait()) {
                lost = true;
                return;
            }
            driver.transmit_full().disarm();
            driver.receive_free().disarm();
        }
    });

    const Pool pool(memory, kShape);
    std::uint32_t received = 0;
    std::uint32_t next = 0;
    while ((received < kFrames || next < kFrames) && !lost) {
        bool worked = stack.receive_full().drain(4, [&](const Entry& entry) {
            std::uint32_t number = 0;
            std::memcpy(&number, pool.bytes(entry).data(), 4);
            ASSERT_EQ(number, received);
            ++received;
            ASSERT_TRUE(stack.receive_free().put(entry.slot));
        }) != 0;
        while (next < kFrames) {
            const auto slot = stack.take_transmit_slot();
            if (!slot)
                break;
            std::memcpy(pool.bytes(*slot, 16, 4).data(), &next, 4);
            ++next;
            ASSERT_TRUE(stack.send(*slot, 16, 4));
            worked = true;
        }
        if (stack.publish())
            to_driver.raise();
        if (worked || (received >= kFrames && next >= kFrames))
            continue;
        const bool idle = stack.receive_full().arm() && (next >= kFrames || stack.arm_transmit());
        if (idle && !to_stack.wait())
            lost = true;
        stack.receive_full().disarm();
        stack.disarm_transmit();
    }
    if (stack.publish())
        to_driver.raise();
    driver_thread.join();
    EXPECT_FALSE(lost) << "received " << received << " sent " << next;
    EXPECT_EQ(stack.faults().total(), 0u);
}

// The sender is always short of slots, and the driver gives them back one by one: whenever none is left, the one that
// comes back next is signalled.
TEST(UplinkRaceTest, SenderThatFindsNoSlotIsSignalledWhenOneComesBack) {
    constexpr Shape kFew{512, 4, 1};
    auto rings = std::make_unique<Rings>();
    StackEnd stack(*rings, kFew, 1);
    (void)stack.publish();
    DriverEnd driver(*rings, kFew);
    Signal to_stack;
    std::atomic<bool> ended = false;

    std::thread driver_thread([&] {
        while (!ended) {
            const auto frame = driver.transmit_full().take();
            if (!frame) {
                std::this_thread::yield();
                continue;
            }
            EXPECT_TRUE(driver.transmit_free().put(frame->slot));
            if (driver.publish())
                to_stack.raise();
        }
    });
    TransmitRoom room;
    for (std::uint32_t sent = 0; sent < kFrames;) {
        if (const auto slot = room.take(stack)) {
            EXPECT_TRUE(stack.send(*slot, 0, 60));
            (void)stack.publish();
            ++sent;
            continue;
        }
        for (bool armed = true;; armed = room.arm(stack)) {      // by take(), the first time
            if (armed && !to_stack.wait()) {
                ADD_FAILURE() << "a lost wake-up after " << sent;
                sent = kFrames;
                break;
            }
            stack.disarm_transmit();
            if (room.came_back(stack))
                break;
        }
    }
    ended = true;
    driver_thread.join();
}

}  // namespace
}  // namespace capos::uplink
