// A manifest in plain values, for tests to break, and the bundle it is checked against.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "lib/wire/wire.hpp"
#include "services/init/check/manifest_check.hpp"
#include "tests/unit/elf/executable.hpp"

namespace capos::test {

struct PlainGrant {
    std::string name, interface;
    schema::Grant::Source::Which which = schema::Grant::Source::Which::kernel;
    std::string text;                       // kernel, self, file; for a service: its name
    std::string export_name = {};
    std::uint64_t scope = 0;
    std::vector<std::uint16_t> devices = {};
};

struct PlainExport {
    std::string name, interface;
    std::uint32_t in_flight = 64, parked = 16;
};

struct PlainService {
    std::string name, program;
    std::vector<PlainGrant> grants = {};
    std::vector<PlainExport> exports = {};
    std::string options = {};
    std::uint32_t heap_pages = 64, stack_pages = 16, pages = 512, object_bytes = 131072, slots = 64;
    std::uint32_t submissions = 64, completions = 128, message_pages = 28;
    std::uint8_t priority = 4;
    schema::Restart restart = schema::Restart::always;
};

class PlainBundle final : public init::BundleContents {
public:
    PlainBundle() { programs["web"] = programs["netstack"] = Executable().bytes(); }
    init::Presence program(std::string_view name, std::span<const std::byte>& contents) override {
        const auto found = programs.find(name);
        if (found == programs.end()) return init::Presence::Missing;
        if (damaged == name) return init::Presence::Damaged;
        contents = found->second;
        return init::Presence::Present;
    }
    init::Presence entry(std::string_view name) override {
        if (damaged == name) return init::Presence::Damaged;
        return name == "licenses" ? init::Presence::Present : init::Presence::Missing;
    }
    std::map<std::string, std::vector<std::byte>, std::less<>> programs;
    std::string damaged;
};

// What is checked: a stack that exports, and a page that uses it.
struct ManifestHouse {
    using Which = schema::Grant::Source::Which;
    std::uint32_t version = 1;
    std::vector<PlainService> services = {
        {.name = "netstack",
         .program = "netstack",
         .grants = {{"log", "Log", Which::kernel, "Log"}, {"addressSpace", "AddressSpace", Which::self, "AddressSpace"}},
         .exports = {{"tcp-listen", "TcpListenAuthority"}, {"manager", "NetworkManager"}}},
        {.name = "web",
         .program = "web",
         .grants = {{"log", "Log", Which::kernel, "Log"},
                    {"listen", "TcpListenAuthority", Which::service, "netstack", "tcp-listen", 80},
                    {"services", "ServiceList", Which::service, "init", "services", 1},
                    {"licenses", "MemoryObject", Which::file, "licenses"},
                    {"device", "PciFunction", Which::device, "", "", 0, {0x1000}}}}};
    PlainBundle bundle;
    init::Budget budget{10000, 1 << 20};

    // Checks it; the fault's line is in `line`.
    Result<void> check() {
        wire::MessageBuilder builder(storage_);
        auto manifest = builder.init_root<schema::Manifest>();
        manifest.set_version(version);
        auto list = manifest.init_services(static_cast<std::uint32_t>(services.size()));
        for (std::uint32_t i = 0; i < services.size(); ++i) write(list[i], services[i]);
        const auto bytes = *builder.finish();
        auto message = *wire::MessageReader::open(bytes);
        init::FaultText fault;
        auto checked = init::check_manifest(*message.root<schema::Manifest>(), bundle, budget, fault);
        line = std::string(fault.view());
        EXPECT_EQ(checked.has_value(), line.empty());
        return checked;
    }
    PlainService& web() { return services[1]; }
    PlainService& netstack() { return services[0]; }
    std::string line;

private:
    static void write(schema::Service::Builder out, const PlainService& in) {
        out.set_name(in.name);
        out.set_program(in.program);
        out.set_options(in.options);
        out.set_heap_pages(in.heap_pages);
        out.set_stack_pages(in.stack_pages);
        out.set_pages(in.pages);
        out.set_object_bytes(in.object_bytes);
        out.set_slots(in.slots);
        out.set_submissions(in.submissions);
        out.set_completions(in.completions);
        out.set_message_pages(in.message_pages);
        out.set_priority(in.priority);
        out.set_restart(in.restart);
        auto exports = out.init_exports(static_cast<std::uint32_t>(in.exports.size()));
        for (std::uint32_t i = 0; i < in.exports.size(); ++i) {
            exports[i].set_name(in.exports[i].name);
            exports[i].set_interface(in.exports[i].interface);
            exports[i].set_in_flight(in.exports[i].in_flight);
            exports[i].set_parked_per_number(in.exports[i].parked);
        }
        auto grants = out.init_grants(static_cast<std::uint32_t>(in.grants.size()));
        for (std::uint32_t i = 0; i < in.grants.size(); ++i) write(grants[i], in.grants[i]);
    }
    static void write(schema::Grant::Builder out, const PlainGrant& in) {
        out.set_name(in.name);
        out.set_interface(in.interface);
        auto source = out.source();
        switch (in.which) {
        case Which::kernel: source.set_kernel(in.text); break;
        case Which::self: source.set_self(in.text); break;
        case Which::file: source.set_file(in.text); break;
        case Which::service: {
            auto service = source.init_service();
            service.set_service(in.text);
            service.set_export(in.export_name);
            service.set_scope(in.scope);
            break;
        }
        case Which::device: {
            auto device = source.init_device();
            device.set_vendor(0x1af4);
            auto devices = device.init_devices(static_cast<std::uint32_t>(in.devices.size()));
            for (std::uint32_t i = 0; i < in.devices.size(); ++i) devices.set(i, in.devices[i]);
            break;
        }
        }
    }
    alignas(8) std::byte storage_[32768];
};

}  // namespace capos::test
