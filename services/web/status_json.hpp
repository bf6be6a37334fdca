// The sections of GET /api/status. Each function writes one JSON value from what one source answered. The fields are
// documented in README.md; they are added to and never renamed.
#pragma once

#include <cstdint>
#include <string_view>

#include "lib/json/writer.hpp"
#include "schema/net.capnp.hpp"
#include "schema/service.capnp.hpp"
#include "schema/system.capnp.hpp"
#include "services/web/counters.hpp"

namespace capos::web {

// The name of an interface of the schema; empty for an id that is none.
std::string_view interface_name(std::uint64_t id);

// An object that says only that its source did not answer, and why.
void write_unavailable(json::Writer& out, std::string_view why);

void write_system(json::Writer& out, const schema::SystemInfo::OverviewResults::Reader& overview);
void write_mitigations(json::Writer& out, const schema::SystemInfo::OverviewResults::Reader& overview);

// What a process's ledger passed on to the processes it started; the kernel counts it as used.
struct PassedOn {
    std::uint64_t pages = 0;
    std::uint64_t object_bytes = 0;
};
// Init passes on what all others may use; nobody else starts processes. By name, which no service can have: an init that
// was started anew has another pid.
PassedOn passed_on(const schema::SystemInfo::ProcessesResults::Reader& processes, std::string_view name);
// One process without the closing brace: its capabilities follow.
void begin_process(json::Writer& out, const schema::SystemInfo::ProcessInfo::Reader& process, const PassedOn& passed_on);

void write_capabilities(json::Writer& out, const schema::SystemInfo::CapabilitiesResults::Reader& capabilities);
void write_devices(json::Writer& out, const schema::SystemInfo::DevicesResults::Reader& devices);
void write_boot(json::Writer& out, const schema::SystemInfo::BootStepsResults::Reader& boot);
void write_services(json::Writer& out, const schema::ServiceList::ListResults::Reader& services);
void write_crashes(json::Writer& out, const schema::ServiceList::CrashesResults::Reader& crashes);
void write_address(json::Writer& out, const schema::NetworkManager::ConfigResults::Reader& config);
void write_stack_counters(json::Writer& out, const schema::NetworkManager::CountersResults::Reader& counters);
void write_routes(json::Writer& out, const schema::NetworkManager::RoutesResults::Reader& routes);
void write_neighbours(json::Writer& out, const schema::NetworkManager::NeighboursResults::Reader& neighbours);
// How many connections are in which state. Peers are not shown: the page is for everyone.
void write_connections(json::Writer& out, const schema::NetworkManager::ConnectionsResults::Reader& connections);
void write_web(json::Writer& out, const Counters& counters, bool licenses);

}  // namespace capos::web
