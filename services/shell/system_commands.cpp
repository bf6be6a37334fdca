// boot, dmesg, uptime, version, kill, restart, poweroff, reboot.
#include <algorithm>
#include <array>

#include "lib/text/number.hpp"
#include "lib/text/quantity.hpp"
#include "lib/text/table.hpp"
#include "runtime/executor.hpp"
#include "runtime/time.hpp"
#include "services/shell/commands.hpp"

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

using Outcome = schema::ServiceControl::Outcome;

void print_outcome(const Context& context, Outcome outcome) {
    Output& out = context.out;
    const std::string_view name = context.words.argument(0);
    out << context.words.first() << ": ";
    switch (outcome) {
    case Outcome::done: out << name << " ended" << (context.words.first() == "restart" ? " and started again\n" : "\n"); break;
    case Outcome::no_such_service: out << "there is no service \"" << name << "\"; ps lists them\n"; break;
    case Outcome::not_running: out << name << " does not run; try: restart " << name << '\n'; break;
    case Outcome::refused: out << "init refused; dmesg says why\n"; break;
    default: out << "init answered with something this shell does not know\n";
    }
}

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
    const auto reply = co_await context.held.system.boot_steps(large_answer());
    if (!reply)
        co_return context.report("system", reply.error());
    const auto steps = (*reply)->steps();
    std::uint64_t total = 1;
    for (const auto step : steps)
        total = std::max(total, step.at_ns());
    Table table(out.text(), kStepColumns);
    table.header();
    std::uint64_t before = 0;
    for (const auto step : steps) {
        const std::uint64_t took = step.at_ns() >= before ? step.at_ns() - before : 0;
        FixedText<kBarWidth> bar;
        const std::uint64_t start = before * kBarWidth / total;
        const std::uint64_t end = std::max(step.at_ns() * kBarWidth / total, start + 1);
        for (std::uint64_t i = 0; i < end && i < kBarWidth; ++i)
            bar << (i < start ? ' ' : '#');
        table.cell(step.name()).cell(Duration{step.at_ns()}).cell(Duration{took}).cell(bar.view());
        before = step.at_ns();
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

rt::Task<void> run_kill(const Context& context) {
    if (!context.has(context.held.control, "control", "ServiceControl"))
        co_return;
    const auto reply = co_await context.held.control.kill(context.words.argument(0), small_answer());
    if (!reply)
        co_return context.report("control", reply.error());
    print_outcome(context, (*reply)->outcome());
}

rt::Task<void> run_restart(const Context& context) {
    if (!context.has(context.held.control, "control", "ServiceControl"))
        co_return;
    const auto reply = co_await context.held.control.restart(context.words.argument(0), small_answer());
    if (!reply)
        co_return context.report("control", reply.error());
    print_outcome(context, (*reply)->outcome());
}

rt::Task<void> run_poweroff(const Context& context) {
    if (!context.has(context.held.power, "power", "Power"))
        co_return;
    context.out << "switching off\n";
    co_await context.out.flush();
    const auto reply = co_await context.held.power.off(small_answer());
    if (!reply)
        co_return context.report("power", reply.error());
    context.out << "poweroff: the machine is still on; its firmware has no such switch. Try: reboot\n";
}

rt::Task<void> run_reboot(const Context& context) {
    if (!context.has(context.held.power, "power", "Power"))
        co_return;
    context.out << "starting anew\n";
    co_await context.out.flush();
    const auto reply = co_await context.held.power.reset(small_answer());
    if (!reply)
        context.report("power", reply.error());
}

}  // namespace capos::shell
