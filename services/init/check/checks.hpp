// What the parts of the manifest check share; not for others.
#pragma once

#include "services/init/check/manifest_check.hpp"

namespace capos::init {

// The manifest being checked and where its first fault is told.
struct Check {
    const schema::Manifest::Reader& manifest;
    BundleContents& bundle;
    FaultText& fault;

    // Begins the line: `service "web": `.
    TextWriter& at(const schema::Service::Reader& service) {
        return fault << "service \"" << service.name() << "\": ";
    }
    TextWriter& at_grant(const schema::Service::Reader& service, const schema::Grant::Reader& grant) {
        return at(service) << "grant \"" << grant.name() << "\": ";
    }
};

bool valid_service_name(std::string_view name);    // 1..31 of [a-z0-9-]
bool valid_grant_name(std::string_view name);      // 1..31 of [A-Za-z0-9-]

Result<void> check_exports(Check& check, const schema::Service::Reader& service);
Result<void> check_grants(Check& check, const schema::Service::Reader& service);
Result<void> check_scopes(Check& check);
Result<void> check_circles(Check& check);

// `writable_pages`: of the service's program.
Result<void> check_limits(Check& check, const schema::Service::Reader& service, std::uint64_t writable_pages);
Result<void> check_totals(Check& check, const Budget& budget);

}  // namespace capos::init
