// Which sources this kernel was built from.
#pragma once

#include <string_view>

namespace capos::kernel {

extern const std::string_view kVersion;   // "git describe --always --dirty", or "unknown" outside a repository

}  // namespace capos::kernel
