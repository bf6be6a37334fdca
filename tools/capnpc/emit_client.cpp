#include <sstream>

#include "tools/capnpc/emit.hpp"
#include "tools/capnpc/naming.hpp"
#include "tools/capnpc/types.hpp"

namespace capnpc {

namespace {

// Capabilities in one message, as abi/ring.hpp bounds them.
constexpr unsigned kMostCapabilities = 8;
// Parameters beyond which a call by position stops being readable.
constexpr unsigned kMostPositional = 6;

bool callable_by_position(Node params) {
    const auto structure = params.getStruct();
    if (structure.getFields().size() > kMostPositional || structure.getDiscriminantCount() != 0)
        return false;
    for (const Field field : structure.getFields()) {
        if (field.isGroup())
            return false;
        const Shape shape = shape_of(field.getSlot().getType());
        if (shape == Shape::Struct || shape == Shape::List || shape == Shape::Void || shape == Shape::Unsupported)
            return false;
    }
    return true;
}

void emit_positional(std::ostream& out, const Model& model, Method method, Node params) {
    std::ostringstream arguments;
    std::ostringstream captures;
    std::ostringstream statements;
    std::string options = "options";
    bool sends = false;
    for (const Field field : params.getStruct().getFields()) {
        const Type type = field.getSlot().getType();
        const std::string argument = snake_case(field.getName().cStr());
        const std::string plain = plain_snake_case(field.getName().cStr());
        if (argument == options)
            options = "call_options";
        captures << (captures.str().empty() ? "" : ", ");
        if (shape_of(type) == Shape::Capability) {
            sends = true;
            arguments << "rt::Sent " << argument << ", ";
            captures << argument << " = std::move(" << argument << ")";
            statements << "                to_send.set_" << plain << "(outgoing.add(std::move(" << argument
                       << ")));\n";
        } else {
            arguments << reader_type(model, type) << " " << argument << ", ";
            captures << argument;
            statements << "                to_send.set_" << plain << "(" << argument << ");\n";
        }
    }
    out << "    auto " << snake_case(method.getName().cStr()) << "(" << arguments.str() << "rt::CallOptions " << options << " = {}) const {\n";
    out << "        return " << plain_snake_case(method.getName().cStr()) << "_with(\n            [" << captures.str() << "]([[maybe_unused]] "
        << model.qualified(params.getId()) << "::Builder& to_send, [[maybe_unused]] rt::Outgoing& outgoing)"
        << (sends ? " mutable" : "") << " {\n"
        << statements.str() << "            },\n            " << options << ");\n    }\n";
}

void emit_client(std::ostream& out, const Model& model, Node node) {
    const std::string name = model.simple_name(node.getId());
    out << "\n" << comment(model.docs(node.getId()), "");
    out << "class " << name << " : public rt::Client {\npublic:\n    using Interface = "
        << model.qualified(node.getId()) << ";\n    using rt::Client::Client;\n";
    unsigned ordinal = 0;
    for (const Method method : node.getInterface().getMethods()) {
        const std::string plain = plain_snake_case(method.getName().cStr());
        const Node params = model.node(method.getParamStructType());
        const Node results = model.node(method.getResultStructType());
        out << "\n" << comment(model.member_docs(node.getId(), ordinal), "    ");
        out << "    template <class Fill>\n    auto " << plain
            << "_with(Fill&& fill, rt::CallOptions options = {}) const {\n        return rt::call<"
            << model.qualified(params.getId()) << ", " << model.qualified(results.getId())
            << ">(*this, Interface::kInterfaceId, " << ordinal << ", "
            << capability_count(model, results, kMostCapabilities)
            << ", options, std::forward<Fill>(fill));\n    }\n";
        if (callable_by_position(params))
            emit_positional(out, model, method, params);
        ++ordinal;
    }
    out << "};\n";
}

}  // namespace

void emit_client_header(std::ostream& out, const Model& model, const File& file) {
    emit_preamble(out, file.name);
    out << "#include <utility>\n\n#include \"runtime/client.hpp\"\n#include \"" << file.name << ".hpp\"\n";
    for (const std::string& import : file.imports)
        out << "#include \"" << import.substr(0, import.rfind(".capnp")) << ".client.hpp\"\n";
    std::vector<Node> interfaces;
    for (const Node node : all_nodes(model, file))
        if (node.isInterface())
            interfaces.push_back(node);
    if (interfaces.empty())
        return;
    out << "\nnamespace capos::client {\n";
    for (const Node node : interfaces)
        emit_client(out, model, node);
    out << "\n}  // namespace capos::client\n\nnamespace capos::rt {\n\n";
    for (const Node node : interfaces)
        out << "template <>\nstruct ClientFor<" << model.qualified(node.getId()) << "> {\n    using type = client::"
            << model.simple_name(node.getId()) << ";\n};\n";
    out << "\n}  // namespace capos::rt\n";
}

}  // namespace capnpc
