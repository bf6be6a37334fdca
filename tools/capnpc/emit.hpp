// Writers of the parts of a generated header.
#pragma once

#include <ostream>

#include "tools/capnpc/model.hpp"

namespace capnpc {

// `schema/<file>.capnp.hpp`: readers, builders, interface tags, dispatch.
void emit_schema_header(std::ostream& out, const Model& model, const File& file);

// `schema/<file>.client.hpp`: client handles.
void emit_client_header(std::ostream& out, const Model& model, const File& file);

// `schema/names.hpp`: the table of interface and method names.
void emit_names_header(std::ostream& out, const Model& model);

// The first lines of every generated file.
void emit_preamble(std::ostream& out, const std::string& source);

// The declaration of a struct, enum, group or interface and of all inside it: complete tags, classes only named.
void emit_declaration(std::ostream& out, const Model& model, Node node, const std::string& indent);

// The classes Reader and Builder of a struct or group, and then what can only be written when all of them are known.
void emit_struct_classes(std::ostream& out, const Model& model, Node node);
void emit_struct_bodies(std::ostream& out, const Model& model, Node node);

// The concept and the dispatch function of an interface.
void emit_interface_bodies(std::ostream& out, const Model& model, Node node);

// Every node of a file in the order of the schema, outer before inner.
std::vector<Node> all_nodes(const Model& model, const File& file);

}  // namespace capnpc
