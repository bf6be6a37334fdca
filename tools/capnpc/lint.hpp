// The house rules for schemas, and the limits of this generator.
#pragma once

#include <string>
#include <vector>

#include "tools/capnpc/model.hpp"

namespace capnpc {

// One message per broken rule, "file: Name: what is wrong"; empty when every requested file may be generated:
//   * an interface has a comment that says what it is;
//   * a method names its parameter and its result struct (no implicit ones, no streaming);
//   * no two names of a scope become the same C++ name, and none takes a generated one;
//   * nothing is used that the generator does not know: generics, inheritance, AnyPointer other than Capability,
//     defaults of structs, lists and data.
std::vector<std::string> lint(const Model& model);

}  // namespace capnpc
