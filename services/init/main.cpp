#include <memory>
#include <vector>

#include "lib/wire/wire.hpp"
#include "runtime/executor.hpp"
#include "runtime/grants.hpp"
#include "runtime/log.hpp"
#include "runtime/server.hpp"
#include "services/init/catalogue.hpp"
#include "services/init/check/manifest_check.hpp"
#include "services/init/control.hpp"
#include "services/init/exports.hpp"
#include "services/init/rescue.hpp"
#include "services/init/roots.hpp"
#include "services/init/service.hpp"
#include "services/init/shutdown.hpp"

namespace capos::init {

namespace {

// Everything lives as long as init does.
struct Init {
    Roots roots;
    Catalogue catalogue;
    Exports exports;
    CrashLog crashes;
    House house{roots, catalogue, exports, crashes};
    std::vector<std::unique_ptr<Service>> services;
    Shutdown shutdown{roots.power, services};
    Listing listing{services, crashes};
    Control control{services, shutdown};
};

// What init can give to services: what is left on its own ledger, less a reserve for itself.
rt::Task<Result<Budget>> budget(const Roots& roots) {
    constexpr std::uint64_t kReservePages = 256;
    constexpr std::uint64_t kReserveObjectBytes = 256 * 1024;
    const auto left = [](std::uint64_t limit, std::uint64_t used, std::uint64_t reserve) {
        return limit > used + reserve ? limit - used - reserve : 0;
    };
    auto reply = CO_TRY(co_await roots.system_info.processes(0, {.reply_bytes = 16 * 1024 - 64}));
    for (const auto process : reply->processes())
        if (process.name() == rt::process_name() && process.state() != decltype(process.state())::ended)
            co_return Budget{left(process.pages_limit(), process.pages_used(), kReservePages),
                             left(process.object_bytes_limit(), process.object_bytes_used(), kReserveObjectBytes)};
    co_return Error::NotFound;
}

// The bundle's manifest when it holds. Otherwise one line has said what does not.
rt::Task<Result<schema::Manifest::Reader>> read_manifest(Init& init) {
    if (init.catalogue.manifest().empty()) {
        rt::log_error("manifest fault: {}", init.catalogue.fault().empty() ? std::string_view("the bundle has none")
                                                                           : init.catalogue.fault());
        co_return Error::ChecksumMismatch;
    }
    auto message = wire::MessageReader::open_stream(init.catalogue.manifest());
    if (!message) {
        rt::log_error("manifest fault: not a message: {}", message.error());
        co_return message.error();
    }
    auto manifest = message->root<schema::Manifest>();
    if (!manifest) {
        rt::log_error("manifest fault: not a manifest: {}", manifest.error());
        co_return manifest.error();
    }
    const auto available = co_await budget(init.roots);
    if (!available) {
        rt::log_error("manifest fault: what is there to give cannot be learned: {}", available.error());
        co_return available.error();
    }
    FaultText fault;
    if (auto checked = check_manifest(*manifest, init.catalogue, *available, fault); !checked) {
        rt::log_error("manifest fault: {}", fault.view());
        co_return checked.error();
    }
    co_return *manifest;
}

// One of init's own exports.
rt::Task<void> serve(const Init& init, std::string_view name, rt::Router& router) {
    const client::Endpoint* endpoint = init.exports.endpoint(kInitName, name);
    auto ended = co_await rt::serve(*endpoint, router, {.receives = 2, .buffer_bytes = 256, .accept_capabilities = 0});
    rt::log_error("{}: no longer served: {}", name, ended.error());
}

rt::Task<Result<void>> bring_up(Init& init) {
    CO_TRY(init.roots.take());
    CO_TRY(co_await init.catalogue.load(init.roots));
    auto manifest = co_await read_manifest(init);
    if (!manifest) {
        std::span<const std::byte> unused;
        if (init.catalogue.program(kRescueProgram, unused) != Presence::Present) {
            rt::spawn(init.shutdown.watch_button());
            rt::log_warning("the rescue shell is damaged, too, or missing: write the disk image anew. The power button works");
            co_return {};
        }
        manifest = rescue_manifest();
        if (!manifest) co_return manifest.error();
        rt::log_warning("starting the rescue shell only");
    }
    CO_TRY(co_await init.exports.create(init.roots, *manifest));
    const auto services = manifest->services();
    rt::log_info("manifest \"{}\": {} {}", manifest->name(), services.size(), services.size() == 1 ? "service" : "services");
    init.services.reserve(services.size());
    for (const auto service : services) init.services.push_back(std::make_unique<Service>(init.house, service));
    rt::spawn(serve(init, kServicesExport, init.listing));
    rt::spawn(serve(init, kControlExport, init.control));
    rt::spawn(init.shutdown.watch_button());
    for (const auto& service : init.services) rt::spawn(service->run());
    co_return {};
}

}  // namespace

}  // namespace capos::init

capos::rt::Task<int> capos_main() {
    using namespace capos;
    auto init = std::make_unique<init::Init>();
    if (auto up = co_await init::bring_up(*init); !up) {
        rt::log_error("cannot bring the system up: {}", up.error());
        co_return 1;
    }
    rt::Event never;
    (void)co_await never.wait();
    co_return 0;
}
