// For tests: writes lines through the `lines` grant, and shows that errors come back as what they are. With the option
// die=fault it ends in a write to address 0x10; die=exit ends with status 3; otherwise it stays.
#include <string_view>

#include "runtime/event.hpp"
#include "runtime/executor.hpp"
#include "runtime/grants.hpp"
#include "runtime/log.hpp"
#include "runtime/task.hpp"
#include "schema/system.client.hpp"

using namespace capos;

namespace {

rt::Task<Result<void>> write_lines(const client::Log& lines) {
    // Two calls under way at once.
    auto first = lines.write(schema::Log::Level::info, "one");
    auto second = lines.write(schema::Log::Level::info, "two");
    CO_TRY(co_await first);
    CO_TRY(co_await second);
    char long_text[300];
    for (char& c : long_text) c = 'x';
    auto refused = co_await lines.write(schema::Log::Level::info, {long_text, sizeof long_text});
    rt::log_info("a line of 300 bytes: {}", refused ? Error::None : refused.error());
    co_return {};
}

[[gnu::noinline]] void fault() { *reinterpret_cast<volatile int*>(0x10) = 1; }

}  // namespace

rt::Task<int> capos_main() {
    auto lines = rt::grants().take<schema::Log>("lines");
    if (!lines) co_return 1;
    if (auto written = co_await write_lines(*lines); !written) {
        rt::log_error("lines: {}", written.error());
        co_return 2;
    }
    const std::uint64_t before = rt::now_ns();
    co_await rt::sleep_for(20 * rt::kMillisecond);
    rt::log_info("slept {}", rt::now_ns() - before >= 20 * rt::kMillisecond ? "long enough" : "too little");
    if (rt::option("die") == "fault") fault();
    if (rt::option("die") == "exit") co_return 3;
    rt::Event never;
    (void)co_await never.wait();
    co_return 0;
}
