// Exports and grants: every name resolves, and has the interface that is asked for.
#include "abi/start.hpp"
#include "schema/names.hpp"
#include "services/init/check/checks.hpp"

namespace capos::init {

namespace {

// What manifests may grant from the kernel. ProcessFactory and BootBundle are init's alone.
constexpr std::string_view kKernelSources[] = {
    "Log", "Terminal", "Timer", "Entropy", "Power", "SystemInfo", "MemoryFactory", "EndpointFactory",
    "NotificationFactory"};

constexpr std::uint32_t kMostInFlight = 4096;
constexpr std::uint32_t kMostParked = 256;

// What init itself exports.
struct InitExport {
    std::string_view name;
    std::string_view interface;
};
constexpr InitExport kInitExports[] = {{kServicesExport, "ServiceList"}, {kControlExport, "ServiceControl"}};

// The service called `name`; nothing when there is none.
bool find_service(const Check& check, std::string_view name, schema::Service::Reader& out) {
    for (const auto service : check.manifest.services()) {
        if (service.name() != name) continue;
        out = service;
        return true;
    }
    return false;
}

bool find_export(const schema::Service::Reader& service, std::string_view name, schema::Export::Reader& out) {
    for (const auto item : service.exports()) {
        if (item.name() != name) continue;
        out = item;
        return true;
    }
    return false;
}

Result<void> wrong_interface(Check& check, const schema::Service::Reader& service, const schema::Grant::Reader& grant,
                             std::string_view actual) {
    check.at_grant(service, grant) << "interface: asked for " << grant.interface() << ", the source is " << actual;
    return Error::WrongInterface;
}

Result<void> check_kernel_source(Check& check, const schema::Service::Reader& service,
                                 const schema::Grant::Reader& grant) {
    const std::string_view source = grant.source().kernel();
    if (kernel_source_interface(source) == 0) {
        check.at_grant(service, grant) << "kernel: there is no \"" << source << "\"";
        return Error::NotFound;
    }
    if (grant.interface() != source) return wrong_interface(check, service, grant, source);
    return {};
}

Result<void> check_service_source(Check& check, const schema::Service::Reader& service,
                                  const schema::Grant::Reader& grant) {
    const auto source = grant.source().service();
    if (source.service() == kInitName) {
        for (const InitExport& item : kInitExports) {
            if (item.name != source.export_()) continue;
            if (grant.interface() != item.interface) return wrong_interface(check, service, grant, item.interface);
            return {};
        }
        check.at_grant(service, grant) << "service \"init\" has no export \"" << source.export_() << "\"";
        return Error::NotFound;
    }
    schema::Service::Reader provider;
    if (!find_service(check, source.service(), provider)) {
        check.at_grant(service, grant) << "there is no service \"" << source.service() << "\"";
        return Error::NotFound;
    }
    schema::Export::Reader item;
    if (!find_export(provider, source.export_(), item)) {
        check.at_grant(service, grant) << "service \"" << source.service() << "\" has no export \""
                                       << source.export_() << "\"";
        return Error::NotFound;
    }
    if (grant.interface() != item.interface()) return wrong_interface(check, service, grant, item.interface());
    return {};
}

Result<void> check_source(Check& check, const schema::Service::Reader& service, const schema::Grant::Reader& grant) {
    using Which = schema::Grant::Source::Which;
    const auto source = grant.source();
    switch (source.which()) {
    case Which::kernel:
        return check_kernel_source(check, service, grant);
    case Which::service:
        return check_service_source(check, service, grant);
    case Which::device:
        if (source.device().devices().size() == 0) {
            check.at_grant(service, grant) << "device: no device ids to look for";
            return Error::InvalidArgument;
        }
        if (grant.interface() != "PciFunction") return wrong_interface(check, service, grant, "PciFunction");
        return {};
    case Which::self:
        if (source.self() != "AddressSpace") {
            check.at_grant(service, grant) << "self: a process has no \"" << source.self() << "\" to be given";
            return Error::NotFound;
        }
        if (grant.interface() != "AddressSpace") return wrong_interface(check, service, grant, "AddressSpace");
        return {};
    case Which::file: {
        const Presence presence = check.bundle.entry(source.file());
        if (presence != Presence::Present) {
            check.at_grant(service, grant) << "file \"" << source.file() << "\": "
                                           << (presence == Presence::Missing ? "not in the bundle"
                                                                             : "damaged (checksum does not match)");
            return presence == Presence::Missing ? Error::NotFound : Error::ChecksumMismatch;
        }
        if (grant.interface() != "MemoryObject") return wrong_interface(check, service, grant, "MemoryObject");
        return {};
    }
    }
    check.at_grant(service, grant) << "source: of a kind that this init does not know";
    return Error::Unsupported;
}

// Whether an earlier grant or export of the service is already called so.
bool name_taken(const schema::Service::Reader& service, std::uint32_t grants_before, std::string_view name) {
    const auto grants = service.grants();
    for (std::uint32_t i = 0; i < grants_before; ++i)
        if (grants[i].name() == name) return true;
    for (const auto item : service.exports()) {
        GrantName endpoint;
        endpoint_grant_name(item.name(), endpoint);
        if (endpoint.view() == name) return true;
    }
    return false;
}

}  // namespace

std::uint64_t kernel_source_interface(std::string_view source) {
    for (const std::string_view known : kKernelSources)
        if (known == source) return schema::find_interface(source)->id;
    return 0;
}

Result<void> check_exports(Check& check, const schema::Service::Reader& service) {
    const auto exports = service.exports();
    for (std::uint32_t i = 0; i < exports.size(); ++i) {
        const auto item = exports[i];
        const auto at_export = [&]() -> TextWriter& { return check.at(service) << "export \"" << item.name() << "\": "; };
        if (!valid_service_name(item.name()) || item.name().size() + kEndpointSuffix.size() > kMaxNameBytes) {
            at_export() << "name is not 1 to " << kMaxNameBytes - kEndpointSuffix.size() << " of a-z, 0-9 and -";
            return Error::InvalidArgument;
        }
        for (std::uint32_t other = 0; other < i; ++other) {
            if (exports[other].name() != item.name()) continue;
            at_export() << "name: another export has it";
            return Error::AlreadyExists;
        }
        if (schema::find_interface(item.interface()) == nullptr) {
            at_export() << "interface: there is no \"" << item.interface() << "\"";
            return Error::NotFound;
        }
        if (item.in_flight() == 0 || item.in_flight() > kMostInFlight) {
            at_export() << "inFlight: " << item.in_flight() << ", 1 to " << kMostInFlight << " are possible";
            return Error::InvalidArgument;
        }
        if (item.parked_per_number() == 0 || item.parked_per_number() > kMostParked) {
            at_export() << "parkedPerNumber: " << item.parked_per_number() << ", 1 to " << kMostParked
                        << " are possible";
            return Error::InvalidArgument;
        }
    }
    return {};
}

Result<void> check_grants(Check& check, const schema::Service::Reader& service) {
    const auto grants = service.grants();
    if (grants.size() + service.exports().size() > abi::kMaxGrants) {
        check.at(service) << "grants: " << grants.size() << " and " << service.exports().size()
                          << " exports, together at most " << abi::kMaxGrants;
        return Error::InvalidArgument;
    }
    for (std::uint32_t i = 0; i < grants.size(); ++i) {
        const auto grant = grants[i];
        if (!valid_grant_name(grant.name())) {
            check.at_grant(service, grant) << "name is not 1 to 31 of letters, digits and -";
            return Error::InvalidArgument;
        }
        if (name_taken(service, i, grant.name())) {
            check.at_grant(service, grant) << "name: another grant or export of the service has it";
            return Error::AlreadyExists;
        }
        if (schema::find_interface(grant.interface()) == nullptr) {
            check.at_grant(service, grant) << "interface: there is no \"" << grant.interface() << "\"";
            return Error::NotFound;
        }
        TRY(check_source(check, service, grant));
    }
    return {};
}

// The scope is the number minted into the reference, so it must tell the holders of one export apart.
Result<void> check_scopes(Check& check) {
    const auto services = check.manifest.services();
    const auto is_same = [](const schema::ServiceExport::Reader& a, const schema::ServiceExport::Reader& b) {
        return a.service() == b.service() && a.export_() == b.export_() && a.scope() == b.scope();
    };
    for (std::uint32_t i = 0; i < services.size(); ++i) {
        const auto grants = services[i].grants();
        for (std::uint32_t g = 0; g < grants.size(); ++g) {
            if (grants[g].source().which() != schema::Grant::Source::Which::service) continue;
            const auto source = grants[g].source().service();
            for (std::uint32_t j = 0; j <= i; ++j) {
                const auto others = services[j].grants();
                for (std::uint32_t h = 0; h < (j == i ? g : others.size()); ++h) {
                    if (others[h].source().which() != schema::Grant::Source::Which::service) continue;
                    if (!is_same(source, others[h].source().service())) continue;
                    check.at_grant(services[i], grants[g])
                        << "scope " << source.scope() << " of export \"" << source.export_() << "\" is also grant \""
                        << others[h].name() << "\" of service \"" << services[j].name() << "\"";
                    return Error::AlreadyExists;
                }
            }
        }
    }
    return {};
}

namespace {

std::uint32_t index_of(const Check& check, std::string_view name) {
    const auto services = check.manifest.services();
    std::uint32_t index = 0;
    while (index < services.size() && services[index].name() != name) ++index;
    return index;
}

// Bit set of the services whose exports service `index` is granted.
std::uint32_t providers_of(const Check& check, std::uint32_t index) {
    std::uint32_t providers = 0;
    for (const auto grant : check.manifest.services()[index].grants()) {
        if (grant.source().which() != schema::Grant::Source::Which::service) continue;
        const std::uint32_t provider = index_of(check, grant.source().service().service());
        if (provider < kMaxServices) providers |= std::uint32_t{1} << provider;
    }
    return providers;
}

}  // namespace

// Takes away services all of whose providers are gone already, until nothing changes; what is left waits in a circle.
Result<void> check_circles(Check& check) {
    static_assert(kMaxServices <= 32, "sets of services are 32 bits");
    const std::uint32_t count = check.manifest.services().size();
    std::uint32_t providers[kMaxServices] = {};
    const std::uint32_t all = count == 32 ? ~std::uint32_t{0} : (std::uint32_t{1} << count) - 1;
    for (std::uint32_t i = 0; i < count; ++i) providers[i] = providers_of(check, i) & all;
    std::uint32_t left = all;
    for (bool changed = true; changed;) {
        changed = false;
        for (std::uint32_t i = 0; i < count; ++i) {
            if ((left >> i & 1) == 0 || (providers[i] & left) != 0) continue;
            left &= ~(std::uint32_t{1} << i);
            changed = true;
        }
    }
    if (left == 0) return {};
    // From any service that is left, following providers that are left leads round a circle.
    auto at = static_cast<std::uint32_t>(__builtin_ctz(left));
    for (std::uint32_t step = 0; step < count; ++step) at = static_cast<std::uint32_t>(__builtin_ctz(providers[at] & left));
    const std::uint32_t first = at;
    const auto services = check.manifest.services();
    check.at(services[first]) << "grants: services wait for each other: " << services[first].name();
    do {
        at = static_cast<std::uint32_t>(__builtin_ctz(providers[at] & left));
        check.fault << " -> " << services[at].name();
    } while (at != first);
    return Error::Malformed;
}

}  // namespace capos::init
