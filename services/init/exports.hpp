// The endpoints that init makes for exports, and the references that it has minted from them. They outlive the
// services: a restarted service gets the same endpoint, so granted references stay good.
#pragma once

#include <string_view>
#include <vector>

#include "runtime/task.hpp"
#include "schema/ipc.client.hpp"
#include "schema/manifest.capnp.hpp"
#include "services/init/roots.hpp"

namespace capos::init {

class Exports {
public:
    // Creates an endpoint for every export of the manifest, and init's own: `services` and `control`.
    rt::Task<Result<void>> create(const Roots& roots, const schema::Manifest::Reader& manifest);

    // The receiving side; nullptr when there is no such export.
    const client::Endpoint* endpoint(std::string_view service, std::string_view name) const;
    // The reference with number `scope`, minted when it is asked for the first time.
    rt::Task<Result<const rt::Client*>> reference(std::string_view service, std::string_view name,
                                                  std::uint64_t interface_id, std::uint64_t scope);

private:
    struct Export {
        std::string_view service;      // names are the manifest's own text
        std::string_view name;
        client::Endpoint endpoint;
    };
    struct Reference {
        const client::Endpoint* endpoint;
        std::uint64_t scope;
        rt::Client client;
    };
    rt::Task<Result<void>> add(const Roots& roots, std::string_view service, std::string_view name,
                               std::uint32_t in_flight, std::uint32_t parked);

    std::vector<Export> exports_;      // as large as it gets from the start: elements do not move
    std::vector<Reference> references_;
};

}  // namespace capos::init
