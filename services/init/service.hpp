// One service's life: started with its grants, watched, started again as its policy says. Each service has a
// coroutine of its own, so none waits for another.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "lib/base/text.hpp"
#include "runtime/event.hpp"
#include "runtime/task.hpp"
#include "schema/device.client.hpp"
#include "schema/manifest.capnp.hpp"
#include "schema/process.client.hpp"
#include "schema/service.capnp.hpp"
#include "services/init/catalogue.hpp"
#include "services/init/crash_log.hpp"
#include "services/init/exports.hpp"
#include "services/init/loader.hpp"
#include "services/init/restart_policy.hpp"
#include "services/init/roots.hpp"

namespace capos::init {

// What all services share; outlives them.
struct House {
    const Roots& roots;
    const Catalogue& catalogue;
    Exports& exports;
    CrashLog& crashes;
};

class Service {
public:
    using State = schema::ServiceList::State;
    using Outcome = schema::ServiceControl::Outcome;

    // `description` is read from the manifest's mapped bytes for as long as init lives.
    Service(const House& house, const schema::Service::Reader& description)
        : house_(house), description_(description), policy_(description.restart()) {}
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    // Starts it and stays with it until it is stopped.
    rt::Task<void> run();

    // Operator's commands (ServiceControl). restart() waits until the new process runs or it is known why none does.
    rt::Task<Outcome> kill();
    rt::Task<Outcome> restart();
    // Ends it for good. Whether it had ended by the deadline.
    rt::Task<bool> stop(std::uint64_t deadline_ns);

    std::string_view name() const { return description_.name(); }
    bool runs() const { return state_ == State::running; }
    // Fills in one entry of ServiceList.list.
    void describe(schema::ServiceList::Service::Builder out) const;

private:
    rt::Task<Result<void>> start();
    rt::Task<Result<void>> start_with(Loader& loader);
    rt::Task<Result<void>> give(Loader& loader, const schema::Grant::Reader& grant);
    rt::Task<Result<client::PciFunction>> claim(const schema::Grant::Reader& grant);
    rt::Task<End> watch();
    rt::Task<void> wait_for_operator(State state);

    const House& house_;
    schema::Service::Reader description_;
    RestartPolicy policy_;
    State state_ = State::starting;
    client::Process process_;
    std::uint32_t pid_ = 0;
    std::uint32_t restarts_ = 0;
    std::uint64_t started_ns_ = 0;
    FixedText<24> last_end_;
    FixedText<96> step_;                   // what start() was doing, for the line when it fails
    std::optional<std::uint16_t> bdf_;     // the device it had last
    bool device_missing_ = false;
    bool by_operator_ = false;
    bool start_again_ = false;
    bool stopping_ = false;                // for good
    bool stopped_ = false;
    std::uint64_t attempts_ = 0;           // to start it, that have come to their end
    rt::Event command_;
    rt::Event changed_;                    // broadcast after each attempt, and when it has stopped
};

}  // namespace capos::init
