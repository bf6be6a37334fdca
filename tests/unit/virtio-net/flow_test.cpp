// The driver's decisions against model queues of every size and real rings: all frames pass, and a driver with nothing to
// do sleeps, armed for whatever comes next.
#include "services/virtio-net/flow.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "services/virtio-net/frame_layout.hpp"

namespace capos::virtio_net {
namespace {

constexpr std::uint32_t kBatch = 128;
constexpr uplink::Shape kShape{2048, 256, 128};      // the stack's, when no option says otherwise

// The driver's Queue, and the device behind it.
class ModelQueue {
public:
    explicit ModelQueue(std::uint32_t chains) : chains_(chains) {}

    QueueState state() const {
        const std::uint32_t room = chains_ - in_flight();
        return {.in_flight = in_flight(), .room = room < kBatch ? room : kBatch, .news = !done_.empty(), .armed = armed_};
    }
    std::uint32_t room() const { return state().room; }
    // Returns what came back.
    std::vector<std::uint16_t> exchange(std::span<const std::uint16_t> posts, bool arm) {
        EXPECT_LE(posts.size(), room());
        std::vector<std::uint16_t> back;
        while (!done_.empty() && back.size() < kBatch) {
            back.push_back(done_.front());
            done_.pop_front();
        }
        device_.insert(device_.end(), posts.begin(), posts.end());
        armed_ = arm;
        if (arm && !done_.empty())
            interrupt_ = true;
        return back;
    }

    // The device is done with at most `count` chains, and raises its interrupt when that is wanted.
    std::uint32_t complete(std::uint32_t count) {
        std::uint32_t completed = 0;
        for (; completed < count && !device_.empty(); ++completed) {
            done_.push_back(device_.front());
            device_.pop_front();
        }
        if (completed != 0 && armed_)
            interrupt_ = true;
        return completed;
    }
    bool take_interrupt() { return std::exchange(interrupt_, false); }
    std::uint32_t at_device() const { return static_cast<std::uint32_t>(device_.size()); }
    std::uint32_t in_flight() const { return static_cast<std::uint32_t>(device_.size() + done_.size()); }

private:
    std::uint32_t chains_;
    std::deque<std::uint16_t> device_, done_;
    bool armed_ = false;
    bool interrupt_ = false;
};

// Mode, queue size, legacy without ANY_LAYOUT (two descriptors a frame).
using Case = std::tuple<Mode, std::uint32_t, bool>;

class FlowTest : public testing::TestWithParam<Case> {
protected:
    FlowTest() { (void)stack.publish(); }

    static std::uint32_t chains() {
        const auto [mode, size, split] = GetParam();
        return size / FrameLayout(split, false, 2048).pieces();
    }

    // Session::move_frames() until it sleeps, or in polled mode yields. Returns the steps it took.
    unsigned run_driver() {
        constexpr unsigned kMost = 2000;
        for (unsigned step = 1; step <= kMost; ++step) {
            end.receive_free().drain(uplink::kMaxSlots - static_cast<std::uint32_t>(stock.size()),
                                     [this](const uplink::Entry& entry) { stock.push_back(entry.slot); });
            const auto most = static_cast<std::uint32_t>(stock.size());
            const std::uint32_t empty = most < in.room() ? most : in.room();
            std::vector<std::uint16_t> frames;
            end.transmit_full().drain(out.room(), [&](const uplink::Entry& entry) { frames.push_back(entry.slot); });
            Plan plan = flow.look(in.state(), out.state(), empty, static_cast<std::uint32_t>(frames.size()));
            if (plan.idle()) {
                EXPECT_TRUE(frames.empty());
                wake_stack |= end.publish();
                recent = 0;
                if (flow.mode() == Mode::Polled)
                    return step;
                plan = flow.arm_devices(in.state(), out.state(), plan.empty);
            }
            if (plan.idle()) {
                const bool sleeps =
                    flow.may_sleep(in.state(), out.state(), static_cast<std::uint32_t>(stock.size()), end);
                if (sleeps)
                    return step;
                end.transmit_full().disarm();
                end.receive_free().disarm();
                continue;
            }
            if (plan.receive) {
                std::vector<std::uint16_t> posts(stock.end() - plan.empty, stock.end());
                stock.resize(stock.size() - plan.empty);
                const auto done = in.exchange(posts, flow.arms_receive(recent));
                for (const std::uint16_t slot : done)
                    EXPECT_TRUE(end.receive_full().put(slot, kHeaderRoom, 60));
                recent = static_cast<std::uint32_t>(done.size());
            }
            if (plan.transmit) {
                const bool arm = flow.arms_transmit(out.state(), plan.send);
                sent += static_cast<std::uint32_t>(frames.size());
                for (const std::uint16_t slot : out.exchange(frames, arm))
                    EXPECT_TRUE(end.transmit_free().put(slot));
            }
            wake_stack |= end.publish();
        }
        ADD_FAILURE() << "the driver spins";
        return kMost;
    }
    // What ends the driver's sleep: its interrupts and the stack's signal.
    bool woken(bool signalled) {
        const bool from_in = in.take_interrupt();
        const bool interrupt = out.take_interrupt() || from_in;
        const bool polled = flow.mode() == Mode::Polled;
        if (interrupt || signalled) {
            end.transmit_full().disarm();
            end.receive_free().disarm();
        }
        return polled || interrupt || signalled;
    }
    // The stack takes received frames, gives their slots back and sends while it has slots. True: signals the driver.
    bool run_stack(std::uint32_t& to_send) {
        received += stack.receive_full().drain(
            uplink::kMaxSlots, [this](const uplink::Entry& entry) { EXPECT_TRUE(stack.receive_free().put(entry.slot)); });
        for (; to_send != 0; --to_send) {
            const auto slot = stack.take_transmit_slot();
            if (!slot)
                break;
            EXPECT_TRUE(stack.send(*slot, kHeaderRoom, 60));
        }
        return stack.publish();
    }

    std::unique_ptr<uplink::Rings> rings = std::make_unique<uplink::Rings>();
    uplink::StackEnd stack{*rings, kShape, 1};
    uplink::DriverEnd end{*rings, kShape};
    ModelQueue in{chains()};
    ModelQueue out{chains()};
    Flow flow{std::get<Mode>(GetParam()), kShape, chains(), chains()};
    std::vector<std::uint16_t> stock;
    std::uint32_t recent = 0;
    std::uint32_t sent = 0;
    std::uint32_t received = 0;
    bool wake_stack = false;
};

TEST_P(FlowTest, MarksAreWithinWhatCanBeOut) {
    EXPECT_GE(flow.receive_low(), 1u);
    EXPECT_GE(flow.send_high(), 1u);
    EXPECT_LE(flow.receive_low(), chains());
    EXPECT_LE(flow.send_high(), chains());
}

TEST_P(FlowTest, DriverWithNothingToDoSleepsWithItsReceiveQueueFilled) {
    run_driver();
    EXPECT_GE(in.at_device(), flow.receive_low());
    EXPECT_FALSE(woken(false) && flow.mode() != Mode::Polled);
}

TEST_P(FlowTest, FullTransmitQueueWithFramesWaitingSleepsUntilTheDeviceIsDone) {
    std::uint32_t to_send = 1000;
    run_driver();
    bool signal = run_stack(to_send);
    ASSERT_TRUE(woken(signal));
    run_driver();                                            // ends: it does not spin
    const std::uint32_t most = chains() < kShape.transmit_slots() ? chains() : kShape.transmit_slots();
    EXPECT_EQ(out.at_device(), most);
    EXPECT_FALSE(woken(false) && flow.mode() != Mode::Polled);
    ASSERT_EQ(out.complete(1), 1u);
    EXPECT_TRUE(woken(false));                               // the queue is full: its interrupt is armed
    const std::uint32_t before = sent;
    run_driver();
    run_stack(to_send);
    run_driver();
    EXPECT_EQ(sent, before + 1);
}

TEST_P(FlowTest, EveryFrameIsSentHoweverSmallTheQueue) {
    std::uint32_t to_send = 3000;
    bool awake = true;
    for (unsigned round = 0; sent < 3000; ++round) {
        ASSERT_LT(round, 20000u) << sent << " sent, then nothing moved";
        if (awake)
            run_driver();
        const bool signal = run_stack(to_send);
        out.complete(1 + round % 7);
        awake = woken(signal);
        ASSERT_TRUE(awake || out.at_device() != 0 || sent == 3000) << "asleep for ever after " << sent;
    }
}

TEST_P(FlowTest, EveryFrameThatArrivesIsPassedOnHoweverSmallTheQueue) {
    std::uint32_t nothing = 0;
    std::uint32_t arrived = 0;
    bool awake = true;
    for (unsigned round = 0; received < 3000; ++round) {
        ASSERT_LT(round, 20000u) << received << " received, then nothing moved";
        if (awake)
            run_driver();
        ASSERT_NE(in.at_device(), 0u) << "the device has nowhere to put a frame";
        if (arrived < 3000)
            arrived += in.complete(1 + round % 5);
        const bool signal = run_stack(nothing);
        awake = woken(signal);
    }
    EXPECT_EQ(received, arrived);
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
    constexpr const char* kModes[] = {"Adaptive", "Polled", "Interrupt"};
    const auto [mode, size, split] = info.param;
    return kModes[static_cast<int>(mode)] + std::to_string(size) + (split ? "Split" : "Whole");
}

INSTANTIATE_TEST_SUITE_P(Sizes, FlowTest,
                         testing::Combine(testing::Values(Mode::Adaptive, Mode::Interrupt, Mode::Polled),
                                          testing::Values(2u, 4u, 16u, 64u, 256u), testing::Bool()),
                         name_of);

}  // namespace
}  // namespace capos::virtio_net
