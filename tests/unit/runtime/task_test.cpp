#include "runtime/task.hpp"

#include <cstdlib>

#include "tests/unit/runtime/fake_kernel.hpp"

namespace {
bool memory_is_short = false;
}

// Coroutine frames come from here; a test can make them fail.
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    return memory_is_short ? nullptr : ::operator new(bytes);
}

namespace capos::rt {
namespace {

using test::FakeKernel;

Task<Result<int>> half(int number) {
    if (number % 2 != 0) co_return Error::InvalidArgument;
    co_return number / 2;
}

Task<Result<int>> quarter(int number) {
    const int first = CO_TRY(co_await half(number));
    co_return CO_TRY(co_await half(first));
}

TEST(TaskTest, ErrorsTravelThroughAwaitingTasks) {
    FakeKernel kernel;
    Result<int> good = 0, bad = 0;
    test::run([](Result<int>& good, Result<int>& bad) -> Task<void> {
        good = co_await quarter(12);
        bad = co_await quarter(6);
    }(good, bad));
    EXPECT_EQ(good.value(), 3);
    EXPECT_EQ(bad.error(), Error::InvalidArgument);
}

TEST(TaskTest, NothingRunsBeforeItIsAwaited) {
    FakeKernel kernel;
    bool ran = false;
    auto lazy = [](bool& ran) -> Task<void> {
        ran = true;
        co_return;
    }(ran);
    EXPECT_FALSE(ran);
    test::run(std::move(lazy));
    EXPECT_TRUE(ran);
}

TEST(TaskTest, NoMemoryForAFrameIsAnErrorOfTheResult) {
    FakeKernel kernel;
    memory_is_short = true;
    Task<Result<int>> task = half(4);
    memory_is_short = false;
    EXPECT_FALSE(task.valid());
    Error error = Error::None;
    test::run([](Task<Result<int>> task, Error& error) -> Task<void> {
        auto result = co_await task;
        error = result ? Error::None : result.error();
    }(std::move(task), error));
    EXPECT_EQ(error, Error::OutOfMemory);
}

TEST(TaskTest, SpawningWithoutMemorySaysSo) {
    FakeKernel kernel;
    memory_is_short = true;
    auto started = try_spawn([]() -> Task<void> { co_return; }());
    memory_is_short = false;
    ASSERT_FALSE(started.has_value());
    EXPECT_EQ(started.error(), Error::OutOfMemory);
}

TEST(TaskTest, ManyTasksInARowUseNoStack) {
    FakeKernel kernel;
    std::uint64_t sum = 0;
    test::run([](std::uint64_t& sum) -> Task<void> {
        for (int i = 0; i < 20000; ++i) {
            auto value = co_await half(2 * i);
            if (value) sum += static_cast<std::uint64_t>(*value);
        }
    }(sum));
    EXPECT_EQ(sum, 19999u * 20000u / 2);
}

TEST(TaskTest, ADestroyedTaskDestroysWhatItHolds) {
    FakeKernel kernel;
    struct Mark {
        int& count;
        ~Mark() { ++count; }
    };
    int destroyed = 0;
    {
        auto task = [](int& destroyed) -> Task<void> {
            Mark mark{destroyed};
            co_await sleep_until(1'000'000);
        }(destroyed);
        task.start();
        EXPECT_EQ(destroyed, 0);
    }
    EXPECT_EQ(destroyed, 1);
    EXPECT_TRUE(executor().timers().empty());
}

}  // namespace
}  // namespace capos::rt
