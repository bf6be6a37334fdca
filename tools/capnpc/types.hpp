// How schema types become C++ types.
#pragma once

#include <string>

#include "tools/capnpc/model.hpp"

namespace capnpc {

enum class Shape { Void, Bool, Number, Enum, Text, Data, Struct, List, Capability, Unsupported };

Shape shape_of(Type type);

inline bool is_pointer(Type type) {
    const Shape shape = shape_of(type);
    return shape != Shape::Void && shape != Shape::Bool && shape != Shape::Number && shape != Shape::Enum;
}

// Bits of a Number or Enum.
unsigned bits_of(Type type);

// "std::uint32_t", "schema::Log::Level".
std::string scalar_type(const Model& model, Type type);

// The tag that ListReader and ListBuilder take: "wire::Text", "schema::Route", "wire::List<bool>".
std::string element_tag(const Model& model, Type type);

// What a reader's accessor returns.
std::string reader_type(const Model& model, Type type);

// A field's default as a C++ expression; empty when it is zero, false or empty.
std::string default_expression(const Model& model, Field field);

// How many capabilities a message of this struct can carry, at most `most`.
unsigned capability_count(const Model& model, Node node, unsigned most);

}  // namespace capnpc
