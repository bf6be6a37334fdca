// The page on port 80: what this machine is and does, for everyone who can reach it, and nothing to change it with.
#include "runtime/grants.hpp"
#include "runtime/log.hpp"
#include "runtime/task.hpp"
#include "runtime/time.hpp"
#include "services/web/licenses.hpp"
#include "services/web/server.hpp"
#include "services/web/status.hpp"

namespace capos::web {

namespace {

// A source that may be missing: the page then says so in its sections.
template <class Interface>
typename rt::ClientFor<Interface>::type optional_grant(std::string_view name) {
    auto client = rt::grants().take<Interface>(name);
    if (!client)
        return {};
    return std::move(*client);
}

ServerOptions options() {
    ServerOptions options;
    options.port = static_cast<std::uint16_t>(rt::option_number("port", options.port));
    options.connections = static_cast<std::uint32_t>(rt::option_number("connections", options.connections));
    return options;
}

rt::Task<int> run() {
    if (!rt::has_clock()) {
        rt::log_error("the grant \"timer\" is missing: without a clock there are no deadlines");
        co_return 1;
    }
    auto authority = rt::grants().take<schema::TcpListenAuthority>("listen");
    if (!authority)
        co_return 1;
    Counters counters;
    const std::string_view licenses = co_await open_licenses();
    Status status({optional_grant<schema::SystemInfo>("system"), optional_grant<schema::ServiceList>("services"),
                   optional_grant<schema::NetworkManager>("manager")},
                  counters, !licenses.empty());
    if (!status.create()) {
        rt::log_error("the heap is too small for the status");
        co_return 1;
    }
    Server server(std::move(*authority), status, counters, licenses, options());
    co_await server.run();
    co_return 0;
}

}  // namespace

}  // namespace capos::web

capos::rt::Task<int> capos_main() { return capos::web::run(); }
