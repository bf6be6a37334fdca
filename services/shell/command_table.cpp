#include "services/shell/command_table.hpp"

#include <algorithm>

namespace capos::shell {

namespace {

constexpr std::array kCommands = {
    CommandHelp{Command::Boot, "boot", "boot", "where start-up time went, step by step",
                "Each step with the time from the kernel's first instruction to its end, and\n"
                "how long it took: the kernel's own steps, then the services that have run\n"
                "ever since, and the network's address.\n",
                "boot"},
    CommandHelp{Command::Caps, "caps", "caps NAME", "the capabilities that a process holds",
                "Everything that the process can reach: one line for each capability with its\n"
                "handle, the interface it was granted as and the object behind it. What another\n"
                "service serves is SERVICE.EXPORT with the number that tells its holders apart.\n"
                "NAME is a process as ps lists it, or its pid.\n",
                "caps web", Argument::Service, 1, 1},
    CommandHelp{Command::Crashes, "crashes", "crashes", "the last processes that faulted, with backtraces",
                "The last eight crash records, newest first: process, time, fault, instruction\n"
                "and backtrace.\n",
                "crashes"},
    CommandHelp{Command::Dmesg, "dmesg", "dmesg [LINES]", "the log, oldest line first",
                "What the kernel keeps of the log. With LINES only that many of the last lines.\n",
                "dmesg 20", Argument::None, 0, 1},
    CommandHelp{Command::Help, "help", "help [COMMAND]", "this list, or more about one command",
                "Without an argument all commands; with one, what that command does.\n",
                "help ping", Argument::Command, 0, 1},
    CommandHelp{Command::Kill, "kill", "kill NAME", "end a service; its restart policy says what follows",
                "The service ends at once, as if it had crashed. Services with the policy\n"
                "`always` come back; a kill does not count as a crash.\n",
                "kill virtio-net", Argument::Service, 1, 1},
    CommandHelp{Command::Mem, "mem", "mem", "memory: free, used, and by whose ledger",
                "The machine's memory and what each process has been charged: pages, kernel\n"
                "objects and capability slots, each with its limit.\n",
                "mem"},
    CommandHelp{Command::Net, "net", "net", "addresses, routes, neighbours, connections, counters",
                "The state of the network as the stack sees it.\n",
                "net"},
    CommandHelp{Command::Ping, "ping", "ping ADDRESS [COUNT]", "echo requests to an IPv4 address",
                "Sends COUNT echo requests (4, at most 1000), one a second, and prints each\n"
                "answer. Ctrl-C ends it.\n",
                "ping 10.0.2.2 3", Argument::Address, 1, 2},
    CommandHelp{Command::Poweroff, "poweroff", "poweroff", "switch the machine off",
                "Ends the services, the last of the manifest first, then the machine through\n"
                "ACPI. There is no question in between. The power button does the same.\n",
                "poweroff"},
    CommandHelp{Command::Ps, "ps", "ps", "processes: state, processor time, memory",
                "One line for each process. MEMORY is what its ledger holds and how much of its\n"
                "limit that is; OPS counts what it asked of the kernel, REFUSED what it was\n"
                "refused.\n",
                "ps"},
    CommandHelp{Command::Reboot, "reboot", "reboot", "reset the machine",
                "Ends the services, the last of the manifest first, then starts the machine\n"
                "anew. There is no question in between.\n",
                "reboot"},
    CommandHelp{Command::Restart, "restart", "restart NAME", "end a service and start it at once",
                "Like kill, but the service starts again whatever its policy says.\n",
                "restart netstack", Argument::Service, 1, 1},
    CommandHelp{Command::Uptime, "uptime", "uptime", "how long the machine has been up",
                "The time since the kernel's first instruction.\n",
                "uptime"},
    CommandHelp{Command::Version, "version", "version", "kernel, image, processor, mitigations",
                "Which kernel and image run on what, and which mitigations are on.\n",
                "version"},
};

constexpr auto kNames = [] {
    std::array<std::string_view, kCommands.size()> names;
    std::ranges::transform(kCommands, names.begin(), &CommandHelp::name);
    return names;
}();

}  // namespace

std::span<const CommandHelp> commands() { return kCommands; }
std::span<const std::string_view> command_names() { return kNames; }

const CommandHelp* find_command(std::string_view name) {
    const auto found = std::ranges::find(kCommands, name, &CommandHelp::name);
    return found == kCommands.end() ? nullptr : &*found;
}

Words split(std::string_view line) {
    Words words;
    while (!line.empty()) {
        const std::size_t start = line.find_first_not_of(' ');
        if (start == std::string_view::npos)
            break;
        line.remove_prefix(start);
        const std::size_t end = std::min(line.find(' '), line.size());
        if (words.count < Words::kMost)
            words.word[words.count] = line.substr(0, end);
        ++words.count;
        line.remove_prefix(end);
    }
    return words;
}

}  // namespace capos::shell
