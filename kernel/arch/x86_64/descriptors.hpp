// Segment, interrupt and task-state descriptors, and the system call registers.
#pragma once

namespace capos::kernel::arch {

// After it exceptions are caught and GS finds this_cpu().
void load_descriptors();
// After it user mode may use SYSCALL.
void enable_system_calls();

}  // namespace capos::kernel::arch
