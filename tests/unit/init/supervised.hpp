// Two services in a pretended machine, started and watched by init's own code.
#pragma once

#include <algorithm>

#include "services/init/shutdown.hpp"
#include "tests/unit/init/fake_world.hpp"

namespace capos::init {

class SupervisedTest : public ::testing::Test {
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
        roots_.power = world_.root<client::Power>("Power");
        bool loaded = false;
        test::run([](SupervisedTest& test, bool& loaded) -> rt::Task<void> {
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
        test::run([](SupervisedTest& test, bool& created) -> rt::Task<void> {
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

    bool said(std::string_view part) const { return line_with(part) < world_.lines.size(); }
    // The number of the first line that has it.
    std::size_t line_with(std::string_view part) const {
        return static_cast<std::size_t>(
            std::find_if(world_.lines.begin(), world_.lines.end(),
                         [&](const std::string& line) { return line.find(part) != line.npos; }) - world_.lines.begin());
    }

    alignas(8) std::byte storage_[8192];
    test::FakeWorld world_;
    Roots roots_;
    Catalogue catalogue_;
    Exports exports_;
    CrashLog crashes_;
    House house_{roots_, catalogue_, exports_, crashes_};
    schema::Manifest::Reader manifest_;
    std::vector<std::byte> program_;
    std::vector<std::unique_ptr<Service>> services_;
    std::vector<rt::Task<void>> lives_;
    Shutdown shutdown_{roots_.power, services_};
};

}  // namespace capos::init
