// The fixed manifest for when the real one does not hold: the shell, with terminal, log, system information, time and
// power, and nothing else.
#pragma once

#include <string_view>

#include "lib/base/result.hpp"
#include "schema/manifest.capnp.hpp"

namespace capos::init {

inline constexpr std::string_view kRescueProgram = "shell";

// Valid for as long as the program runs.
Result<schema::Manifest::Reader> rescue_manifest();

}  // namespace capos::init
