// kill, restart, poweroff, reboot.
#include "runtime/executor.hpp"
#include "runtime/time.hpp"
#include "services/shell/commands.hpp"

namespace capos::shell {

namespace {

using Outcome = schema::ServiceControl::Outcome;
using Then = schema::ServiceControl::Then;

constexpr std::string_view kInit = "init";
constexpr std::uint64_t kShutdownPatienceNs = 30 * rt::kSecond;

// Says that there is no such service, and which there are.
rt::Task<void> say_unknown(const Context& context, std::string_view name) {
    Output& out = context.out;
    if (name == kInit) {
        out << "init is no service: it starts the services, and all would go down with it\n";
        co_return;
    }
    out << "there is no service \"" << name << '"';
    if (const auto services = co_await context.held.services.list(large_answer())) {
        bool first = true;
        for (const auto service : (*services)->services()) {
            out << (first ? "; there are: " : ", ") << service.name();
            first = false;
        }
    }
    out << '\n';
}

rt::Task<void> print_outcome(const Context& context, Outcome outcome, std::string_view done) {
    Output& out = context.out;
    const std::string_view name = context.words.argument(0);
    out << context.words.first() << ": ";
    switch (outcome) {
    case Outcome::done: out << name << ' ' << done << '\n'; break;
    case Outcome::no_such_service: co_await say_unknown(context, name); break;
    case Outcome::not_running: out << name << " does not run; try: restart " << name << '\n'; break;
    case Outcome::refused: out << "the kernel did not end " << name << "; dmesg may say why\n"; break;
    case Outcome::waiting_for_device:
        out << name << " does not run: it waits for its device, and this machine has none\n";
        break;
    case Outcome::not_started: out << name << " has ended and is not up again; dmesg says why\n"; break;
    default: out << "init answered with something this shell does not know\n";
    }
}

// Through init, which ends the services in order first, and this shell among them: it only has to wait.
rt::Task<void> shut_down(const Context& context, Then then) {
    const auto reply = co_await context.held.control.shut_down(then, small_answer());
    if (!reply)
        co_return context.report("control", reply.error());
    co_await rt::sleep_for(kShutdownPatienceNs);
    context.out << context.words.first() << ": the machine is still on; dmesg says why\n";
}

}  // namespace

rt::Task<void> run_kill(const Context& context) {
    if (!context.has(context.held.control, "control", "ServiceControl"))
        co_return;
    const auto reply = co_await context.held.control.kill(context.words.argument(0), small_answer());
    if (!reply)
        co_return context.report("control", reply.error());
    co_await print_outcome(context, (*reply)->outcome(), "ended");
}

rt::Task<void> run_restart(const Context& context) {
    if (!context.has(context.held.control, "control", "ServiceControl"))
        co_return;
    const auto reply = co_await context.held.control.restart(context.words.argument(0), small_answer());
    if (!reply)
        co_return context.report("control", reply.error());
    co_await print_outcome(context, (*reply)->outcome(), "started again");
}

// In rescue mode there is nothing to end in order, and the shell holds the power itself.
rt::Task<void> run_poweroff(const Context& context) {
    if (!context.held.control && !context.has(context.held.power, "power", "Power"))
        co_return;
    context.out << "switching off\n";
    co_await context.out.flush();
    if (context.held.control)
        co_return co_await shut_down(context, Then::power_off);
    const auto reply = co_await context.held.power.off(small_answer());
    if (!reply)
        context.report("power", reply.error());
}

rt::Task<void> run_reboot(const Context& context) {
    if (!context.held.control && !context.has(context.held.power, "power", "Power"))
        co_return;
    context.out << "starting anew\n";
    co_await context.out.flush();
    if (context.held.control)
        co_return co_await shut_down(context, Then::reset);
    const auto reply = co_await context.held.power.reset(small_answer());
    if (!reply)
        context.report("power", reply.error());
}

}  // namespace capos::shell
