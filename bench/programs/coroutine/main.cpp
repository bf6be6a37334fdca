// The null call through the runtime: co_await on a generated client, alone and with 32 calls under way at once. The lines
// are those of bench/programs/micro: minimum, median and maximum of five rounds, in hundredths of an instruction.
#include <algorithm>
#include <array>

#include "runtime/event.hpp"
#include "runtime/executor.hpp"
#include "runtime/grants.hpp"
#include "runtime/log.hpp"
#include "schema/ipc.client.hpp"

namespace capos::coroutine_bench {

namespace {

constexpr std::uint32_t kRounds = 5;
constexpr std::uint32_t kTimes = 1000;
constexpr std::uint32_t kBatch = 32;

// Under -icount shift=0 a tick of the time stamp counter is an executed instruction.
std::uint64_t ticks() {
    std::uint32_t low, high;
    asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return static_cast<std::uint64_t>(high) << 32 | low;
}

void report(std::string_view name, std::array<std::uint64_t, kRounds>& results) {
    std::ranges::sort(results, [](std::uint64_t a, std::uint64_t b) { return a < b; });
    rt::log_info("MICRO {} {} {} {}", name, results[0], results[kRounds / 2], results[kRounds - 1]);
}

rt::Task<Result<void>> alone(const client::Notification& notification) {
    std::array<std::uint64_t, kRounds> results{};
    for (std::uint32_t round = 0; round <= kRounds; ++round) {
        const std::uint64_t from = ticks();
        for (std::uint32_t i = 0; i < kTimes; ++i)
            CO_TRY(co_await notification.signal(0, {.reply_bytes = 64}));
        if (round != 0)
            results[round - 1] = (ticks() - from) * 100 / kTimes;
    }
    report("null-call-co-await", results);
    co_return {};
}

rt::Task<void> one_of_many(const client::Notification& notification, std::uint32_t& running, rt::Event& done) {
    (void)co_await notification.signal(0, {.reply_bytes = 64});
    if (--running == 0)
        done.signal();
}

rt::Task<Result<void>> together(const client::Notification& notification) {
    std::array<std::uint64_t, kRounds> results{};
    rt::Event done;
    for (std::uint32_t round = 0; round <= kRounds; ++round) {
        const std::uint64_t from = ticks();
        for (std::uint32_t i = 0; i < kTimes / kBatch; ++i) {
            std::uint32_t running = kBatch;
            for (std::uint32_t call = 0; call < kBatch; ++call)
                if (!rt::try_spawn(one_of_many(notification, running, done)))
                    co_return Error::OutOfMemory;
            (void)co_await done;
        }
        if (round != 0)
            results[round - 1] = (ticks() - from) * 100 / (kTimes / kBatch * kBatch);
    }
    report("null-call-co-await-in-32", results);
    co_return {};
}

rt::Task<Result<void>> measure() {
    const auto factory = CO_TRY(rt::grants().take<schema::NotificationFactory>("notifications"));
    auto created = CO_TRY(co_await factory.create());
    const auto notification = CO_TRY(created.take<schema::Notification>(created->notification()));
    CO_TRY(co_await alone(notification));
    CO_TRY(co_await together(notification));
    co_return {};
}

rt::Task<int> run() {
    const auto measured = co_await measure();
    if (!measured)
        rt::log_error("MICRO-ERROR {}", measured.error());
    rt::log_info("MICRO-END-COROUTINE");
    co_return measured ? 0 : 1;
}

}  // namespace

}  // namespace capos::coroutine_bench

capos::rt::Task<int> capos_main() { return capos::coroutine_bench::run(); }
