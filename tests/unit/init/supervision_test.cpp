// Services started, watched, ended and started again, in a pretended machine.
#include <algorithm>

#include "services/init/control.hpp"
#include "tests/unit/init/fake_world.hpp"

namespace capos::init {
namespace {

using Cause = schema::Process::WaitResults::Cause;
using test::FakeWorld;
using Strings = std::vector<std::string>;

class SupervisionTest : public ::testing::Test {
protected:
    void SetUp() override {
        roots_.log = world_.root<client::Log>("Log");
        roots_.timer = world_.root<client::Timer>("Timer");
        roots_.memory_factory = world_.root<client::MemoryFactory>("MemoryFactory");
        roots_.process_factory = world_.root<client::ProcessFactory>("ProcessFactory");
        roots_.endpoint_factory = world_.root<client::EndpointFactory>("EndpointFactory");
        roots_.boot_bundle = world_.root<client::BootBundle>("BootBundle");
        roots_.pci_bus = world_.root<client::PciBus>("PciBus");
        roots_.address_space = world_.root<client::AddressSpace>("init's AddressSpace");
        bool loaded = false;
        test::run([](SupervisionTest& test, bool& loaded) -> rt::Task<void> {
            loaded = (co_await test.catalogue_.load(test.roots_)).has_value();
        }(*this, loaded));
        ASSERT_TRUE(loaded);
        // What the bundle's program "holds": the pretended mapping is filled with an executable.
        program_ = test::Executable().bytes();
        const MappedFile* file = catalogue_.find("web");
        ASSERT_NE(file, nullptr);
        std::memcpy(const_cast<std::byte*>(file->contents.data()), program_.data(), program_.size());
        world_.own_views = 0;
    }

    // Two services: "stack" exports and drives a device, "page" uses it.
    void start_services() {
        wire::MessageBuilder builder(storage_);
        auto manifest = builder.init_root<schema::Manifest>();
        auto services = manifest.init_services(2);
        services[0].set_name("stack");
        services[0].set_program("web");
        auto exports = services[0].init_exports(1);
        exports[0].set_name("tcp");
        exports[0].set_interface("TcpListenAuthority");
        auto stack_grants = services[0].init_grants(2);
        stack_grants[0].set_name("device");
        stack_grants[0].set_interface("PciFunction");
        auto match = stack_grants[0].source().init_device();
        match.set_vendor(0x1af4);
        auto ids = match.init_devices(1);
        ids.set(0, 0x1000);
        stack_grants[1].set_name("space");
        stack_grants[1].set_interface("AddressSpace");
        stack_grants[1].source().set_self("AddressSpace");
        services[1].set_name("page");
        services[1].set_program("web");
        auto page_grants = services[1].init_grants(3);
        page_grants[0].set_name("log");
        page_grants[0].set_interface("Log");
        page_grants[0].source().set_kernel("Log");
        page_grants[1].set_name("timer");
        page_grants[1].set_interface("Timer");
        page_grants[1].source().set_kernel("Timer");
        page_grants[2].set_name("listen");
        page_grants[2].set_interface("TcpListenAuthority");
        auto from = page_grants[2].source().init_service();
        from.set_service("stack");
        from.set_export("tcp");
        from.set_scope(80);
        const auto bytes = *builder.finish();
        manifest_ = *(*wire::MessageReader::open(bytes)).root<schema::Manifest>();
        bool created = false;
        test::run([](SupervisionTest& test, bool& created) -> rt::Task<void> {
            created = (co_await test.exports_.create(test.roots_, test.manifest_)).has_value();
        }(*this, created));
        ASSERT_TRUE(created);
        for (const auto service : manifest_.services()) {
            services_.push_back(std::make_unique<Service>(house_, service));
            lives_.push_back(services_.back()->run());
        }
        for (auto& life : lives_) life.start();
        world_.settle();
    }

    bool said(std::string_view part) const {
        return std::any_of(world_.lines.begin(), world_.lines.end(),
                           [&](const std::string& line) { return line.find(part) != line.npos; });
    }

    alignas(8) std::byte storage_[8192];
    FakeWorld world_;
    Roots roots_;
    Catalogue catalogue_;
    Exports exports_;
    CrashLog crashes_;
    House house_{roots_, catalogue_, exports_, crashes_};
    schema::Manifest::Reader manifest_;
    std::vector<std::byte> program_;
    std::vector<std::unique_ptr<Service>> services_;
    std::vector<rt::Task<void>> lives_;
};

TEST_F(SupervisionTest, AServiceIsGivenExactlyItsGrantsAndNothingElse) {
    world_.devices = {0x18};
    start_services();
    EXPECT_EQ(world_.process("stack").granted,
              (Strings{"endpoint stack.tcp", "device 24", "own AddressSpace"}));
    EXPECT_EQ(world_.process("page").granted, (Strings{"Log", "Timer", "endpoint stack.tcp #80"}));
    EXPECT_TRUE(world_.process("page").threads);
}

TEST_F(SupervisionTest, NothingIsMappedWritableAndExecutableAndInitKeepsNoView) {
    world_.devices = {0x18};
    start_services();
    // Program: read, execute, write; start page; stack; heap; for the page also the time page.
    EXPECT_EQ(world_.process("stack").mapped,
              (Strings{"read", "readExecute", "readWrite", "read", "readWrite", "readWrite"}));
    EXPECT_EQ(world_.process("page").mapped,
              (Strings{"read", "readExecute", "readWrite", "read", "readWrite", "readWrite", "read"}));
    EXPECT_EQ(world_.own_views, 0u);
}

TEST_F(SupervisionTest, ARestartedServiceHasTheSameEndpointAndReferencesAreMintedOnce) {
    world_.devices = {0x18};
    start_services();
    const Strings before = world_.process("page").granted;
    world_.claimed.clear();
    world_.end(world_.process("stack"), Cause::exited, 1);
    world_.end(world_.process("page"), Cause::exited, 1);
    world_.settle();
    EXPECT_EQ(world_.count_of("stack"), 2u);
    EXPECT_EQ(world_.process("stack").granted.at(0), "endpoint stack.tcp");
    EXPECT_EQ(world_.process("page").granted, before);
    EXPECT_EQ(std::count_if(world_.labels.begin(), world_.labels.end(),
                            [](const auto& item) { return item.second == "endpoint stack.tcp #80"; }), 1);
}

TEST_F(SupervisionTest, WithoutItsDeviceAServiceWaitsAndTheOthersRun) {
    start_services();
    EXPECT_EQ(world_.count_of("stack"), 0u);
    EXPECT_EQ(world_.count_of("page"), 1u);
    EXPECT_TRUE(said("service \"stack\": waiting, there is no device for grant \"device\""));
}

TEST_F(SupervisionTest, AClaimThatIsStillTornDownIsWaitedForAndNotLeftForAnother) {
    world_.devices = {0x18};
    start_services();
    world_.devices = {0x18, 0x20};       // another one like it, unclaimed
    world_.end(world_.process("stack"), Cause::fault);
    world_.settle();
    EXPECT_EQ(world_.count_of("stack"), 1u);
    world_.claimed.clear();              // the teardown is done
    world_.settle(200 * rt::kMillisecond);
    EXPECT_EQ(world_.count_of("stack"), 2u);
    EXPECT_EQ(world_.process("stack").granted.at(1), "device 24");
}

TEST_F(SupervisionTest, AFaultIsRecordedAndTheServiceComesBack) {
    start_services();
    world_.end(world_.process("page"), Cause::fault);
    world_.settle();
    EXPECT_TRUE(said("crash: process page pid 2: page fault (write to 0x10) at 0x401012"));
    EXPECT_EQ(world_.count_of("page"), 2u);
    alignas(8) std::byte storage[4096];
    wire::MessageBuilder builder(storage);
    auto results = builder.init_root<schema::ServiceControl::CrashesResults>();
    crashes_.list(results);
    const auto bytes = *builder.finish();
    const auto listed = *(*wire::MessageReader::open(bytes)).root<schema::ServiceControl::CrashesResults>();
    ASSERT_EQ(listed.crashes().size(), 1u);
    EXPECT_EQ(listed.crashes()[0].process(), "page");
    EXPECT_EQ(listed.crashes()[0].backtrace().size(), 2u);
}

TEST_F(SupervisionTest, AStartThatFailsHalfWayLeavesNothing) {
    world_.failures["Process.startThread"] = Error::QuotaExceeded;
    start_services();
    EXPECT_TRUE(said("service \"page\": cannot be started: first thread: QuotaExceeded"));
    // The first attempt's process is gone; the second one, at once, runs.
    ASSERT_EQ(world_.count_of("page"), 2u);
    EXPECT_TRUE(world_.processes.front().ended);
    EXPECT_TRUE(world_.process("page").threads);
    EXPECT_EQ(world_.own_views, 0u);
}

TEST_F(SupervisionTest, AGrantThatFailsNamesItselfAndIsTakenBack) {
    world_.failures["Process.grant"] = Error::NoSlots;
    start_services();
    EXPECT_TRUE(said("service \"page\": cannot be started: grant \"log\": NoSlots"));
    EXPECT_TRUE(world_.processes.front().ended);
    EXPECT_EQ(world_.own_views, 0u);
}

// Calls one method of ServiceControl as the holder of a reference with `number`.
template <class P, class R, class Fill>
Result<schema::ServiceControl::Outcome> control(FakeWorld& world, rt::Router& router, std::uint16_t method,
                                                std::uint64_t number, Fill&& fill) {
    alignas(8) std::byte storage[256];
    wire::MessageBuilder builder(storage);
    auto params = builder.init_root<P>();
    fill(params);
    client::Endpoint endpoint(rt::Handle(77));
    auto serving = rt::serve(endpoint, router, {.receives = 1, .buffer_bytes = 512, .accept_capabilities = 0});
    serving.start();
    world.settle();
    world.kernel.returned.clear();
    world.kernel.returned_messages.clear();
    world.kernel.deliver(world.kernel.parked(abi::Operation::Receive),
                         {number, schema::ServiceControl::kInterfaceId, abi::RequestKind::Call, method, 0},
                         *builder.finish(), 1);
    world.settle();
    const auto returned = world.kernel.returned.at(0);
    if (returned.flags != 0) return static_cast<Error>(returned.method);
    auto message = wire::MessageReader::open(world.kernel.returned_messages[0]);
    return (*message->template root<R>()).outcome();
}

TEST_F(SupervisionTest, TheReadOnlyFaceMayNotKillAndTheOperatorsMay) {
    using Interface = schema::ServiceControl;
    start_services();
    Control server(services_, crashes_);
    const auto named = [](const char* name) { return [name](auto& params) { params.set_name(name); }; };
    const auto kill = static_cast<std::uint16_t>(Interface::Method::kill);
    const auto restart = static_cast<std::uint16_t>(Interface::Method::restart);
    const auto killed = [&](std::uint64_t number, const char* name) {
        return control<Interface::KillParams, Interface::KillResults>(world_, server, kill, number, named(name));
    };
    EXPECT_EQ(killed(1, "page").error(), Error::Denied);
    EXPECT_EQ(world_.count_of("page"), 1u);
    EXPECT_EQ(killed(2, "pege").value(), Interface::Outcome::no_such_service);
    EXPECT_EQ(killed(2, "stack").value(), Interface::Outcome::not_running);
    EXPECT_EQ(killed(2, "page").value(), Interface::Outcome::done);
    world_.settle();
    EXPECT_EQ(world_.count_of("page"), 2u);
    // Kills by the operator are not counted, however many.
    for (int i = 0; i < 12; ++i) EXPECT_EQ(killed(2, "page").value(), Interface::Outcome::done);
    world_.settle();
    EXPECT_EQ(world_.count_of("page"), 14u);
    EXPECT_FALSE(said("next start in"));
    EXPECT_EQ((control<Interface::RestartParams, Interface::RestartResults>(world_, server, restart, 1, named("page"))).error(),
              Error::Denied);
    EXPECT_EQ((control<Interface::RestartParams, Interface::RestartResults>(world_, server, restart, 2, named("page"))).value(),
              Interface::Outcome::done);
    world_.settle();
    EXPECT_EQ(world_.count_of("page"), 15u);
}

TEST_F(SupervisionTest, AServiceThatWaitsForItsDeviceIsTriedAgainWhenTheOperatorAsks) {
    using Interface = schema::ServiceControl;
    start_services();
    Control server(services_, crashes_);
    world_.devices = {0x18};
    const auto restarted = control<Interface::RestartParams, Interface::RestartResults>(
        world_, server, static_cast<std::uint16_t>(Interface::Method::restart), 2,
        [](auto& params) { params.set_name("stack"); });
    EXPECT_EQ(restarted.value(), Interface::Outcome::done);
    world_.settle();
    EXPECT_EQ(world_.count_of("stack"), 1u);
}

}  // namespace
}  // namespace capos::init
