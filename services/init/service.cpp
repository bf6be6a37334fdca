#include "services/init/service.hpp"

#include <utility>
#include <vector>

#include "runtime/executor.hpp"
#include "runtime/log.hpp"
#include "schema/names.hpp"
#include "services/init/devices.hpp"

namespace capos::init {

namespace {
constexpr std::uint64_t kRestartPatienceNs = 3 * rt::kSecond;
}

rt::Task<void> Service::run() {
    while (!stopping_) {
        state_ = State::starting;
        device_missing_ = false;
        End end{};
        auto started = co_await start();
        ++attempts_;
        changed_.broadcast();
        if (started) {
            // Who asked for a restart meanwhile has it: nothing is left for the end of this process.
            start_again_ = false;
            command_.clear();
            if (stopping_) (void)co_await process_.kill();      // asked for while it was being started
            end = co_await watch();
            if (stopping_) break;
        } else if (device_missing_) {
            rt::log_warning("service \"{}\": waiting, there is no device for {}", name(), step_.view());
            co_await wait_for_operator(State::waiting);
            continue;
        } else {
            rt::log_error("service \"{}\": cannot be started: {}: {}", name(), step_.view(), started.error());
        }
        if (std::exchange(start_again_, false)) {
            command_.clear();
            policy_.forgive();
            ++restarts_;
            continue;
        }
        const auto decision = policy_.after(end);
        using Kind = RestartPolicy::Decision::Kind;
        if (decision.kind == Kind::Stop) {
            rt::log_info("service \"{}\": stopped ({})", name(), last_end_.view());
            co_await wait_for_operator(State::stopped);
        } else if (decision.kind == Kind::GiveUp) {
            rt::log_error("service \"{}\": given up after {} deaths within 5 s of start", name(),
                          policy_.quick_deaths());
            co_await wait_for_operator(State::given_up);
        } else if (decision.delay_ns != 0) {
            rt::log_warning("service \"{}\": next start in {} ms", name(), decision.delay_ns / rt::kMillisecond);
            state_ = State::starting;
            (void)co_await command_.wait_until(rt::executor().timer_now() + decision.delay_ns);
            start_again_ = false;
        }
        ++restarts_;
    }
    state_ = State::stopped;
    stopped_ = true;
    changed_.broadcast();
}

rt::Task<void> Service::wait_for_operator(State state) {
    state_ = state;
    if (stopping_) co_return;
    command_.clear();
    (void)co_await command_.wait();
    start_again_ = false;
    policy_.forgive();
}

// --- starting ---

rt::Task<Result<void>> Service::start() {
    Loader loader(house_.roots);
    auto started = co_await start_with(loader);
    if (!started) {
        pid_ = 0;
        co_await loader.discard();
    }
    co_return started;
}

rt::Task<Result<void>> Service::start_with(Loader& loader) {
    step_.clear();
    step_ << "program \"" << description_.program() << '"';
    const MappedFile* program = house_.catalogue.find(description_.program());
    if (program == nullptr) co_return Error::NotFound;
    // The devices first: while one is missing, nothing is built.
    std::vector<client::PciFunction> devices;
    for (const auto grant : description_.grants()) {
        if (grant.source().which() != schema::Grant::Source::Which::device) continue;
        step_.clear();
        step_ << "grant \"" << grant.name() << '"';
        devices.push_back(CO_TRY(co_await claim(grant)));
    }
    step_.clear();
    step_ << "loading";
    CO_TRY(co_await loader.prepare(description_, *program));
    for (const auto item : description_.exports()) {
        GrantName grant_name;
        endpoint_grant_name(item.name(), grant_name);
        step_.clear();
        step_ << "export \"" << item.name() << '"';
        const client::Endpoint* endpoint = house_.exports.endpoint(name(), item.name());
        if (endpoint == nullptr) co_return Error::NotFound;
        CO_TRY(co_await loader.grant(grant_name.view(), schema::Endpoint::kInterfaceId, *endpoint));
    }
    std::size_t next_device = 0;
    for (const auto grant : description_.grants()) {
        step_.clear();
        step_ << "grant \"" << grant.name() << '"';
        if (grant.source().which() == schema::Grant::Source::Which::device)
            // Only the driver holds the claim from here on: its end tears the claim down.
            CO_TRY(co_await loader.grant(grant.name(), schema::PciFunction::kInterfaceId,
                                         std::move(devices[next_device++])));
        else
            CO_TRY(co_await give(loader, grant));
    }
    step_.clear();
    step_ << "first thread";
    if (auto info = co_await loader.process().info()) pid_ = (*info)->pid();
    // Said first, so that what the program itself says comes after it. A thread that is refused has the next line.
    rt::log_info("service \"{}\" started, pid {}", name(), pid_);
    started_ns_ = rt::now_ns();
    process_ = CO_TRY(co_await loader.start(description_));
    state_ = State::running;
    co_return {};
}

rt::Task<Result<void>> Service::give(Loader& loader, const schema::Grant::Reader& grant) {
    using Which = schema::Grant::Source::Which;
    const schema::InterfaceNames* interface = schema::find_interface(grant.interface());
    if (interface == nullptr) co_return Error::NotFound;
    const auto source = grant.source();
    switch (source.which()) {
    case Which::kernel:
        CO_TRY(co_await loader.grant(grant.name(), interface->id, house_.roots.kernel_source(source.kernel())));
        if (interface->id == schema::Timer::kInterfaceId) CO_TRY(co_await loader.give_time_page());
        co_return {};
    case Which::service: {
        const auto from = source.service();
        const rt::Client* reference =
            CO_TRY(co_await house_.exports.reference(from.service(), from.export_(), interface->id, from.scope()));
        co_return co_await loader.grant(grant.name(), interface->id, *reference);
    }
    case Which::device:
        co_return Error::Unsupported;    // claimed before, in start_with
    case Which::self:
        co_return co_await loader.grant(grant.name(), interface->id, loader.address_space());
    case Which::file: {
        const MappedFile* file = house_.catalogue.find(source.file());
        if (file == nullptr) co_return Error::NotFound;
        co_return co_await loader.grant(grant.name(), interface->id, file->object);
    }
    }
    co_return Error::Unsupported;
}

rt::Task<Result<client::PciFunction>> Service::claim(const schema::Grant::Reader& grant) {
    const auto match = grant.source().device();
    auto claimed = co_await claim_device(house_.roots, match, bdf_);
    if (!claimed) {
        device_missing_ = claimed.error() == Error::NotFound && match.optional();
        co_return claimed.error();
    }
    bdf_ = claimed->bdf;
    co_return std::move(claimed->function);
}

// --- watching ---

rt::Task<End> Service::watch() {
    auto reply = co_await process_.wait();
    End end{.by_operator = std::exchange(by_operator_, false), .clean = false, .started = true,
            .lived_ns = rt::now_ns() - started_ns_};
    last_end_.clear();
    if (!reply) {
        last_end_ << "unknown";
        rt::log_error("service \"{}\": waiting for its end failed: {}", name(), reply.error());
        (void)co_await process_.kill();
    } else {
        using Cause = schema::Process::WaitResults::Cause;
        const auto& ended = **reply;
        if (ended.cause() == Cause::fault) {
            last_end_ << "fault " << ended.vector();
            const MappedFile* program = house_.catalogue.find(description_.program());
            house_.crashes.record(name(), pid_, ended,
                                  program == nullptr ? std::span<const std::byte>() : program->contents);
        } else if (ended.cause() == Cause::killed) {
            last_end_ << "killed";
            rt::log_info("service \"{}\" pid {}: {}", name(), pid_, stopping_ ? "stopped" : "killed");
        } else {
            last_end_ << "exit " << ended.status();
            end.clean = ended.status() == 0;
            rt::log_warning("service \"{}\" pid {}: ended with status {}", name(), pid_, ended.status());
        }
    }
    process_.reset();
    pid_ = 0;
    co_return end;
}

// --- the operator's side ---

rt::Task<Service::Outcome> Service::kill() {
    if (state_ == State::waiting) co_return Outcome::waiting_for_device;
    if (state_ != State::running) co_return Outcome::not_running;
    by_operator_ = true;
    auto killed = co_await process_.kill();
    if (!killed) by_operator_ = false;      // its end, when it comes, is its own
    co_return killed ? Outcome::done : Outcome::refused;
}

rt::Task<Service::Outcome> Service::restart() {
    const std::uint64_t before = attempts_;
    start_again_ = true;
    if (state_ == State::running) {
        by_operator_ = true;
        if (auto killed = co_await process_.kill(); !killed) {
            start_again_ = by_operator_ = false;
            co_return Outcome::refused;
        }
    } else {
        command_.signal();
    }
    const std::uint64_t deadline = rt::executor().timer_now() + kRestartPatienceNs;
    while (attempts_ == before && !stopped_)
        if (!co_await changed_.wait_until(deadline)) break;
    if (attempts_ == before) co_return Outcome::not_started;
    if (device_missing_) co_return Outcome::waiting_for_device;
    co_return state_ == State::running ? Outcome::done : Outcome::not_started;
}

rt::Task<bool> Service::stop(std::uint64_t deadline_ns) {
    stopping_ = true;
    command_.signal();      // a pause before the next start ends, and so does waiting for the operator
    if (state_ == State::running) (void)co_await process_.kill();
    while (!stopped_)
        if (!co_await changed_.wait_until(deadline_ns)) co_return false;
    co_return true;
}

namespace {

void describe_source(TextWriter& out, const schema::Grant::Source::Reader& source) {
    using Which = schema::Grant::Source::Which;
    switch (source.which()) {
    case Which::kernel: out << "kernel " << source.kernel(); break;
    case Which::service: {
        // Large numbers are made of fields, and in hexadecimal also in the kernel's own lists.
        constexpr std::uint64_t kLargestPlain = 9999;
        const std::uint64_t scope = source.service().scope();
        out << "service " << source.service().service() << '.' << source.service().export_() << " #";
        if (scope <= kLargestPlain)
            out << scope;
        else
            out << "0x" << Hex{scope};
        break;
    }
    case Which::device: {
        out << "device " << Hex{source.device().vendor(), 4} << ':';
        bool first = true;
        for (const std::uint16_t device : source.device().devices()) {
            if (!first) out << ',';
            first = false;
            out << Hex{device, 4};
        }
        break;
    }
    case Which::self: out << "own " << source.self(); break;
    case Which::file: out << "file " << source.file(); break;
    }
}

}  // namespace

void Service::describe(schema::ServiceList::Service::Builder out) const {
    out.set_name(name());
    out.set_program(description_.program());
    out.set_state(state_);
    out.set_pid(pid_);
    out.set_restarts(restarts_);
    out.set_last_end(last_end_.view());
    out.set_started_ns(started_ns_);
    const auto grants = description_.grants();
    auto list = out.init_grants(grants.size());
    for (std::uint32_t i = 0; i < grants.size(); ++i) {
        list[i].set_name(grants[i].name());
        const schema::InterfaceNames* interface = schema::find_interface(grants[i].interface());
        list[i].set_interface_id(interface == nullptr ? 0 : interface->id);
        FixedText<96> source;
        describe_source(source, grants[i].source());
        list[i].set_source(source.view());
    }
}

}  // namespace capos::init
