#include "services/shell/commands.hpp"

#include "runtime/time.hpp"

namespace capos::shell {

namespace {
constexpr std::uint64_t kPatienceNs = 5 * rt::kSecond;

// Without a clock no deadline can be told.
std::uint64_t patience() { return rt::has_clock() ? rt::now_ns() + kPatienceNs : rt::kNoDeadline; }
}  // namespace

rt::CallOptions small_answer() { return {.reply_bytes = 1024 - 64, .deadline = patience()}; }
rt::CallOptions large_answer() { return {.reply_bytes = 16 * 1024 - 128, .deadline = patience()}; }

rt::Task<void> run_help(const Context& context) {
    Output& out = context.out;
    if (context.words.arguments() == 0) {
        for (const CommandHelp& command : commands()) {
            out << "  " << command.usage;
            for (std::size_t i = command.usage.size(); i < 22; ++i)
                out << ' ';
            out << command.summary << '\n';
        }
        out << "help COMMAND explains one. Tab completes, the arrows bring old lines back.\n";
        co_return;
    }
    const CommandHelp* command = find_command(context.words.argument(0));
    if (command == nullptr) {
        out << "help: there is no command \"" << context.words.argument(0) << "\"; help lists them.\n";
        co_return;
    }
    out << command->usage << ": " << command->summary << ".\n" << command->explanation << "Example: " << command->example
        << '\n';
}

bool arguments_fit(const CommandHelp& command, const Context& context) {
    const std::size_t arguments = context.words.arguments();
    if (arguments >= command.least_arguments && arguments <= command.most_arguments)
        return true;
    context.out << command.name << ": "
                << (arguments < command.least_arguments ? "an argument is missing" : "too many arguments")
                << ". Usage: " << command.usage << "   Example: " << command.example << '\n';
    return false;
}

rt::Task<void> run_command(const CommandHelp& command, const Context& context) {
    switch (command.command) {
    case Command::Boot: return run_boot(context);
    case Command::Caps: return run_caps(context);
    case Command::Crashes: return run_crashes(context);
    case Command::Dmesg: return run_dmesg(context);
    case Command::Help: return run_help(context);
    case Command::Kill: return run_kill(context);
    case Command::Mem: return run_mem(context);
    case Command::Net: return run_net(context);
    case Command::Ping: return run_ping(context);
    case Command::Poweroff: return run_poweroff(context);
    case Command::Ps: return run_ps(context);
    case Command::Reboot: return run_reboot(context);
    case Command::Restart: return run_restart(context);
    case Command::Uptime: return run_uptime(context);
    case Command::Version: return run_version(context);
    }
    return rt::Task<void>();
}

}  // namespace capos::shell
