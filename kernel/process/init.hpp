// The first process: loaded by the kernel from the boot bundle, given everything, and started anew when it dies.
#pragma once

namespace capos::kernel {

// Loads and starts init; panics with the reason when it cannot. Called at boot and after init's death.
void start_init();

}  // namespace capos::kernel
