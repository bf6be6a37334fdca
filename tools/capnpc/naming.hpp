// How schema names become C++ names.
#pragma once

#include <string>
#include <string_view>

namespace capnpc {

// camelCase to snake_case; a C++ keyword gets a trailing underscore. "linkUp" -> "link_up", "export" -> "export_".
std::string snake_case(std::string_view name);

// The same without regard to keywords, for names that get a prefix or suffix: "export" -> "export" in "set_export".
std::string plain_snake_case(std::string_view name);

// First letter upper case: the type of a group field. "source" -> "Source".
std::string pascal_case(std::string_view name);

// `text` as a C++ string literal with quotes.
std::string quoted(std::string_view text);

// `text` as // comment lines with `indent` before each; empty for no text.
std::string comment(std::string_view text, std::string_view indent);

}  // namespace capnpc
