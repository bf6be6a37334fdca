// The shell's commands as words: names, help and what somebody may have meant. What they do is in commands.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace capos::shell {

enum class Command : std::uint8_t {
    Boot, Caps, Crashes, Dmesg, Help, Kill, Mem, Net, Ping, Poweroff, Ps, Reboot, Restart, Uptime, Version,
};

// What a command's first argument names; decides what Tab offers.
enum class Argument : std::uint8_t { None, Service, Command, Address };

struct CommandHelp {
    Command command;
    std::string_view name;
    std::string_view usage;         // with its arguments
    std::string_view summary;       // half a line
    std::string_view explanation;   // whole lines of at most 78 characters
    std::string_view example;
    Argument argument = Argument::None;
    std::size_t least_arguments = 0;
    std::size_t most_arguments = 0;
};

// All commands, by name.
std::span<const CommandHelp> commands();
// The names of all commands.
std::span<const std::string_view> command_names();
// The command of that name; nullptr: none.
const CommandHelp* find_command(std::string_view name);

// A line cut at its spaces. More words than there are places are dropped and counted.
struct Words {
    static constexpr std::size_t kMost = 8;
    std::array<std::string_view, kMost> word;
    std::size_t count = 0;      // of words in the line, also of those dropped

    std::string_view first() const { return count != 0 ? word[0] : std::string_view(); }
    std::string_view argument(std::size_t index) const {
        return index + 1 < count && index + 1 < kMost ? word[index + 1] : std::string_view();
    }
    std::size_t arguments() const { return count == 0 ? 0 : count - 1; }
};
Words split(std::string_view line);

}  // namespace capos::shell
