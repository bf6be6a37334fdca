#include <sstream>

#include "tools/capnpc/emit.hpp"
#include "tools/capnpc/naming.hpp"
#include "tools/capnpc/types.hpp"

namespace capnpc {

namespace {


// One field with all that its accessors need.
struct Slot {
    Slot(const Model& model, Node owner, Field field_)
        : field(field_), name(snake_case(field_.getName().cStr())), plain(plain_snake_case(field_.getName().cStr())),
          united(in_union(field_)) {
        const auto structure = owner.getStruct();
        if (united) {
            std::ostringstream select;
            select << "fields_.set_scalar<std::uint16_t>(" << structure.getDiscriminantOffset() * 2 << ", "
                   << field.getDiscriminantValue() << ");";
            choose = select.str();
            guard = "which() != Which::" + name;
        }
        if (field.isGroup()) {
            group = model.simple_name(field.getGroup().getTypeId());
            return;
        }
        type = field.getSlot().getType();
        shape = shape_of(type);
        fallback = default_expression(model, field);
        index = field.getSlot().getOffset();
        if (is_pointer(type))
            offset = structure.getDataWordCount() * 8 + index * 8;
        else if (shape == Shape::Number || shape == Shape::Enum)
            offset = index * (bits_of(type) / 8);
    }

    Field field;
    std::string name;
    std::string plain;     // behind a prefix
    bool united;
    std::string choose;    // statement that makes this the active member of its union
    std::string guard;     // condition under which this is not the active member
    std::string group;     // type of a group field
    Type type;
    Shape shape = Shape::Void;
    std::string fallback;
    std::uint32_t index = 0;   // of the slot, as the schema counts
    std::uint32_t offset = 0;  // in bytes from the struct's start
};

std::string with_default(const Slot& slot) { return slot.fallback.empty() ? "" : ", " + slot.fallback; }

std::string read_expression(const Model& model, const Slot& slot) {
    std::ostringstream text;
    switch (slot.shape) {
    case Shape::Bool:
        text << "fields_.boolean(" << slot.index << with_default(slot) << ")";
        break;
    case Shape::Number:
    case Shape::Enum:
        text << "fields_.scalar<" << scalar_type(model, slot.type) << ">(" << slot.offset << with_default(slot) << ")";
        break;
    case Shape::Text:
        text << "fields_.text(" << slot.index << with_default(slot) << ")";
        break;
    case Shape::Data:
        text << "fields_.data(" << slot.index << ")";
        break;
    case Shape::Capability:
        text << "fields_.capability(" << slot.index << ")";
        break;
    case Shape::Struct:
        text << reader_type(model, slot.type) << "(fields_.structure(" << slot.index << "))";
        break;
    case Shape::List:
        text << "fields_.list<" << element_tag(model, slot.type.getList().getElementType()) << ">(" << slot.index
             << ")";
        break;
    case Shape::Void:
    case Shape::Unsupported:
        break;
    }
    return text.str();
}

// What an accessor of an inactive union member answers.
std::string inactive_value(const Slot& slot) { return slot.fallback.empty() ? "{}" : slot.fallback; }

bool defined_later(const Slot& slot) {
    return !slot.group.empty() || slot.shape == Shape::Struct || slot.shape == Shape::List;
}

std::string reader_result(const Model& model, const Slot& slot) {
    if (!slot.group.empty())
        return model.qualified(slot.field.getGroup().getTypeId()) + "::Reader";
    return reader_type(model, slot.type);
}

std::string reader_body(const Model& model, const Slot& slot) {
    std::string body = "{ ";
    if (slot.united)
        body += "if (" + slot.guard + ") return " + inactive_value(slot) + "; ";
    if (!slot.group.empty())
        body += "return " + reader_result(model, slot) + "(fields_); }";
    else
        body += "return " + read_expression(model, slot) + "; }";
    return body;
}

void emit_reader(std::ostream& out, const Model& model, Node node) {
    const auto structure = node.getStruct();
    out << "\nclass " << model.path(node.getId()) << "::Reader {\npublic:\n";
    out << "    constexpr Reader() = default;\n";
    out << "    constexpr explicit Reader(const wire::StructReader& fields) : fields_(fields) {}\n";
    if (structure.getDiscriminantCount() != 0)
        out << "    Which which() const { return static_cast<Which>(fields_.scalar<std::uint16_t>("
            << structure.getDiscriminantOffset() * 2 << ")); }\n";
    unsigned member = 0;
    for (const auto field : structure.getFields()) {
        const Slot slot(model, node, field);
        const std::string docs = model.member_docs(node.getId(), member++);
        if (slot.group.empty() && slot.shape == Shape::Void)
            continue;
        out << comment(docs, "    ") << "    " << reader_result(model, slot) << " " << slot.name << "() const";
        if (defined_later(slot))
            out << ";\n";
        else
            out << " " << reader_body(model, slot) << "\n";
        if (slot.group.empty() && is_pointer(slot.type)) {
            out << "    bool has_" << slot.plain << "() const { return ";
            if (slot.united)
                out << "which() == Which::" << slot.name << " && ";
            out << "fields_.has_pointer(" << slot.index << "); }\n";
        }
    }
    out << "\nprivate:\n    wire::StructReader fields_;\n};\n";
}

// Statements that give every field of a group its default, for choosing the group in a union.
void emit_clearing(std::ostream& out, const Model& model, Node group) {
    const auto structure = group.getStruct();
    if (structure.getDiscriminantCount() != 0)
        out << "    fields_.set_scalar<std::uint16_t>(" << structure.getDiscriminantOffset() * 2 << ", 0);\n";
    for (const auto field : structure.getFields()) {
        const Slot slot(model, group, field);
        if (!slot.group.empty())
            emit_clearing(out, model, model.node(field.getGroup().getTypeId()));
        else if (slot.shape == Shape::Bool)
            out << "    fields_.set_boolean(" << slot.index << ", false);\n";
        else if (slot.shape == Shape::Number || slot.shape == Shape::Enum)
            out << "    fields_.set_scalar<std::uint" << bits_of(slot.type) << "_t>(" << slot.offset << ", 0);\n";
        else if (slot.shape != Shape::Void)
            out << "    fields_.clear_pointer(" << slot.offset << ");\n";
    }
}

void emit_setters(std::ostream& out, const Model& model, const Slot& slot) {
    const std::string choose = slot.united ? slot.choose + " " : "";
    const std::string keep = slot.fallback.empty() ? "" : ", true";
    const auto function = [&](const std::string& head, const std::string& body) {
        out << "    " << head << " { " << choose << body << " }\n";
    };
    const std::string at = std::to_string(slot.offset);
    switch (slot.shape) {
    case Shape::Void:
        function("void set_" + slot.plain + "()", "");
        break;
    case Shape::Bool:
        function("void set_" + slot.plain + "(bool value)",
                 "fields_.set_boolean(" + std::to_string(slot.index) + ", value" + with_default(slot) + ");");
        break;
    case Shape::Number:
    case Shape::Enum: {
        const std::string type = scalar_type(model, slot.type);
        function("void set_" + slot.plain + "(" + type + " value)",
                 "fields_.set_scalar<" + type + ">(" + at + ", value" + with_default(slot) + ");");
        break;
    }
    case Shape::Text:
        function("void set_" + slot.plain + "(std::string_view value)",
                 "fields_.set_text(" + at + ", value" + keep + ");");
        break;
    case Shape::Data:
        function("void set_" + slot.plain + "(std::span<const std::byte> value)",
                 "fields_.set_data(" + at + ", value);");
        function("std::span<std::byte> init_" + slot.plain + "(std::size_t size)",
                 "return fields_.init_data(" + at + ", size, true);");
        function("std::span<std::byte> init_" + slot.plain + "_for_overwrite(std::size_t size)",
                 "return fields_.init_data(" + at + ", size, false);");
        out << "    void shrink_" << slot.plain << "(std::size_t size) { fields_.shrink_data(" << at << ", size); }\n";
        break;
    case Shape::Capability:
        function("void set_" + slot.plain + "(wire::CapabilityIndex value)",
                 "fields_.set_capability(" + at + ", value);");
        break;
    case Shape::Struct:
        out << "    " << model.qualified(slot.type.getStruct().getTypeId()) << "::Builder init_" << slot.plain
            << "();\n";
        break;
    case Shape::List:
        out << "    wire::ListBuilder<" << element_tag(model, slot.type.getList().getElementType()) << "> init_"
            << slot.plain << "(std::uint32_t count);\n";
        break;
    case Shape::Unsupported:
        break;
    }
}

void emit_builder(std::ostream& out, const Model& model, Node node) {
    out << "\nclass " << model.path(node.getId()) << "::Builder {\npublic:\n";
    out << "    explicit Builder(const wire::StructBuilder& fields) : fields_(fields) {}\n";
    out << "    Builder(wire::MessageBuilder* message, std::byte* data) : fields_(message, data) {}\n";
    out << "    Reader as_reader() const { return Reader(fields_.as_reader(kDataWords, kPointers)); }\n";
    for (const auto field : node.getStruct().getFields()) {
        const Slot slot(model, node, field);
        if (slot.group.empty())
            emit_setters(out, model, slot);
        else
            out << "    " << model.qualified(field.getGroup().getTypeId()) << "::Builder "
                << (slot.united ? "init_" : "") << slot.name << "();\n";
    }
    out << "\nprivate:\n    wire::StructBuilder fields_;\n};\n";
}

// The check of one pointer field as a condition; empty for fields without pointers to follow.
std::string validity(const Model& model, const Slot& slot) {
    const std::string at = "(fields.slot(" + std::to_string(slot.index) + "))";
    switch (slot.shape) {
    case Shape::Text:
        return "validator.text" + at;
    case Shape::Data:
        return "validator.data" + at;
    case Shape::Capability:
        return "validator.capability" + at;
    case Shape::Struct:
        return "validator.structure<" + model.qualified(slot.type.getStruct().getTypeId()) + ">" + at;
    case Shape::List:
        return "validator.list<" + element_tag(model, slot.type.getList().getElementType()) + ">" + at;
    default:
        return slot.group.empty() ? "" : slot.group + "::validate(validator, fields)";
    }
}

void emit_validate(std::ostream& out, const Model& model, Node node) {
    out << "\ninline bool " << model.path(node.getId())
        << "::validate([[maybe_unused]] wire::Validator& validator, [[maybe_unused]] const wire::StructReader& fields) "
           "{\n";
    std::string cases;
    for (const auto field : node.getStruct().getFields()) {
        const Slot slot(model, node, field);
        const std::string condition = validity(model, slot);
        if (condition.empty())
            continue;
        if (slot.united)
            cases += "    case Which::" + slot.name + ":\n        return " + condition + ";\n";
        else
            out << "    if (!" << condition << ")\n        return false;\n";
    }
    if (!cases.empty())
        out << "    switch (Reader(fields).which()) {\n" << cases << "    default:\n        break;\n    }\n";
    out << "    return true;\n}\n";
}

}  // namespace

void emit_struct_classes(std::ostream& out, const Model& model, Node node) {
    emit_reader(out, model, node);
    emit_builder(out, model, node);
}

void emit_struct_bodies(std::ostream& out, const Model& model, Node node) {
    const std::string path = model.path(node.getId());
    emit_validate(out, model, node);
    for (const auto field : node.getStruct().getFields()) {
        const Slot slot(model, node, field);
        if (!defined_later(slot))
            continue;
        out << "inline " << reader_result(model, slot) << " " << path << "::Reader::" << slot.name << "() const "
            << reader_body(model, slot) << "\n";
        const std::string choose = slot.united ? "    " + slot.choose + "\n" : "";
        if (!slot.group.empty()) {
            out << "inline " << model.qualified(field.getGroup().getTypeId()) << "::Builder " << path
                << "::Builder::" << (slot.united ? "init_" : "") << slot.name << "() {\n" << choose;
            if (slot.united)
                emit_clearing(out, model, model.node(field.getGroup().getTypeId()));
            out << "    return " << model.qualified(field.getGroup().getTypeId()) << "::Builder(fields_);\n}\n";
        } else if (slot.shape == Shape::Struct) {
            const std::string type = model.qualified(slot.type.getStruct().getTypeId());
            out << "inline " << type << "::Builder " << path << "::Builder::init_" << slot.plain << "() {\n" << choose
                << "    return fields_.init_structure<" << type << ">(" << slot.offset << ");\n}\n";
        } else {
            const std::string tag = element_tag(model, slot.type.getList().getElementType());
            out << "inline wire::ListBuilder<" << tag << "> " << path << "::Builder::init_" << slot.plain
                << "(std::uint32_t count) {\n" << choose << "    return fields_.init_list<" << tag << ">("
                << slot.offset << ", count);\n}\n";
        }
    }
}

}  // namespace capnpc
