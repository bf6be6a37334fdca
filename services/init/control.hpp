// ServiceControl: what init offers to operators. The low byte of a reference's number is its face: 2 may do
// everything, any other may only look.
#pragma once

#include <memory>
#include <vector>

#include "runtime/server.hpp"
#include "schema/service.capnp.hpp"
#include "services/init/crash_log.hpp"
#include "services/init/service.hpp"

namespace capos::init {

class Control final : public rt::Router {
public:
    using Interface = schema::ServiceControl;
    static constexpr std::uint64_t kOperatorFace = 2;

    Control(std::vector<std::unique_ptr<Service>>& services, const CrashLog& crashes)
        : services_(services), crashes_(crashes) {}

    rt::Task<Result<void>> route(rt::Request& request) override { return Interface::dispatch(*this, request); }
    rt::Task<Result<void>> list(rt::ServerCall<Interface::ListParams, Interface::ListResults> call);
    rt::Task<Result<void>> restart(rt::ServerCall<Interface::RestartParams, Interface::RestartResults> call);
    rt::Task<Result<void>> kill(rt::ServerCall<Interface::KillParams, Interface::KillResults> call);
    rt::Task<Result<void>> crashes(rt::ServerCall<Interface::CrashesParams, Interface::CrashesResults> call);

private:
    Service* find(std::string_view name);

    std::vector<std::unique_ptr<Service>>& services_;
    const CrashLog& crashes_;
};

}  // namespace capos::init
