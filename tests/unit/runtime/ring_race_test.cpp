// The two sides of a ring in two threads: the runtime's queue code against the kernel's. Under ThreadSanitizer this
// shows that every entry is handed over with release and acquire.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <thread>

#include "kernel/ring/queues.hpp"
#include "runtime/ring_queues.hpp"

namespace capos {
namespace {

struct Free { void operator()(std::byte* memory) const { std::free(memory); } };

void race(std::uint32_t sq_entries, std::uint32_t cq_entries, std::uint64_t count) {
    const auto shape = *kernel::RingShape::create(sq_entries, cq_entries, 4096);
    const std::unique_ptr<std::byte, Free> memory(static_cast<std::byte*>(std::aligned_alloc(4096, shape.total_bytes())));
    std::memset(memory.get(), 0, shape.total_bytes());
    kernel::RingQueues kernel_side;
    kernel_side.create(memory.get(), shape);
    auto thread_side = *rt::RingQueues::open(memory.get());

    std::thread kernel([&] {
        std::uint64_t done = 0;
        while (done < count) {
            const auto waiting = kernel_side.submissions();
            ASSERT_TRUE(waiting.has_value());
            if (*waiting == 0) {
                std::this_thread::yield();
                continue;
            }
            const auto reserved = kernel_side.reserve();
            ASSERT_TRUE(reserved.has_value());
            if (!*reserved) {
                std::this_thread::yield();
                continue;
            }
            const abi::Submission entry = kernel_side.take_submission();
            ASSERT_EQ(entry.user_data, done);
            ASSERT_EQ(entry.interface_or_call, ~done);
            abi::Completion completion{};
            completion.user_data = entry.user_data;
            completion.call_id = entry.interface_or_call;
            kernel_side.post(completion);
            ++done;
        }
    });

    std::uint64_t submitted = 0;
    std::uint64_t completed = 0;
    while (completed < count) {
        bool moved = false;
        if (submitted < count && !thread_side.full()) {
            abi::Submission entry{};
            entry.user_data = submitted;
            entry.interface_or_call = ~submitted;
            thread_side.push(entry);
            ++submitted;
            moved = true;
        }
        abi::Completion completion;
        if (thread_side.pop(completion)) {
            ASSERT_EQ(completion.user_data, completed);
            ASSERT_EQ(completion.call_id, ~completed);
            ++completed;
            moved = true;
        }
        if (!moved) std::this_thread::yield();
    }
    kernel.join();
    EXPECT_EQ(thread_side.unsent(), 0u);
}

TEST(RingRaceTest, EveryEntryArrivesOnceAndWholeWithBothQueuesSmall) { race(8, 8, 200'000); }
TEST(RingRaceTest, EveryEntryArrivesOnceAndWholeWithMoreCompletionsThanSubmissions) { race(8, 64, 200'000); }
TEST(RingRaceTest, EveryEntryArrivesOnceAndWholeWithFewerCompletionsThanSubmissions) { race(64, 8, 200'000); }

}  // namespace
}  // namespace capos
