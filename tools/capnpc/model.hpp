// The compiled schemas of one run of the capnp compiler, looked up by id, with the C++ names of everything in them.
#pragma once

#include <capnp/schema.capnp.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace capnpc {

using Node = capnp::schema::Node::Reader;
using Field = capnp::schema::Field::Reader;
using Type = capnp::schema::Type::Reader;
using Value = capnp::schema::Value::Reader;
using Method = capnp::schema::Method::Reader;

// One file named on the compiler's command line.
struct File {
    std::uint64_t id;
    std::string name;                  // "schema/system.capnp"
    std::vector<std::string> imports;  // "schema/memory.capnp"
};

class Model {
public:
    explicit Model(capnp::schema::CodeGeneratorRequest::Reader request);

    const std::vector<File>& files() const { return files_; }
    bool has(std::uint64_t id) const { return nodes_.count(id) != 0; }
    Node node(std::uint64_t id) const { return nodes_.at(id); }

    // Structs, enums, interfaces and groups declared directly in a node, in the order of the schema.
    std::vector<Node> children(Node node) const;

    // "SleepUntilParams", and "Timer::SleepUntilParams", and "schema::Timer::SleepUntilParams".
    std::string simple_name(std::uint64_t id) const;
    std::string path(std::uint64_t id) const;
    std::string qualified(std::uint64_t id) const { return "schema::" + path(id); }
    // "schema/system.capnp: Timer.SleepUntilParams", for messages to people.
    std::string location(std::uint64_t id) const;

    // Comments of the schema; empty when there are none.
    std::string docs(std::uint64_t id) const;
    std::string member_docs(std::uint64_t id, unsigned index) const;

private:
    void name_children(Node node, const std::string& prefix, const std::string& file);

    std::map<std::uint64_t, Node> nodes_;
    std::map<std::uint64_t, capnp::schema::Node::SourceInfo::Reader> sources_;
    std::map<std::uint64_t, std::string> paths_;
    std::map<std::uint64_t, std::string> node_files_;
    std::vector<File> files_;
};

bool is_group(Field field);
bool in_union(Field field);

}  // namespace capnpc
