// The notices of the software in the image, as the boot bundle carries them.
#pragma once

#include <string_view>

#include "runtime/task.hpp"

namespace capos::web {

// The text of the grant "licenses", mapped read-only for as long as the program runs; empty without that grant or
// without the grant "addressSpace" to map it with. What goes wrong is logged.
rt::Task<std::string_view> open_licenses();

}  // namespace capos::web
