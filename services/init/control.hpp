// What init offers: ServiceList to those who show the services, ServiceControl to the operator. Each has an endpoint of
// its own, so that the interface is the permission.
#pragma once

#include <memory>
#include <vector>

#include "runtime/server.hpp"
#include "schema/service.capnp.hpp"
#include "services/init/crash_log.hpp"
#include "services/init/service.hpp"
#include "services/init/shutdown.hpp"

namespace capos::init {

class Listing final : public rt::Router {
public:
    using Interface = schema::ServiceList;

    Listing(const std::vector<std::unique_ptr<Service>>& services, const CrashLog& crashes)
        : services_(services), crashes_(crashes) {}

    rt::Task<Result<void>> route(rt::Request& request) override { return Interface::dispatch(*this, request); }
    rt::Task<Result<void>> list(rt::ServerCall<Interface::ListParams, Interface::ListResults> call);
    rt::Task<Result<void>> crashes(rt::ServerCall<Interface::CrashesParams, Interface::CrashesResults> call);

private:
    const std::vector<std::unique_ptr<Service>>& services_;
    const CrashLog& crashes_;
};

class Control final : public rt::Router {
public:
    using Interface = schema::ServiceControl;

    Control(const std::vector<std::unique_ptr<Service>>& services, Shutdown& shutdown)
        : services_(services), shutdown_(shutdown) {}

    rt::Task<Result<void>> route(rt::Request& request) override { return Interface::dispatch(*this, request); }
    rt::Task<Result<void>> restart(rt::ServerCall<Interface::RestartParams, Interface::RestartResults> call);
    rt::Task<Result<void>> kill(rt::ServerCall<Interface::KillParams, Interface::KillResults> call);
    rt::Task<Result<void>> shut_down(rt::ServerCall<Interface::ShutDownParams, Interface::ShutDownResults> call);

private:
    Service* find(std::string_view name);

    const std::vector<std::unique_ptr<Service>>& services_;
    Shutdown& shutdown_;
};

}  // namespace capos::init
