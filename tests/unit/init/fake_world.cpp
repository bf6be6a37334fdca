#include "tests/unit/init/fake_world.hpp"

#include "runtime/log.hpp"

namespace capos::test {

namespace {

constexpr abi::Handle kLogHandle = 50;

std::string_view protection_name(schema::AddressSpace::Protection protection) {
    switch (protection) {
    case schema::AddressSpace::Protection::read: return "read";
    case schema::AddressSpace::Protection::read_write: return "readWrite";
    default: return "readExecute";
    }
}

}  // namespace

FakeWorld::FakeWorld() {
    kernel.script = [this](const abi::Submission& call) { return answer(call); };
    rt::detail::set_log(kLogHandle);
}

FakeWorld::~FakeWorld() { rt::detail::set_log(0); }

FakeWorld::StartedProcess& FakeWorld::process(std::string_view name) {
    for (auto at = processes.rbegin(); at != processes.rend(); ++at)
        if (at->name == name) return *at;
    ADD_FAILURE() << "no process " << name;
    std::abort();
}

std::size_t FakeWorld::count_of(std::string_view name) const {
    std::size_t count = 0;
    for (const StartedProcess& process : processes) count += process.name == name;
    return count;
}

void FakeWorld::end(StartedProcess& process, schema::Process::WaitResults::Cause cause, std::int64_t status) {
    process.ended = true;
    ASSERT_TRUE(process.waiter.has_value()) << process.name << " is not watched";
    reply<schema::Process::WaitResults>(*process.waiter, [&](auto& results) {
        results.set_cause(cause);
        results.set_status(status);
        results.set_vector(14);
        results.set_error_code(6);
        results.set_address(0x10);
        results.set_instruction(0x401012);
        auto backtrace = results.init_backtrace(1);
        backtrace.set(0, 0x401025);
    });
    process.waiter.reset();
}

void FakeWorld::press_power_button() {
    ASSERT_TRUE(button_waiter_.has_value());
    kernel.complete(*button_waiter_, Error::None);
    button_waiter_.reset();
}

void FakeWorld::settle(std::uint64_t for_ns) {
    const std::uint64_t until = rt::executor().timer_now() + for_ns + 1;
    run([](std::uint64_t until) -> rt::Task<void> {
        for (int i = 0; i < 200; ++i) co_await rt::yield();
        co_await rt::sleep_until(until);
        for (int i = 0; i < 200; ++i) co_await rt::yield();
    }(until));
}

template <class R, class Fill>
bool FakeWorld::reply(const abi::Submission& call, Fill&& fill, std::vector<abi::ReceivedCapability> capabilities) {
    alignas(8) std::byte storage[4096];
    wire::MessageBuilder builder(storage);
    auto root = builder.init_root<R>();
    fill(root);
    kernel.reply(call, *builder.finish(), std::move(capabilities));
    return true;
}

template <class P>
typename P::Reader FakeWorld::params(const abi::Submission& call) {
    return *wire::MessageReader::open(kernel.message(call.message_offset, call.message_length))->template root<P>();
}

bool FakeWorld::answer(const abi::Submission& call) {
    if (call.operation != abi::Operation::Call) return false;
    const std::string method = std::string(schema::interface_name(call.interface_or_call)) + "." +
                               std::string(schema::method_name(call.interface_or_call, call.method));
    if (const auto failure = failures.find(method); failure != failures.end()) {
        const Error error = failure->second;
        failures.erase(failure);
        kernel.complete(call, error);
        return true;
    }
    if (method == "Log.write") {
        lines.emplace_back(params<schema::Log::WriteParams>(call).text());
        kernel.complete(call, Error::None);
        return true;
    }
    if (method == "Process.wait") {
        processes[process_of(call.handle)].waiter = call;      // answered when it ends
        return false;
    }
    return answer_memory(call, method) || answer_process(call, method) || answer_others(call, method);
}

bool FakeWorld::answer_memory(const abi::Submission& call, const std::string& method) {
    if (method == "MemoryFactory.create")
        return reply<schema::MemoryFactory::CreateResults>(
            call, [](auto& results) { results.set_object(wire::CapabilityIndex(0)); },
            {{name("memory"), schema::MemoryObject::kInterfaceId}});
    if (method == "AddressSpace.map") {
        const auto wanted = params<schema::AddressSpace::MapParams>(call);
        std::uint64_t address = wanted.address();
        if (const auto owner = process_of_.find(call.handle); owner != process_of_.end()) {
            processes[owner->second].mapped.emplace_back(protection_name(wanted.protection()));
        } else {
            // Init's own space: it writes there.
            ++own_views;
            memory_.push_back(std::make_unique<std::byte[]>(wanted.size()));
            address = reinterpret_cast<std::uint64_t>(memory_.back().get());
        }
        return reply<schema::AddressSpace::MapResults>(call, [&](auto& results) { results.set_address(address); });
    }
    if (method == "AddressSpace.unmap") {
        --own_views;
        kernel.complete(call, Error::None);
        return true;
    }
    return false;
}

bool FakeWorld::answer_process(const abi::Submission& call, const std::string& method) {
    using schema::Process;
    if (method == "ProcessFactory.create") {
        processes.emplace_back();
        processes.back().name = params<schema::ProcessFactory::CreateParams>(call).name();
        const abi::Handle handle = name("process");
        process_of_[handle] = processes.size() - 1;
        return reply<schema::ProcessFactory::CreateResults>(
            call, [](auto& results) { results.set_process(wire::CapabilityIndex(0)); }, {{handle, Process::kInterfaceId}});
    }
    if (!method.starts_with("Process.")) return false;
    StartedProcess& process = processes[process_of(call.handle)];
    if (method == "Process.addressSpace") {
        const abi::Handle handle = name("own AddressSpace");
        process_of_[handle] = process_of(call.handle);
        return reply<Process::AddressSpaceResults>(
            call, [](auto& results) { results.set_address_space(wire::CapabilityIndex(0)); },
            {{handle, schema::AddressSpace::kInterfaceId}});
    }
    if (method == "Process.grant") {
        process.granted.push_back(labels[kernel.sent(call).at(0).handle]);
        return reply<Process::GrantResults>(call, [&](auto& results) { results.set_handle(process.granted.size()); });
    }
    if (method == "Process.startThread") {
        process.threads = true;
        return reply<Process::StartThreadResults>(
            call, [](auto& results) { results.set_thread(wire::CapabilityIndex(0)); },
            {{name("thread"), schema::Thread::kInterfaceId}});
    }
    if (method == "Process.info")
        return reply<Process::InfoResults>(
            call, [&](auto& results) { results.set_pid(static_cast<std::uint32_t>(process_of(call.handle) + 2)); });
    if (method == "Process.kill") {
        kernel.complete(call, Error::None);
        if (process.waiter) end(process, Process::WaitResults::Cause::killed);
        process.ended = true;
        return true;
    }
    return false;
}

bool FakeWorld::answer_others(const abi::Submission& call, const std::string& method) {
    if (method == "EndpointFactory.create")
        return reply<schema::EndpointFactory::CreateResults>(
            call, [](auto& results) { results.set_endpoint(wire::CapabilityIndex(0)); },
            {{name("endpoint " + std::string(params<schema::EndpointFactory::CreateParams>(call).name())),
              schema::Endpoint::kInterfaceId}});
    if (method == "Endpoint.mint") {
        const auto wanted = params<schema::Endpoint::MintParams>(call);
        return reply<schema::Endpoint::MintResults>(
            call, [](auto& results) { results.set_reference(wire::CapabilityIndex(0)); },
            {{name(labels[call.handle] + " #" + std::to_string(wanted.number())), wanted.interface_id()}});
    }
    if (method == "Timer.page")
        return reply<schema::Timer::PageResults>(
            call, [](auto& results) { results.set_page(wire::CapabilityIndex(0)); },
            {{name("time page"), schema::MemoryObject::kInterfaceId}});
    if (method == "PciBus.functions")
        return reply<schema::PciBus::FunctionsResults>(call, [&](auto& results) {
            auto list = results.init_functions(static_cast<std::uint32_t>(devices.size()));
            for (std::uint32_t i = 0; i < devices.size(); ++i) {
                list[i].set_bdf(devices[i]);
                list[i].set_vendor(0x1af4);
                list[i].set_device(0x1000);
                list[i].set_claimed(std::find(claimed.begin(), claimed.end(), devices[i]) != claimed.end());
            }
        });
    if (method == "PciBus.claim") {
        const std::uint16_t bdf = params<schema::PciBus::ClaimParams>(call).bdf();
        if (std::find(dead.begin(), dead.end(), bdf) != dead.end())
            return reply<schema::PciBus::ClaimResults>(
                call, [](auto& results) { results.set_outcome(schema::PciBus::ClaimResults::Outcome::dead); });
        claimed.push_back(bdf);
        return reply<schema::PciBus::ClaimResults>(
            call,
            [](auto& results) {
                results.set_outcome(schema::PciBus::ClaimResults::Outcome::claimed);
                results.set_function(wire::CapabilityIndex(0));
            },
            {{name("device " + std::to_string(bdf)), schema::PciFunction::kInterfaceId}});
    }
    if (method == "Power.waitButton") {
        button_waiter_ = call;
        return false;
    }
    if (method == "Power.off" || method == "Power.reset") {
        power.push_back(method);
        return false;                  // neither comes back
    }
    if (method == "Thread.setPriority") {
        kernel.complete(call, Error::None);
        return true;
    }
    if (method == "BootBundle.entries")
        return reply<schema::BootBundle::EntriesResults>(call, [](auto& results) {
            auto list = results.init_entries(3);
            list[0].set_name("web");
            list[0].set_kind(2);
            list[1].set_name("broken");
            list[1].set_kind(2);
            list[1].set_damaged(true);
            list[2].set_name("init");
            list[2].set_kind(2);
        });
    if (method == "BootBundle.program")
        return reply<schema::BootBundle::ProgramResults>(
            call,
            [](auto& results) {
                results.set_object(wire::CapabilityIndex(0));
                results.set_bytes(Executable().bytes().size());
            },
            {{name("program"), schema::MemoryObject::kInterfaceId}});
    if (method == "BootBundle.manifest") {
        kernel.complete(call, Error::Failed);
        return true;
    }
    ADD_FAILURE() << "init called " << method;
    kernel.complete(call, Error::Unimplemented);
    return true;
}

}  // namespace capos::test
