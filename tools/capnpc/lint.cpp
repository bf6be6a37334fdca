#include "tools/capnpc/lint.hpp"

#include <map>
#include <set>

#include "tools/capnpc/naming.hpp"
#include "tools/capnpc/types.hpp"

namespace capnpc {

namespace {

class Linter {
public:
    explicit Linter(const Model& model) : model_(model) {}

    std::vector<std::string> run() {
        for (const auto& file : model_.files()) {
            for (const auto& import : file.imports)
                check_import(file, import);
            for (const Node child : model_.children(model_.node(file.id)))
                check(child);
        }
        return std::move(messages_);
    }

private:
    void complain(std::uint64_t id, const std::string& member, const std::string& what) {
        messages_.push_back(model_.location(id) + (member.empty() ? "" : "." + member) + ": " + what);
    }

    void check_import(const File& file, const std::string& import) {
        for (const auto& other : model_.files())
            if (other.name == import)
                return;
        messages_.push_back(file.name + ": imports " + import + ", which is not generated in the same run");
    }

    void check(Node node) {
        if (node.getIsGeneric())
            complain(node.getId(), "", "generic types are not supported");
        const std::string name = model_.simple_name(node.getId());
        if (name == "Reader" || name == "Builder" || name == "Which" || name == "Method")
            complain(node.getId(), "", "the name is taken by generated code");
        if (node.isInterface())
            check_interface(node);
        else if (node.isStruct())
            check_struct(node);
        else
            check_enum(node);
        for (const Node child : model_.children(node))
            check(child);
    }

    void check_interface(Node node) {
        if (model_.docs(node.getId()).empty())
            complain(node.getId(), "", "an interface needs a comment after its opening brace that says what it is");
        if (node.getInterface().getSuperclasses().size() != 0)
            complain(node.getId(), "", "interface inheritance is not supported");
        std::map<std::string, std::string> names;
        for (const Method method : node.getInterface().getMethods()) {
            const std::string name = method.getName().cStr();
            check_unique(node, names, name);
            check_message(node, name, "parameter", method.getParamStructType());
            check_message(node, name, "result", method.getResultStructType());
        }
    }

    // An implicit struct belongs to no scope; the one behind `stream` is not in the request as a child of a file.
    void check_message(Node interface, const std::string& method, const std::string& role, std::uint64_t id) {
        if (!model_.has(id) || model_.node(id).getScopeId() == 0 || !model_.node(id).isStruct())
            complain(interface.getId(), method, "the " + role + " struct must be declared and named");
        else if (std::string(model_.node(id).getDisplayName().cStr()).find("/stream.capnp:") != std::string::npos)
            complain(interface.getId(), method, "streaming is not supported; name a result struct");
    }

    void check_struct(Node node) {
        std::map<std::string, std::string> names;
        for (const Field field : node.getStruct().getFields()) {
            const std::string name = field.getName().cStr();
            check_unique(node, names, name);
            if (snake_case(name) == "which" || snake_case(name) == "fields")
                complain(node.getId(), name, "the name is taken by generated code");
            if (!field.isGroup())
                check_slot(node, name, field);
        }
    }

    void check_slot(Node node, const std::string& name, Field field) {
        const Type type = field.getSlot().getType();
        Type innermost = type;
        while (shape_of(innermost) == Shape::List)
            innermost = innermost.getList().getElementType();
        if (shape_of(innermost) == Shape::Unsupported)
            complain(node.getId(), name, "AnyPointer is not supported; Capability is");
        const Value value = field.getSlot().getDefaultValue();
        const bool has_default = field.getSlot().getHadExplicitDefault();
        if (has_default && (shape_of(type) == Shape::Struct || shape_of(type) == Shape::List ||
                            (shape_of(type) == Shape::Data && value.getData().size() != 0)))
            complain(node.getId(), name, "defaults of structs, lists and data are not supported");
    }

    void check_enum(Node node) {
        std::map<std::string, std::string> names;
        for (const auto enumerant : node.getEnum().getEnumerants())
            check_unique(node, names, enumerant.getName().cStr());
    }

    void check_unique(Node node, std::map<std::string, std::string>& names, const std::string& name) {
        const auto [earlier, fresh] = names.emplace(snake_case(name), name);
        if (!fresh)
            complain(node.getId(), name, "becomes the same C++ name as " + earlier->second);
    }

    const Model& model_;
    std::vector<std::string> messages_;
};

}  // namespace

std::vector<std::string> lint(const Model& model) { return Linter(model).run(); }

}  // namespace capnpc
