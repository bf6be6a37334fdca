// What the kernel gives init: the capabilities that everything else is made of.
#pragma once

#include "lib/base/result.hpp"
#include "runtime/grants.hpp"
#include "schema/device.client.hpp"
#include "schema/ipc.client.hpp"
#include "schema/memory.client.hpp"
#include "schema/process.client.hpp"
#include "schema/system.client.hpp"

namespace capos::init {

struct Roots {
    client::Log log;
    client::Terminal terminal;
    client::Timer timer;
    client::Entropy entropy;
    client::Power power;
    client::SystemInfo system_info;
    client::MemoryFactory memory_factory;
    client::ProcessFactory process_factory;
    client::EndpointFactory endpoint_factory;
    client::NotificationFactory notification_factory;
    client::BootBundle boot_bundle;
    client::PciBus pci_bus;
    client::AddressSpace address_space;     // init's own

    // Takes all of them. NotFound or WrongInterface, with a line in the log that names the grant.
    Result<void> take() {
        rt::Grants& grants = rt::grants();
        log = TRY(grants.take<schema::Log>("log"));
        terminal = TRY(grants.take<schema::Terminal>("terminal"));
        timer = TRY(grants.take<schema::Timer>("timer"));
        entropy = TRY(grants.take<schema::Entropy>("entropy"));
        power = TRY(grants.take<schema::Power>("power"));
        system_info = TRY(grants.take<schema::SystemInfo>("systemInfo"));
        memory_factory = TRY(grants.take<schema::MemoryFactory>("memoryFactory"));
        process_factory = TRY(grants.take<schema::ProcessFactory>("processFactory"));
        endpoint_factory = TRY(grants.take<schema::EndpointFactory>("endpointFactory"));
        notification_factory = TRY(grants.take<schema::NotificationFactory>("notificationFactory"));
        boot_bundle = TRY(grants.take<schema::BootBundle>("bootBundle"));
        pci_bus = TRY(grants.take<schema::PciBus>("pciBus"));
        address_space = TRY(grants.take<schema::AddressSpace>("addressSpace"));
        return {};
    }

    // The object that manifests call `source` ("Log", "Timer", ...); an empty one when there is none.
    const rt::Client& kernel_source(std::string_view source) const {
        struct Named { std::string_view name; const rt::Client* client; };
        const Named all[] = {
            {"Log", &log}, {"Terminal", &terminal}, {"Timer", &timer}, {"Entropy", &entropy}, {"Power", &power},
            {"SystemInfo", &system_info}, {"MemoryFactory", &memory_factory},
            {"EndpointFactory", &endpoint_factory}, {"NotificationFactory", &notification_factory}};
        for (const Named& item : all)
            if (item.name == source) return *item.client;
        static const rt::Client none;
        return none;
    }
};

}  // namespace capos::init
