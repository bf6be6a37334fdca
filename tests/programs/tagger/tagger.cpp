// A small service, shown in docs/writing-a-service.md: it serves Log, and passes every line on to its own log with a
// tag that says which of its clients wrote it. What a client's reference is numbered stands in the manifest.
#include "runtime/grants.hpp"
#include "runtime/log.hpp"
#include "runtime/server.hpp"
#include "runtime/task.hpp"
#include "schema/ipc.client.hpp"
#include "schema/system.capnp.hpp"

using namespace capos;
using schema::Log;

class Tagger final : public rt::Router {
public:
    explicit Tagger(std::uint64_t limit) : limit_(limit) {}

    // One call has come: the generated code checks it and calls the method that it names.
    rt::Task<Result<void>> route(rt::Request& request) override { return Log::dispatch(*this, request); }

    rt::Task<Result<void>> write(rt::ServerCall<Log::WriteParams, Log::WriteResults> call) {
        if (call.params().text().size() > limit_) co_return Error::InvalidArgument;
        rt::log_info("#{} says: {}", call.number(), call.params().text());
        ++lines_;
        co_return {};
    }

private:
    std::uint64_t limit_;
    std::uint64_t lines_ = 0;
};

rt::Task<int> capos_main() {
    auto endpoint = rt::grants().take<schema::Endpoint>("lines-endpoint");
    if (!endpoint) co_return 1;                            // the runtime has logged which grant is missing
    Tagger tagger(rt::option_number("limit", 200));
    rt::log_info("ready");
    auto ended = co_await rt::serve(*endpoint, tagger);
    rt::log_error("no longer receiving: {}", ended.error());
    co_return 1;
}
