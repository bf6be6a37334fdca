#include "services/init/control.hpp"

#include "runtime/executor.hpp"

namespace capos::init {

namespace {

constexpr std::uint32_t kListBytes = 16 * 1024 - 128;

}  // namespace

rt::Task<Result<void>> Listing::list(rt::ServerCall<Interface::ListParams, Interface::ListResults> call) {
    auto services = call.results(kListBytes).init_services(static_cast<std::uint32_t>(services_.size()));
    for (std::uint32_t i = 0; i < services.size(); ++i) services_[i]->describe(services[i]);
    co_return {};
}

rt::Task<Result<void>> Listing::crashes(rt::ServerCall<Interface::CrashesParams, Interface::CrashesResults> call) {
    auto results = call.results(kListBytes);
    crashes_.list(results);
    co_return {};
}

Service* Control::find(std::string_view name) {
    for (const auto& service : services_)
        if (service->name() == name) return service.get();
    return nullptr;
}

rt::Task<Result<void>> Control::restart(rt::ServerCall<Interface::RestartParams, Interface::RestartResults> call) {
    Service* service = find(call.params().name());
    const Interface::Outcome outcome =
        service == nullptr ? Interface::Outcome::no_such_service : co_await service->restart();
    call.results().set_outcome(outcome);
    co_return {};
}

rt::Task<Result<void>> Control::kill(rt::ServerCall<Interface::KillParams, Interface::KillResults> call) {
    Service* service = find(call.params().name());
    const Interface::Outcome outcome =
        service == nullptr ? Interface::Outcome::no_such_service : co_await service->kill();
    call.results().set_outcome(outcome);
    co_return {};
}

// The caller is a service too: it has its answer before it is ended.
rt::Task<Result<void>> Control::shut_down(rt::ServerCall<Interface::ShutDownParams, Interface::ShutDownResults> call) {
    rt::spawn(shutdown_.run(call.params().then(), "asked for by the operator"));
    co_return {};
}

}  // namespace capos::init
