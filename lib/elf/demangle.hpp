// Makes a mangled C++ function name readable: its qualified name, without parameters (Itanium C++ ABI, 5.1).
#pragma once

#include <string_view>

#include "lib/base/text.hpp"

namespace capos::elf {

// Writes "capos::rt::Executor::turn" for "_ZN5capos2rt8Executor4turnEv". What is not understood is written as it is.
void demangle(TextWriter& out, std::string_view symbol);

}  // namespace capos::elf
