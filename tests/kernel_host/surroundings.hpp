// What a test may set of the kernel's surroundings.
#pragma once

#include "kernel/boot/boot_info.hpp"

namespace capos::test {

// Where the boot loader put the bundle; none at first.
kernel::MemoryRange& boot_bundle_range();

}  // namespace capos::test
