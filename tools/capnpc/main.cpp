// capnpc-capos: the plugin of the capnp compiler that writes capOS's generated headers. The compiler runs it in the
// output directory and gives it the compiled schemas on standard input.

#include <capnp/serialize.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "tools/capnpc/emit.hpp"
#include "tools/capnpc/lint.hpp"

namespace {

namespace fs = std::filesystem;

bool write_file(const fs::path& path, const std::string& text) {
    std::error_code error;
    if (path.has_parent_path())
        fs::create_directories(path.parent_path(), error);
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (!file)
        std::cerr << "capnpc-capos: cannot write " << path << "\n";
    return static_cast<bool>(file);
}

template <class Emit>
std::string text_of(Emit&& emit) {
    std::ostringstream out;
    emit(out);
    return out.str();
}

int generate() {
    capnp::ReaderOptions options;
    options.traversalLimitInWords = 64 * 1024 * 1024;
    capnp::StreamFdMessageReader message(0, options);
    const capnpc::Model model(message.getRoot<capnp::schema::CodeGeneratorRequest>());
    if (model.files().empty())
        return 0;

    const auto complaints = capnpc::lint(model);
    for (const std::string& complaint : complaints)
        std::cerr << complaint << "\n";
    if (!complaints.empty())
        return 1;

    bool good = true;
    for (const capnpc::File& file : model.files()) {
        const std::string stem = file.name.substr(0, file.name.rfind(".capnp"));
        good &= write_file(stem + ".capnp.hpp",
                           text_of([&](std::ostream& out) { capnpc::emit_schema_header(out, model, file); }));
        good &= write_file(stem + ".client.hpp",
                           text_of([&](std::ostream& out) { capnpc::emit_client_header(out, model, file); }));
    }
    const fs::path names = fs::path(model.files().front().name).parent_path() / "names.hpp";
    good &= write_file(names, text_of([&](std::ostream& out) { capnpc::emit_names_header(out, model); }));
    return good ? 0 : 1;
}

}  // namespace

int main() {
    try {
        return generate();
    } catch (const kj::Exception& exception) {
        std::cerr << "capnpc-capos: " << exception.getDescription().cStr() << "\n";
    } catch (const std::exception& exception) {
        std::cerr << "capnpc-capos: " << exception.what() << "\n";
    }
    return 1;
}
