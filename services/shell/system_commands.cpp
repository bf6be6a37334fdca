// boot, dmesg, uptime, version.
#include <algorithm>
#include <array>

#include "lib/text/number.hpp"
#include "lib/text/quantity.hpp"
#include "lib/text/table.hpp"
#include "runtime/executor.hpp"
#include "runtime/time.hpp"
#include "services/shell/commands.hpp"
#include "services/shell/timeline.hpp"

namespace capos::shell {

namespace {

using text::Align;
using text::Column;
using text::Duration;
using text::Table;

constexpr std::size_t kBarWidth = 28;
constexpr std::array<Column, 4> kStepColumns = {
    Column{"STEP", 26}, Column{"AT", 9, Align::Right}, Column{"TOOK", 9, Align::Right}, Column{"", kBarWidth}};
static_assert(text::table_width(kStepColumns) <= 80);

struct LogWalk {
    std::uint64_t lines = 0;
    Error error = Error::None;
};

// Prints the lines of the log after the first `skip`, or only counts them. Ctrl-C ends it.
rt::Task<LogWalk> walk_log(const Context& context, std::uint64_t skip, bool print) {
    LogWalk walk;
    std::uint64_t from = 0;
    for (;;) {
        const auto reply = co_await context.held.system.log(from, large_answer());
        if (!reply) {
            walk.error = reply.error();
            co_return walk;
        }
        std::string_view text = (*reply)->text();
        if (print && (*reply)->lost() != 0 && from == 0)
            context.out << "(" << (*reply)->lost() << " older lines are gone)\n";
        while (!text.empty()) {
            const std::size_t end = std::min(text.find('\n'), text.size());
            if (walk.lines++ >= skip && print) {
                // Set off by a space: a line at the very left comes from the kernel itself.
                context.out << ' ' << text.substr(0, end) << '\n';
                co_await context.out.flush_when_full();
            }
            text.remove_prefix(std::min(end + 1, text.size()));
        }
        if ((*reply)->text().empty() || (*reply)->next() <= from || context.input.interrupted())
            co_return walk;
        from = (*reply)->next();
    }
}

}  // namespace

rt::Task<void> run_boot(const Context& context) {
    Output& out = context.out;
    if (!context.has(context.held.system, "system", "SystemInfo"))
        co_return;
    Timeline timeline;
    {
        const auto reply = co_await context.held.system.boot_steps(large_answer());
        if (!reply)
            co_return context.report("system", reply.error());
        for (const auto step : (*reply)->steps())
            timeline.add(step.name(), "", step.at_ns());
    }
    // What follows the kernel's own steps, as far as it is still known: a service that was started again has another
    // time now.
    if (const auto services = co_await context.held.services.list(large_answer()))
        for (const auto service : (*services)->services())
            if (service.pid() != 0 && service.restarts() == 0)
                timeline.add(service.name(), " started", service.started_ns());
    if (const auto config = co_await context.held.manager.config(small_answer()))
        if ((*config)->address() != 0)
            timeline.add("address bound", "", (*config)->bound_at_ns());

    const std::uint64_t total = std::max<std::uint64_t>(timeline.end_ns(), 1);
    Table table(out.text(), kStepColumns);
    table.header();
    std::uint64_t before = 0;
    for (std::size_t number = 0; number < timeline.size(); ++number) {
        const Timeline::Step& step = timeline.step(number);
        FixedText<kBarWidth> bar;
        const std::uint64_t start = before * kBarWidth / total;
        const std::uint64_t end = std::max(step.at_ns * kBarWidth / total, start + 1);
        for (std::uint64_t i = 0; i < end && i < kBarWidth; ++i)
            bar << (i < start ? ' ' : '#');
        table.cell(step.name.view()).cell(Duration{step.at_ns}).cell(Duration{step.at_ns - before}).cell(bar.view());
        before = step.at_ns;
        co_await out.flush_when_full();
    }
}

rt::Task<void> run_dmesg(const Context& context) {
    if (!context.has(context.held.system, "system", "SystemInfo"))
        co_return;
    std::uint64_t skip = 0;
    if (context.words.arguments() == 1) {
        const auto wanted = text::parse_decimal(context.words.argument(0), 1'000'000);
        if (!wanted) {
            context.out << "dmesg: LINES is a number. Example: " << find_command("dmesg")->example << '\n';
            co_return;
        }
        const LogWalk counted = co_await walk_log(context, ~std::uint64_t{0}, false);
        skip = counted.lines > *wanted ? counted.lines - *wanted : 0;
    }
    const LogWalk walk = co_await walk_log(context, skip, true);
    if (walk.error != Error::None)
        context.report("system", walk.error);
}

rt::Task<void> run_uptime(const Context& context) {
    if (!context.has(context.held.system, "system", "SystemInfo"))
        co_return;
    const auto overview = co_await context.held.system.overview(large_answer());
    if (!overview)
        co_return context.report("system", overview.error());
    context.out << "up " << text::Uptime{(*overview)->uptime_ns()} << '\n';
}

rt::Task<void> run_version(const Context& context) {
    Output& out = context.out;
    if (!context.has(context.held.system, "system", "SystemInfo"))
        co_return;
    const auto reply = co_await context.held.system.overview(large_answer());
    if (!reply)
        co_return context.report("system", reply.error());
    const auto& overview = **reply;
    out << "capOS " << overview.version() << ", image " << overview.image_id() << ", booted by "
        << overview.boot_protocol() << '\n';
    out << overview.cpu_model() << ", " << overview.cpus_used() << " of " << overview.cpus_present()
        << " processors used, TSC " << overview.tsc_hz() / 1'000'000 << " MHz by " << overview.clock_source() << '\n';
    for (const auto mitigation : overview.mitigations()) {
        out << (mitigation.active() ? "  on   " : "  off  ") << mitigation.name();
        if (!mitigation.note().empty())
            out << ": " << mitigation.note();
        out << '\n';
    }
}

}  // namespace capos::shell
