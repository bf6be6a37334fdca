#include "tools/capnpc/emit.hpp"
#include "tools/capnpc/naming.hpp"

namespace capnpc {

namespace {

std::string hexadecimal(std::uint64_t value) {
    static const char kDigits[] = "0123456789abcdef";
    std::string text = "0x";
    for (int shift = 60; shift >= 0; shift -= 4)
        text += kDigits[(value >> shift) & 15];
    return text;
}

void emit_enum(std::ostream& out, const Model& model, Node node, const std::string& indent) {
    out << comment(model.docs(node.getId()), indent);
    out << indent << "enum class " << model.simple_name(node.getId()) << " : std::uint16_t {\n";
    unsigned index = 0;
    for (const auto enumerant : node.getEnum().getEnumerants()) {
        out << comment(model.member_docs(node.getId(), index), indent + "    ");
        out << indent << "    " << snake_case(enumerant.getName().cStr()) << " = " << index << ",\n";
        ++index;
    }
    out << indent << "};\n";
}

void emit_children(std::ostream& out, const Model& model, Node node, const std::string& indent) {
    for (const Node child : model.children(node)) {
        out << "\n";
        emit_declaration(out, model, child, indent);
    }
}

void emit_struct(std::ostream& out, const Model& model, Node node, const std::string& indent) {
    const auto structure = node.getStruct();
    const std::string inner = indent + "    ";
    out << comment(model.docs(node.getId()), indent);
    out << indent << "struct " << model.simple_name(node.getId()) << " {\n";
    if (!structure.getIsGroup())
        out << inner << "static constexpr std::uint64_t kTypeId = " << hexadecimal(node.getId()) << ";\n";
    out << inner << "static constexpr std::uint16_t kDataWords = " << structure.getDataWordCount() << ";\n";
    out << inner << "static constexpr std::uint16_t kPointers = " << structure.getPointerCount() << ";\n";
    if (structure.getDiscriminantCount() != 0) {
        out << inner << "enum class Which : std::uint16_t {\n";
        for (const Field field : structure.getFields())
            if (in_union(field))
                out << inner << "    " << snake_case(field.getName().cStr()) << " = " << field.getDiscriminantValue()
                    << ",\n";
        out << inner << "};\n";
    }
    out << inner << "class Reader;\n" << inner << "class Builder;\n";
    out << inner << "static bool validate(wire::Validator& validator, const wire::StructReader& fields);\n";
    emit_children(out, model, node, inner);
    out << indent << "};\n";
}

void emit_interface(std::ostream& out, const Model& model, Node node, const std::string& indent) {
    const std::string inner = indent + "    ";
    const std::string name = model.simple_name(node.getId());
    out << comment(model.docs(node.getId()), indent);
    out << indent << "struct " << name << " {\n";
    out << inner << "static constexpr std::uint64_t kInterfaceId = " << hexadecimal(node.getId()) << ";\n";
    out << inner << "static constexpr std::string_view kName = " << quoted(name) << ";\n";
    out << inner << "enum class Method : std::uint16_t {\n";
    unsigned index = 0;
    for (const Method method : node.getInterface().getMethods()) {
        out << comment(model.member_docs(node.getId(), index), inner + "    ");
        out << inner << "    " << snake_case(method.getName().cStr()) << " = " << index++ << ",\n";
    }
    out << inner << "};\n";
    emit_children(out, model, node, inner);
    out << "\n" << inner << "// Calls the server's function for the request in `context`.\n";
    out << inner << "template <class Server, class Context>\n";
    out << inner << "static typename Context::Outcome dispatch(Server& server, Context& context);\n";
    out << indent << "};\n";
}

}  // namespace

void emit_declaration(std::ostream& out, const Model& model, Node node, const std::string& indent) {
    if (node.isEnum())
        emit_enum(out, model, node, indent);
    else if (node.isStruct())
        emit_struct(out, model, node, indent);
    else
        emit_interface(out, model, node, indent);
}

}  // namespace capnpc
