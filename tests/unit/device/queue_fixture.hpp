// A driver with a brokered queue, and the model device at its other end.
#pragma once

#include <vector>

#include "tests/unit/device/device_fixture.hpp"

namespace capos::test {

using Fault = BrokeredQueue::ExchangeResults::Fault;
using Exchanged = Answer<BrokeredQueue::ExchangeResults>;

struct Entry {
    std::uint32_t slot = 0;
    std::uint16_t offset = 0;
    std::uint16_t length = 0;
    bool device_writes = false;
    bool more = false;
};

class QueueTest : public DeviceTest {
protected:
    static constexpr std::uint64_t kBar = FakeMachine::kModernBar;

    // A claim with one queue, on the first modern function or another.
    void bring_up(std::uint16_t bdf = FakeMachine::kModern) {
        bar = FakeMachine::modern_bar(bdf);
        function = claim(bdf);
        memory = driver.create_memory(32 * 4096);
        const auto dma = try_dma(function, memory, 2048);
        pool = dma.handle(dma.results.pool());
        begin();
    }
    // What a driver does after each reset.
    void begin() {
        const auto queues = call<Function, Function::QueuesParams, Function::QueuesResults>(
            function, Function::Method::queues, kNothing, {.accept = 1});
        broker = queues.handle(queues.results.broker());
        const auto negotiated = negotiate();
        ASSERT_EQ(negotiated.results.outcome(), Broker::NegotiateResults::Outcome::accepted);
        const auto created = create(0, 0xffff);
        ASSERT_EQ(created.results.outcome(), Broker::CreateResults::Outcome::created);
        queue = created.handle(created.results.queue());
        size = created.results.size();
    }
    Answer<Broker::NegotiateResults> negotiate() {
        return call<Broker, Broker::NegotiateParams, Broker::NegotiateResults>(
            broker, Broker::Method::negotiate, [](auto& params) { params.set_wanted(~0ull); });
    }
    Answer<Broker::CreateResults> create(std::uint16_t index, std::uint16_t vector, std::uint16_t wanted = 0) {
        return call<Broker, Broker::CreateParams, Broker::CreateResults>(
            broker, Broker::Method::create,
            [&](auto& params) {
                params.set_index(index);
                params.set_vector(vector);
                params.set_size(wanted);
                params.set_pool(wire::CapabilityIndex(0));
            },
            {.accept = 1, .send = {{pool}}});
    }
    Error activate() {
        return call<Broker, Broker::ActivateParams, Broker::ActivateResults>(broker, Broker::Method::activate, kNothing)
            .status;
    }
    bool activated_with_interrupt() {
        return call<Broker, Broker::ActivateParams, Broker::ActivateResults>(broker, Broker::Method::activate, kNothing)
            .results.configuration_interrupt();
    }
    Exchanged exchange(const std::vector<Entry>& post, std::uint16_t most = 512, bool arm = false,
                       std::uint32_t capacity = 8192) {
        return call<BrokeredQueue, BrokeredQueue::ExchangeParams, BrokeredQueue::ExchangeResults>(
            queue, BrokeredQueue::Method::exchange,
            [&](auto& params) {
                params.set_max_done(most);
                params.set_arm(arm);
                if (post.empty())
                    return;
                auto list = params.init_post(static_cast<std::uint32_t>(post.size()));
                for (std::uint32_t i = 0; i < post.size(); ++i) {
                    list[i].set_slot(post[i].slot);
                    list[i].set_offset(post[i].offset);
                    list[i].set_length(post[i].length);
                    list[i].set_device_writes(post[i].device_writes);
                    list[i].set_more(post[i].more);
                }
            },
            {.capacity = capacity});
    }
    static std::vector<Entry> receive_slots(std::uint32_t count) {
        std::vector<Entry> entries;
        for (std::uint32_t slot = 0; slot < count; ++slot)
            entries.push_back({slot, 0, 2048, true, false});
        return entries;
    }
    virtio::test::ModelDevice device() {
        return virtio::test::ModelDevice(*virtio::SplitLayout::create(size), reinterpret_cast<std::byte*>(area()));
    }
    // Where the device was told that the queue's memory is.
    std::uint64_t area() {
        return fake_machine().memory_at<std::uint64_t>(bar + virtio::modern::kQueueDescriptors);
    }
    std::uint32_t in_flight() {
        return call<Pool, Pool::SlotsParams, Pool::SlotsResults>(pool, Pool::Method::slots, kNothing)
            .results.in_flight();
    }

    abi::Handle function = 0, memory = 0, pool = 0, broker = 0, queue = 0;
    std::uint16_t size = 0;
    std::uint64_t bar = kBar;
};

}  // namespace capos::test
