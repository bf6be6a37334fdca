#include "tools/capnpc/types.hpp"

#include <algorithm>
#include <cstring>
#include <sstream>

#include "tools/capnpc/naming.hpp"

namespace capnpc {

namespace {

using Kind = capnp::schema::Type::Which;

std::string hexadecimal(std::uint64_t value) {
    std::ostringstream text;
    text << "0x" << std::hex << value << "u";
    return text.str();
}

template <class Bits, class Number>
std::string float_expression(const char* type, Number value) {
    Bits bits;
    std::memcpy(&bits, &value, sizeof(bits));
    return bits == 0 ? "" : std::string("std::bit_cast<") + type + ">(" + hexadecimal(bits) + ")";
}

std::string signed_expression(std::int64_t value) {
    if (value == 0)
        return "";
    if (value == INT64_MIN)
        return "static_cast<std::int64_t>(" + hexadecimal(static_cast<std::uint64_t>(value)) + ")";
    return std::to_string(value);
}

std::string unsigned_expression(std::uint64_t value) { return value == 0 ? "" : std::to_string(value) + "u"; }

std::string enum_expression(const Model& model, Type type, std::uint16_t value) {
    if (value == 0)
        return "";
    const std::uint64_t id = type.getEnum().getTypeId();
    const auto enumerants = model.node(id).getEnum().getEnumerants();
    if (value >= enumerants.size())
        return "static_cast<" + model.qualified(id) + ">(" + std::to_string(value) + ")";
    return model.qualified(id) + "::" + snake_case(enumerants[value].getName().cStr());
}

unsigned capabilities_in(const Model& model, Type type, unsigned most, unsigned depth);

unsigned capabilities_in_struct(const Model& model, Node node, unsigned most, unsigned depth) {
    if (depth == 0)
        return most;
    unsigned count = 0;
    for (const auto field : node.getStruct().getFields()) {
        if (field.isGroup())
            count += capabilities_in_struct(model, model.node(field.getGroup().getTypeId()), most, depth - 1);
        else
            count += capabilities_in(model, field.getSlot().getType(), most, depth - 1);
    }
    return std::min(count, most);
}

unsigned capabilities_in(const Model& model, Type type, unsigned most, unsigned depth) {
    switch (shape_of(type)) {
    case Shape::Capability:
        return 1;
    case Shape::Struct:
        return capabilities_in_struct(model, model.node(type.getStruct().getTypeId()), most, depth);
    case Shape::List:
        return capabilities_in(model, type.getList().getElementType(), most, depth) == 0 ? 0 : most;
    default:
        return 0;
    }
}

}  // namespace

Shape shape_of(Type type) {
    switch (type.which()) {
    case Kind::VOID:
        return Shape::Void;
    case Kind::BOOL:
        return Shape::Bool;
    case Kind::ENUM:
        return Shape::Enum;
    case Kind::TEXT:
        return Shape::Text;
    case Kind::DATA:
        return Shape::Data;
    case Kind::STRUCT:
        return Shape::Struct;
    case Kind::LIST:
        return Shape::List;
    case Kind::INTERFACE:
        return Shape::Capability;
    case Kind::ANY_POINTER: {
        const auto any = type.getAnyPointer();
        return any.isUnconstrained() && any.getUnconstrained().isCapability() ? Shape::Capability : Shape::Unsupported;
    }
    default:
        return Shape::Number;
    }
}

unsigned bits_of(Type type) {
    switch (type.which()) {
    case Kind::INT8:
    case Kind::UINT8:
        return 8;
    case Kind::INT16:
    case Kind::UINT16:
    case Kind::ENUM:
        return 16;
    case Kind::INT32:
    case Kind::UINT32:
    case Kind::FLOAT32:
        return 32;
    default:
        return 64;
    }
}

std::string scalar_type(const Model& model, Type type) {
    switch (type.which()) {
    case Kind::BOOL:
        return "bool";
    case Kind::INT8:
        return "std::int8_t";
    case Kind::INT16:
        return "std::int16_t";
    case Kind::INT32:
        return "std::int32_t";
    case Kind::INT64:
        return "std::int64_t";
    case Kind::UINT8:
        return "std::uint8_t";
    case Kind::UINT16:
        return "std::uint16_t";
    case Kind::UINT32:
        return "std::uint32_t";
    case Kind::UINT64:
        return "std::uint64_t";
    case Kind::FLOAT32:
        return "float";
    case Kind::FLOAT64:
        return "double";
    case Kind::ENUM:
        return model.qualified(type.getEnum().getTypeId());
    default:
        return "void";
    }
}

std::string element_tag(const Model& model, Type type) {
    switch (shape_of(type)) {
    case Shape::Void:
        return "wire::Void";
    case Shape::Text:
        return "wire::Text";
    case Shape::Data:
        return "wire::Data";
    case Shape::Capability:
        return "wire::Capability";
    case Shape::Struct:
        return model.qualified(type.getStruct().getTypeId());
    case Shape::List:
        return "wire::List<" + element_tag(model, type.getList().getElementType()) + ">";
    default:
        return scalar_type(model, type);
    }
}

std::string reader_type(const Model& model, Type type) {
    switch (shape_of(type)) {
    case Shape::Text:
        return "std::string_view";
    case Shape::Data:
        return "std::span<const std::byte>";
    case Shape::Capability:
        return "wire::CapabilityIndex";
    case Shape::Struct:
        return model.qualified(type.getStruct().getTypeId()) + "::Reader";
    case Shape::List:
        return "wire::ListReader<" + element_tag(model, type.getList().getElementType()) + ">";
    default:
        return scalar_type(model, type);
    }
}

std::string default_expression(const Model& model, Field field) {
    const Type type = field.getSlot().getType();
    const Value value = field.getSlot().getDefaultValue();
    switch (type.which()) {
    case Kind::BOOL:
        return value.getBool() ? "true" : "";
    case Kind::INT8:
        return signed_expression(value.getInt8());
    case Kind::INT16:
        return signed_expression(value.getInt16());
    case Kind::INT32:
        return signed_expression(value.getInt32());
    case Kind::INT64:
        return signed_expression(value.getInt64());
    case Kind::UINT8:
        return unsigned_expression(value.getUint8());
    case Kind::UINT16:
        return unsigned_expression(value.getUint16());
    case Kind::UINT32:
        return unsigned_expression(value.getUint32());
    case Kind::UINT64:
        return unsigned_expression(value.getUint64());
    case Kind::FLOAT32:
        return float_expression<std::uint32_t>("float", value.getFloat32());
    case Kind::FLOAT64:
        return float_expression<std::uint64_t>("double", value.getFloat64());
    case Kind::ENUM:
        return enum_expression(model, type, value.getEnum());
    case Kind::TEXT: {
        const auto text = value.getText();
        if (text.size() == 0)
            return "";
        return "std::string_view(" + quoted(std::string_view(text.begin(), text.size())) + ", " +
               std::to_string(text.size()) + ")";
    }
    default:
        return "";
    }
}

unsigned capability_count(const Model& model, Node node, unsigned most) {
    return capabilities_in_struct(model, node, most, 32);
}

}  // namespace capnpc
