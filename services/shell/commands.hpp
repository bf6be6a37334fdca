// What the commands do. Each prints to the context's output and ends.
#pragma once

#include "runtime/task.hpp"
#include "services/shell/context.hpp"

namespace capos::shell {

rt::Task<void> run_boot(const Context& context);
rt::Task<void> run_caps(const Context& context);
rt::Task<void> run_crashes(const Context& context);
rt::Task<void> run_dmesg(const Context& context);
rt::Task<void> run_help(const Context& context);
rt::Task<void> run_kill(const Context& context);
rt::Task<void> run_mem(const Context& context);
rt::Task<void> run_net(const Context& context);
rt::Task<void> run_ping(const Context& context);
rt::Task<void> run_poweroff(const Context& context);
rt::Task<void> run_ps(const Context& context);
rt::Task<void> run_reboot(const Context& context);
rt::Task<void> run_restart(const Context& context);
rt::Task<void> run_uptime(const Context& context);
rt::Task<void> run_version(const Context& context);

// Whether the command was given as many arguments as it takes; if not, that is said.
bool arguments_fit(const CommandHelp& command, const Context& context);

// The command as a task to be awaited; one that is not valid() when there is no memory for it.
rt::Task<void> run_command(const CommandHelp& command, const Context& context);

// Room for a small and for a large answer, and how long the shell waits for one.
rt::CallOptions small_answer();
rt::CallOptions large_answer();

}  // namespace capos::shell
