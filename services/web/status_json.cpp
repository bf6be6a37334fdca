#include "services/web/status_json.hpp"

#include <array>

#include "lib/text/address.hpp"
#include "schema/names.hpp"

namespace capos::web {

namespace {

using json::Writer;
using schema::NetworkManager;
using schema::ServiceList;
using schema::SystemInfo;

constexpr std::uint64_t kMicrosecond = 1000;
constexpr std::uint64_t kMillisecond = 1000 * kMicrosecond;

// The text for an enumerant, "unknown" for one that a newer peer may send.
template <class Enumeration, std::size_t N>
std::string_view name_of(Enumeration value, const std::array<std::string_view, N>& names) {
    const auto index = static_cast<std::size_t>(value);
    return index < N ? names[index] : std::string_view("unknown");
}

constexpr std::array<std::string_view, 4> kProcessStates = {"running", "ready", "waiting", "ended"};
constexpr std::array<std::string_view, 5> kServiceStates = {"starting", "running", "waiting", "stopped", "given up"};
constexpr std::array<std::string_view, 6> kDhcpStates = {"no device",  "discovering", "requesting",
                                                         "bound", "renewing", "rebinding"};

// `own` is what is left of `used` without what was passed on to others.
void write_use(Writer& out, std::string_view name, std::uint64_t used, std::uint64_t limit, std::uint64_t passed_on = 0) {
    out.key(name)
        .begin_object()
        .member("used", used)
        .member("own", used > passed_on ? used - passed_on : 0)
        .member("limit", limit)
        .end_object();
}

// An address, or null for none.
void write_ipv4(Writer& out, std::string_view name, std::uint32_t address) {
    out.key(name);
    if (address == 0)
        out.null();
    else
        out.text(text::Ipv4{address});
}

void write_interface(Writer& out, std::uint64_t id) {
    out.key("interface");
    if (const std::string_view name = interface_name(id); !name.empty())
        out.value(name);
    else
        out.text(Hex{id, 16});
}

}  // namespace

std::string_view interface_name(std::uint64_t id) {
    for (const schema::InterfaceNames& interface : schema::kInterfaces)
        if (interface.id == id)
            return interface.name;
    return {};
}

void write_unavailable(Writer& out, std::string_view why) {
    out.begin_object().member("available", false).member("error", why).end_object();
}

void write_system(Writer& out, const SystemInfo::OverviewResults::Reader& overview) {
    out.begin_object()
        .member("available", true)
        .member("version", overview.version())
        .member("image", overview.image_id())
        .member("boot_protocol", overview.boot_protocol())
        .member("uptime_ms", overview.uptime_ns() / kMillisecond)
        .key("cpu").begin_object()
        .member("model", overview.cpu_model())
        .member("present", overview.cpus_present())
        .member("used", overview.cpus_used())
        .member("tsc_hz", overview.tsc_hz())
        .member("clock_source", overview.clock_source())
        .end_object()
        .key("memory").begin_object()
        .member("total_bytes", overview.memory_total())
        .member("free_bytes", overview.memory_free())
        .member("kernel_bytes", overview.kernel_bytes())
        .member("ledger_drift_pages", overview.ledger_drift())
        .end_object()
        .key("counters").begin_object()
        .member("interrupts", overview.interrupts())
        .member("unowned_interrupts", overview.unowned_interrupts())
        .member("context_switches", overview.context_switches())
        .member("address_space_switches", overview.address_space_switches())
        .member("doorbells", overview.doorbells())
        .member("submissions", overview.submissions())
        .member("refusals", overview.refusals())
        .member("faults", overview.faults())
        .member("console_dropped_bytes", overview.console_dropped())
        .end_object()
        .end_object();
}

void write_mitigations(Writer& out, const SystemInfo::OverviewResults::Reader& overview) {
    out.begin_array();
    for (const auto mitigation : overview.mitigations())
        out.begin_object()
            .member("name", mitigation.name())
            .member("active", mitigation.active())
            .member("note", mitigation.note())
            .end_object();
    out.end_array();
}

PassedOn passed_on(const SystemInfo::ProcessesResults::Reader& processes, std::string_view name) {
    constexpr std::string_view kInit = "init";
    PassedOn sum;
    if (name != kInit)
        return sum;
    for (const auto process : processes.processes()) {
        if (process.name() == kInit)
            continue;
        sum.pages += process.pages_limit();
        sum.object_bytes += process.object_bytes_limit();
    }
    return sum;
}

void begin_process(Writer& out, const SystemInfo::ProcessInfo::Reader& process, const PassedOn& passed_on) {
    out.begin_object()
        .member("pid", process.pid())
        .member("name", process.name())
        .member("state", name_of(process.state(), kProcessStates))
        .member("threads", process.threads())
        .member("cpu_us", process.cpu_ns() / kMicrosecond)
        .member("started_ms", process.started_ns() / kMillisecond)
        .member("submissions", process.submissions())
        .member("refusals", process.refusals())
        .member("calls_outstanding", process.calls_outstanding());
    write_use(out, "pages", process.pages_used(), process.pages_limit(), passed_on.pages);
    write_use(out, "object_bytes", process.object_bytes_used(), process.object_bytes_limit(), passed_on.object_bytes);
    write_use(out, "slots", process.slots_used(), process.slots_limit());
}

void write_capabilities(Writer& out, const SystemInfo::CapabilitiesResults::Reader& capabilities) {
    out.begin_array();
    for (const auto capability : capabilities.capabilities()) {
        out.begin_object();
        write_interface(out, capability.interface_id());
        out.member("label", capability.label()).end_object();
    }
    out.end_array();
}

void write_devices(Writer& out, const SystemInfo::DevicesResults::Reader& devices) {
    out.begin_object().member("available", true).key("list").begin_array();
    for (const auto device : devices.devices())
        out.begin_object()
            .member("bdf", device.bdf())
            .text_member("vendor", Hex{device.vendor(), 4})
            .text_member("device", Hex{device.device(), 4})
            .text_member("class", Hex{device.class_code(), 6})
            .member("transport", device.transport())
            .member("regime", device.regime())
            .member("holder", device.holder())
            .member("msix_vectors", device.msix_vectors())
            .member("claims", device.claims())
            .member("interrupts", device.interrupts())
            .member("doorbells", device.doorbells())
            .member("completions", device.completions())
            .member("misbehaviours", device.misbehaviours())
            .member("slots_in_flight", device.slots_in_flight())
            .end_object();
    out.end_array().end_object();
}

void write_boot(Writer& out, const SystemInfo::BootStepsResults::Reader& boot) {
    out.begin_object().member("available", true).key("steps").begin_array();
    for (const auto step : boot.steps())
        out.begin_object().member("name", step.name()).member("at_us", step.at_ns() / kMicrosecond).end_object();
    out.end_array().end_object();
}

void write_services(Writer& out, const ServiceList::ListResults::Reader& services) {
    out.begin_array();
    for (const auto service : services.services()) {
        out.begin_object()
            .member("name", service.name())
            .member("program", service.program())
            .member("state", name_of(service.state(), kServiceStates))
            .member("pid", service.pid())
            .member("restarts", service.restarts())
            .member("last_end", service.last_end())
            .member("started_ms", service.started_ns() / kMillisecond)
            .key("grants").begin_array();
        for (const auto grant : service.grants()) {
            out.begin_object().member("name", grant.name());
            write_interface(out, grant.interface_id());
            out.member("source", grant.source()).end_object();
        }
        out.end_array().end_object();
    }
    out.end_array();
}

// Without addresses and backtraces: those are for the console.
void write_crashes(Writer& out, const ServiceList::CrashesResults::Reader& crashes) {
    out.begin_array();
    for (const auto crash : crashes.crashes())
        out.begin_object()
            .member("process", crash.process())
            .member("pid", crash.pid())
            .member("at_ms", crash.at_ns() / kMillisecond)
            .end_object();
    out.end_array();
}

void write_address(Writer& out, const NetworkManager::ConfigResults::Reader& config) {
    out.begin_object().member("state", name_of(config.state(), kDhcpStates)).member("link_up", config.link_up());
    out.text_member("mac", text::Mac{config.mac()});
    write_ipv4(out, "address", config.address());
    out.member("prefix", config.prefix());
    write_ipv4(out, "gateway", config.gateway());
    out.key("dns").begin_array();
    for (const std::uint32_t server : config.dns())
        out.text(text::Ipv4{server});
    out.end_array();
    out.member("mtu", config.mtu()).member("lease_s", config.lease_seconds());
    write_ipv4(out, "dhcp_server", config.dhcp_server());
    out.member("bound_at_ms", config.bound_at_ns() / kMillisecond)
        .member("driver_attachments", config.attachments())
        .end_object();
}

void write_stack_counters(Writer& out, const NetworkManager::CountersResults::Reader& counters) {
    out.begin_object()
        .member("frames_in", counters.frames_in())
        .member("frames_out", counters.frames_out())
        .member("bytes_in", counters.bytes_in())
        .member("bytes_out", counters.bytes_out())
        .member("dropped_in", counters.dropped_in())
        .member("dropped_out", counters.dropped_out())
        .member("bad_slots", counters.bad_slots())
        .member("tcp_in", counters.tcp_in())
        .member("tcp_out", counters.tcp_out())
        .member("tcp_retransmits", counters.tcp_retransmits())
        .member("tcp_accepted", counters.tcp_accepted())
        .member("tcp_refused", counters.tcp_refused())
        .member("checksum_errors", counters.checksum_errors())
        .member("sockets_open", counters.sockets_open())
        .member("time_wait", counters.time_wait())
        .member("memory_used_bytes", counters.memory_used())
        .member("memory_peak_bytes", counters.memory_peak())
        .member("memory_failures", counters.memory_failures())
        .member("arp_requests", counters.arp_requests())
        .member("echoes_answered", counters.icmp_echo_answered())
        .member("dhcp_sent", counters.dhcp_sent())
        .member("no_route", counters.no_route())
        .member("writes_held", counters.writes_held())
        .member("orphans_ended", counters.orphans_ended())
        .member("listens_refused", counters.listens_refused())
        .member("half_open_ended", counters.half_open_ended())
        .member("syns_dropped", counters.syns_dropped())
        .member("dhcp_ignored", counters.dhcp_ignored())
        .end_object();
}

void write_routes(Writer& out, const NetworkManager::RoutesResults::Reader& routes) {
    out.begin_array();
    for (const auto route : routes.routes()) {
        out.begin_object().text_member("to", text::Ipv4Network{route.destination(), route.prefix()});
        write_ipv4(out, "gateway", route.gateway());
        out.end_object();
    }
    out.end_array();
}

void write_neighbours(Writer& out, const NetworkManager::NeighboursResults::Reader& neighbours) {
    out.begin_array();
    for (const auto neighbour : neighbours.neighbours()) {
        out.begin_object();
        write_ipv4(out, "address", neighbour.address());
        out.text_member("mac", text::Mac{neighbour.mac()}).member("stable", neighbour.stable()).end_object();
    }
    out.end_array();
}

void write_connections(Writer& out, const NetworkManager::ConnectionsResults::Reader& connections) {
    std::uint32_t established = 0;
    std::uint32_t closing = 0;
    out.begin_object().key("listening").begin_array();
    for (const auto connection : connections.connections()) {
        if (connection.state() == "LISTEN")
            out.value(connection.local_port());
        else if (connection.state() == "ESTABLISHED")
            ++established;
        else
            ++closing;
    }
    out.end_array().member("established", established).member("other", closing).end_object();
}

void write_web(Writer& out, const Counters& counters, bool licenses) {
    out.begin_object()
        .member("connections_open", counters.open)
        .member("connections_most", counters.most_open)
        .member("connections_accepted", counters.accepted)
        .member("connections_refused", counters.refused)
        .member("connections_idle_closed", counters.idle_closed)
        .member("requests", counters.requests)
        .member("answered", counters.answered)
        .member("rejected", counters.rejected)
        .member("request_timeouts", counters.request_timeouts)
        .member("response_timeouts", counters.response_timeouts)
        .member("bytes_in", counters.bytes_in)
        .member("bytes_out", counters.bytes_out)
        .member("gatherings", counters.gatherings)
        .member("listens", counters.listens)
        .member("first_answer_ms", counters.first_answer_ns / kMillisecond)
        .member("licenses", licenses)
        .end_object();
}

}  // namespace capos::web
