#include "tools/capnpc/model.hpp"

#include "tools/capnpc/naming.hpp"

namespace capnpc {

namespace {

std::string as_string(capnp::Text::Reader text) { return std::string(text.begin(), text.size()); }

// What `import` names, seen from `file`: relative to its directory, or to the root with a leading slash.
std::string resolve_import(const std::string& file, const std::string& name) {
    if (!name.empty() && name[0] == '/')
        return name.substr(1);
    const std::size_t slash = file.rfind('/');
    return slash == std::string::npos ? name : file.substr(0, slash + 1) + name;
}

std::string without_trailing_newline(std::string text) {
    while (!text.empty() && text.back() == '\n')
        text.pop_back();
    return text;
}

}  // namespace

bool is_group(Field field) { return field.isGroup(); }
bool in_union(Field field) { return field.getDiscriminantValue() != capnp::schema::Field::NO_DISCRIMINANT; }

Model::Model(capnp::schema::CodeGeneratorRequest::Reader request) {
    for (const auto node : request.getNodes())
        nodes_.emplace(node.getId(), node);
    for (const auto source : request.getSourceInfo())
        sources_.emplace(source.getId(), source);
    for (const auto requested : request.getRequestedFiles()) {
        File file{requested.getId(), as_string(requested.getFilename()), {}};
        for (const auto import : requested.getImports())
            file.imports.push_back(resolve_import(file.name, as_string(import.getName())));
        files_.push_back(file);
    }
    for (const auto& [id, node] : nodes_)
        if (node.isFile())
            name_children(node, "", as_string(node.getDisplayName()));
}

std::vector<Node> Model::children(Node node) const {
    std::vector<Node> result;
    for (const auto nested : node.getNestedNodes()) {
        const auto found = nodes_.find(nested.getId());
        if (found != nodes_.end() &&
            (found->second.isStruct() || found->second.isEnum() || found->second.isInterface()))
            result.push_back(found->second);
    }
    if (node.isStruct())
        for (const auto field : node.getStruct().getFields())
            if (field.isGroup())
                result.push_back(nodes_.at(field.getGroup().getTypeId()));
    return result;
}

void Model::name_children(Node node, const std::string& prefix, const std::string& file) {
    const auto add = [&](std::uint64_t id, const std::string& name) {
        const auto found = nodes_.find(id);
        if (found == nodes_.end())
            return;
        paths_[id] = prefix.empty() ? name : prefix + "::" + name;
        node_files_[id] = file;
        name_children(found->second, paths_[id], file);
    };
    for (const auto nested : node.getNestedNodes())
        add(nested.getId(), as_string(nested.getName()));
    if (node.isStruct())
        for (const auto field : node.getStruct().getFields())
            if (field.isGroup())
                add(field.getGroup().getTypeId(), pascal_case(as_string(field.getName())));
}

std::string Model::path(std::uint64_t id) const {
    const auto found = paths_.find(id);
    return found == paths_.end() ? as_string(nodes_.at(id).getDisplayName()) : found->second;
}

std::string Model::simple_name(std::uint64_t id) const {
    const std::string full = path(id);
    const std::size_t colon = full.rfind("::");
    return colon == std::string::npos ? full : full.substr(colon + 2);
}

std::string Model::location(std::uint64_t id) const {
    std::string name = path(id);
    for (std::size_t colon = name.find("::"); colon != std::string::npos; colon = name.find("::"))
        name.replace(colon, 2, ".");
    const auto file = node_files_.find(id);
    return file == node_files_.end() ? name : file->second + ": " + name;
}

std::string Model::docs(std::uint64_t id) const {
    const auto found = sources_.find(id);
    return found == sources_.end() ? "" : without_trailing_newline(as_string(found->second.getDocComment()));
}

std::string Model::member_docs(std::uint64_t id, unsigned index) const {
    const auto found = sources_.find(id);
    if (found == sources_.end() || index >= found->second.getMembers().size())
        return "";
    return without_trailing_newline(as_string(found->second.getMembers()[index].getDocComment()));
}

}  // namespace capnpc
