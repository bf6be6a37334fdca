#include "services/init/exports.hpp"

#include "lib/base/text.hpp"
#include "services/init/check/manifest_check.hpp"

namespace capos::init {

namespace {
constexpr std::uint32_t kControlInFlight = 16;
constexpr std::uint32_t kControlParked = 8;
}  // namespace

rt::Task<Result<void>> Exports::create(const Roots& roots, const schema::Manifest::Reader& manifest) {
    std::size_t exports = 2;
    std::size_t grants = 0;
    for (const auto service : manifest.services()) {
        exports += service.exports().size();
        grants += service.grants().size();
    }
    exports_.reserve(exports);
    references_.reserve(grants);
    CO_TRY(co_await add(roots, kInitName, kServicesExport, kControlInFlight, kControlParked));
    CO_TRY(co_await add(roots, kInitName, kControlExport, kControlInFlight, kControlParked));
    for (const auto service : manifest.services())
        for (const auto item : service.exports())
            CO_TRY(co_await add(roots, service.name(), item.name(), item.in_flight(), item.parked_per_number()));
    co_return {};
}

rt::Task<Result<void>> Exports::add(const Roots& roots, std::string_view service, std::string_view name,
                                    std::uint32_t in_flight, std::uint32_t parked) {
    FixedText<2 * kMaxNameBytes + 1> label;
    label << service << '.' << name;
    auto created = CO_TRY(co_await roots.endpoint_factory.create(label.view(), in_flight, parked));
    auto endpoint = CO_TRY(created.take<schema::Endpoint>(created->endpoint()));
    exports_.push_back({service, name, std::move(endpoint)});
    co_return {};
}

const client::Endpoint* Exports::endpoint(std::string_view service, std::string_view name) const {
    for (const Export& item : exports_)
        if (item.service == service && item.name == name) return &item.endpoint;
    return nullptr;
}

rt::Task<Result<const rt::Client*>> Exports::reference(std::string_view service, std::string_view name,
                                                       std::uint64_t interface_id, std::uint64_t scope) {
    const client::Endpoint* endpoint = this->endpoint(service, name);
    if (endpoint == nullptr) co_return Error::NotFound;
    for (const Reference& item : references_)
        if (item.endpoint == endpoint && item.scope == scope) co_return &item.client;
    auto minted = CO_TRY(co_await endpoint->mint(scope, interface_id, true));
    rt::Handle handle = CO_TRY(minted.take_any(minted->reference()));
    if (references_.size() == references_.capacity()) co_return Error::Exhausted;
    references_.push_back({endpoint, scope, rt::Client(std::move(handle))});
    co_return &references_.back().client;
}

}  // namespace capos::init
