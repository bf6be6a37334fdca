// Collecting the facts behind GET /api/status, at most once in a quarter of a second however many ask.
#pragma once

#include <cstdint>
#include <memory>

#include "lib/json/writer.hpp"
#include "runtime/event.hpp"
#include "runtime/task.hpp"
#include "schema/net.client.hpp"
#include "schema/service.client.hpp"
#include "schema/system.client.hpp"
#include "services/web/counters.hpp"
#include "services/web/snapshot.hpp"

namespace capos::web {

// Where the facts come from. An empty client makes its sections unavailable, which the JSON says.
struct Sources {
    client::SystemInfo system;
    client::ServiceList services;
    client::NetworkManager manager;
};

class Status {
public:
    // The status is this old at most when it is handed out.
    static constexpr std::uint64_t kFreshNs = 250'000'000;
    // A source that has not answered by then is unavailable this time.
    static constexpr std::uint64_t kPatienceNs = 500'000'000;
    // The largest status. A section that does not fit is left out and says so.
    static constexpr std::size_t kMaxBytes = 96 * 1024;

    // `licenses`: whether there is something at /licenses.
    Status(Sources sources, Counters& counters, bool licenses)
        : sources_(std::move(sources)), counters_(counters), licenses_(licenses) {}

    // Takes the memory it collects in. OutOfMemory.
    Result<void> create();

    // The status as JSON. OutOfMemory.
    rt::Task<Result<Snapshot>> current();

private:
    rt::Task<Result<void>> gather();
    rt::Task<Result<void>> write_kernel_facts(json::Writer& out);
    rt::Task<Result<void>> write_processes(json::Writer& out);
    rt::Task<Result<void>> write_network(json::Writer& out);
    rt::Task<Result<void>> write_services(json::Writer& out);
    rt::CallOptions expecting(std::uint32_t bytes) const;

    Sources sources_;
    Counters& counters_;
    bool licenses_;
    std::unique_ptr<char[]> storage_;
    Snapshot snapshot_;
    std::uint64_t gathered_ns_ = 0;
    bool gathering_ = false;
    rt::Event gathered_;
};

}  // namespace capos::web
