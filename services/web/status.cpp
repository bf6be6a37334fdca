#include "services/web/status.hpp"

#include <span>

#include "runtime/time.hpp"
#include "services/web/status_json.hpp"

namespace capos::web {

namespace {

// Name and number, without the packager's addition.
constexpr std::string_view kCompilerVersion = "clang " __clang_version__;
constexpr std::string_view kCompiler = kCompilerVersion.substr(0, kCompilerVersion.find(" ("));

constexpr std::uint32_t kSmallReply = 2 * 1024 - 64;
constexpr std::uint32_t kLargeReply = 16 * 1024 - 128;

// Writes one section under `name`: what `write` writes when the source answered, else that it did not. A section that
// does not fit is replaced by saying that.
template <class Reply, class Write>
void section(json::Writer& out, std::string_view name, const Result<Reply>& reply, Write&& write) {
    out.key(name);
    const json::Writer::Mark before = out.mark();
    if (!reply)
        return write_unavailable(out, error_name(reply.error()));
    write(out, **reply);
    if (out.error() == Error::Overflow) {
        out.rewind(before);
        write_unavailable(out, "does not fit");
    }
}

}  // namespace

Result<void> Status::create() {
    storage_.reset(new (std::nothrow) char[kMaxBytes]);
    if (!storage_)
        return Error::OutOfMemory;
    return {};
}

rt::CallOptions Status::expecting(std::uint32_t bytes) const {
    return {.reply_bytes = bytes, .deadline = rt::now_ns() + kPatienceNs};
}

rt::Task<Result<Snapshot>> Status::current() {
    while (!snapshot_ || rt::now_ns() - gathered_ns_ >= kFreshNs) {
        if (gathering_) {
            co_await gathered_.wait();
            continue;
        }
        gathering_ = true;
        const Result<void> result = co_await gather();
        gathering_ = false;
        gathered_.broadcast();
        if (!result)
            co_return result.error();
    }
    co_return snapshot_;
}

rt::Task<Result<void>> Status::gather() {
    ++counters_.gatherings;
    const std::uint64_t started_ns = rt::now_ns();
    json::Writer out(std::span(storage_.get(), kMaxBytes));
    out.begin_object().member("format", 1).member("build", kCompiler);
    CO_TRY(co_await write_kernel_facts(out));
    CO_TRY(co_await write_processes(out));
    CO_TRY(co_await write_services(out));
    CO_TRY(co_await write_network(out));
    out.key("web");
    write_web(out, counters_, licenses_);
    out.member("gathered_in_us", (rt::now_ns() - started_ns) / rt::kMicrosecond).end_object();
    const std::string_view text = CO_TRY(out.finish());
    Snapshot snapshot = Snapshot::of(text);
    if (!snapshot)
        co_return Error::OutOfMemory;
    snapshot_ = std::move(snapshot);
    gathered_ns_ = rt::now_ns();
    co_return {};
}

rt::Task<Result<void>> Status::write_kernel_facts(json::Writer& out) {
    {
        const auto overview = co_await sources_.system.overview(expecting(kLargeReply));
        section(out, "system", overview, write_system);
        section(out, "mitigations", overview, write_mitigations);
    }
    {
        const auto devices = co_await sources_.system.devices(expecting(kLargeReply));
        section(out, "devices", devices, write_devices);
    }
    const auto boot = co_await sources_.system.boot_steps(expecting(kLargeReply));
    section(out, "boot", boot, write_boot);
    co_return {};
}

// Each process with the capabilities it holds.
rt::Task<Result<void>> Status::write_processes(json::Writer& out) {
    const auto processes = co_await sources_.system.processes(0, expecting(kLargeReply));
    out.key("processes");
    if (!processes) {
        write_unavailable(out, error_name(processes.error()));
        co_return {};
    }
    out.begin_object().member("available", true).member("total", (*processes)->total()).key("list").begin_array();
    for (const auto process : (*processes)->processes()) {
        begin_process(out, process, passed_on(**processes, process.name()));
        const auto capabilities = co_await sources_.system.capabilities(process.pid(), 0, expecting(kLargeReply));
        section(out, "capabilities", capabilities, write_capabilities);
        out.end_object();
    }
    out.end_array().end_object();
    co_return {};
}

rt::Task<Result<void>> Status::write_services(json::Writer& out) {
    auto listing = sources_.services.list(expecting(kLargeReply));
    auto history = sources_.services.crashes(expecting(kLargeReply));
    const auto services = co_await listing;
    const auto crashes = co_await history;
    out.key("services").begin_object().member("available", services.has_value());
    section(out, "list", services, web::write_services);
    section(out, "crashes", crashes, write_crashes);
    out.end_object();
    co_return {};
}

// The five questions are under way together: one visit to the stack.
rt::Task<Result<void>> Status::write_network(json::Writer& out) {
    auto asked_config = sources_.manager.config(expecting(kSmallReply));
    auto asked_counters = sources_.manager.counters(expecting(kSmallReply));
    auto asked_routes = sources_.manager.routes(expecting(kSmallReply));
    auto asked_neighbours = sources_.manager.neighbours(expecting(kLargeReply));
    auto asked_connections = sources_.manager.connections(expecting(kLargeReply));
    const auto config = co_await asked_config;
    const auto counters = co_await asked_counters;
    const auto routes = co_await asked_routes;
    const auto neighbours = co_await asked_neighbours;
    const auto connections = co_await asked_connections;
    out.key("network").begin_object().member("available", config.has_value());
    section(out, "config", config, write_address);
    section(out, "counters", counters, write_stack_counters);
    section(out, "routes", routes, write_routes);
    section(out, "neighbours", neighbours, write_neighbours);
    section(out, "connections", connections, write_connections);
    out.end_object();
    co_return {};
}

}  // namespace capos::web
