#include "services/init/rescue.hpp"

#include "lib/wire/wire.hpp"

namespace capos::init {

namespace {

struct RescueGrant {
    std::string_view name;
    std::string_view source;       // also the interface
};

constexpr RescueGrant kGrants[] = {
    {"terminal", "Terminal"}, {"log", "Log"}, {"system", "SystemInfo"}, {"timer", "Timer"}, {"power", "Power"}};

alignas(8) std::byte storage[2048];

}  // namespace

Result<schema::Manifest::Reader> rescue_manifest() {
    wire::MessageBuilder builder(storage);
    auto manifest = builder.init_root<schema::Manifest>();
    manifest.set_name("rescue");
    auto services = manifest.init_services(1);
    auto shell = services[0];
    shell.set_name("shell");
    shell.set_program(kRescueProgram);
    shell.set_options("rescue=yes");
    shell.set_message_pages(28);
    auto grants = shell.init_grants(std::size(kGrants));
    for (std::uint32_t i = 0; i < std::size(kGrants); ++i) {
        grants[i].set_name(kGrants[i].name);
        grants[i].set_interface(kGrants[i].source);
        grants[i].source().set_kernel(kGrants[i].source);
    }
    const auto message = TRY(builder.finish());
    return TRY(wire::MessageReader::open(message)).root<schema::Manifest>();
}

}  // namespace capos::init
