#include "services/init/check/manifest_check.hpp"

#include "lib/elf/elf.hpp"
#include "services/init/check/checks.hpp"

namespace capos::init {

bool valid_service_name(std::string_view name) {
    if (name.empty() || name.size() > kMaxNameBytes) return false;
    for (const char c : name)
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
    return true;
}

bool valid_grant_name(std::string_view name) {
    if (name.empty() || name.size() > kMaxNameBytes) return false;
    for (const char c : name)
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-')) return false;
    return true;
}

namespace {

// Names that stand before lines on the console already: a service must not pass for them.
struct TakenName {
    std::string_view name;
    std::string_view by;
};
constexpr TakenName kTakenNames[] = {
    {kInitName, "init itself"}, {"kernel", "the kernel"}, {"device", "the kernel's lines about devices"}};

Result<void> check_name(Check& check, std::uint32_t index) {
    const auto services = check.manifest.services();
    const std::string_view name = services[index].name();
    if (!valid_service_name(name)) {
        check.fault << "service " << index << ": name \"" << name << "\" is not 1 to 31 of a-z, 0-9 and -";
        return Error::InvalidArgument;
    }
    for (const TakenName& taken : kTakenNames) {
        if (name != taken.name) continue;
        check.fault << "service " << index << ": name \"" << name << "\" is taken by " << taken.by;
        return Error::AlreadyExists;
    }
    for (std::uint32_t other = 0; other < index; ++other) {
        if (services[other].name() != name) continue;
        check.at(services[index]) << "name: another service has it";
        return Error::AlreadyExists;
    }
    return {};
}

Result<std::uint64_t> check_program(Check& check, const schema::Service::Reader& service) {
    std::span<const std::byte> contents;
    const Presence presence = check.bundle.program(service.program(), contents);
    if (presence == Presence::Missing) {
        check.at(service) << "program \"" << service.program() << "\": not in the bundle";
        return Error::NotFound;
    }
    if (presence == Presence::Damaged) {
        check.at(service) << "program \"" << service.program() << "\": damaged (checksum does not match)";
        return Error::ChecksumMismatch;
    }
    const char* reason = "";
    const auto plan = elf::plan(contents, &reason);
    if (!plan) {
        check.at(service) << "program \"" << service.program() << "\": " << reason;
        return plan.error();
    }
    return plan->writable_pages();
}

Result<void> check_options(Check& check, const schema::Service::Reader& service) {
    const std::string_view options = service.options();
    if (options.size() > kMaxOptionBytes) {
        check.at(service) << "options: " << options.size() << " bytes, at most " << kMaxOptionBytes;
        return Error::InvalidArgument;
    }
    for (const char c : options) {
        if (c >= ' ' && c <= '~') continue;
        check.at(service) << "options: a character that is not printable";
        return Error::InvalidArgument;
    }
    return {};
}

Result<void> check_service(Check& check, const schema::Service::Reader& service) {
    const std::uint64_t writable_pages = TRY(check_program(check, service));
    TRY(check_options(check, service));
    TRY(check_limits(check, service, writable_pages));
    TRY(check_exports(check, service));
    if (service.restart() != schema::Restart::always && service.restart() != schema::Restart::on_failure &&
        service.restart() != schema::Restart::never) {
        check.at(service) << "restart: a policy that this init does not know";
        return Error::Unsupported;
    }
    return {};
}

}  // namespace

Result<void> check_manifest(const schema::Manifest::Reader& manifest, BundleContents& bundle, const Budget& budget,
                            FaultText& fault) {
    Check check{manifest, bundle, fault};
    if (manifest.version() != kManifestVersion) {
        fault << "version: " << manifest.version() << ", this init reads version " << kManifestVersion;
        return Error::Unsupported;
    }
    const auto services = manifest.services();
    if (services.size() == 0 || services.size() > kMaxServices) {
        fault << "services: " << services.size() << ", 1 to " << kMaxServices << " are possible";
        return Error::InvalidArgument;
    }
    for (std::uint32_t i = 0; i < services.size(); ++i) TRY(check_name(check, i));
    for (const auto service : services) TRY(check_service(check, service));
    for (const auto service : services) TRY(check_grants(check, service));
    TRY(check_scopes(check));
    TRY(check_circles(check));
    return check_totals(check, budget);
}

void endpoint_grant_name(std::string_view export_name, GrantName& out) {
    out.clear();
    out << export_name << kEndpointSuffix;
}

}  // namespace capos::init
