// Answering calls: rt::serve receives on an endpoint and runs a handler coroutine for each call.
//
//   struct EchoServer : rt::Router {
//       rt::Task<Result<void>> route(rt::Request& request) override { return schema::Echo::dispatch(*this, request); }
//       rt::Task<Result<void>> say(rt::ServerCall<SayParams, SayResults> call) {
//           call.results().set_text(call.params().text());
//           co_return {};
//       }
//   };
//   co_await rt::serve(endpoint, server);
//
// The answer goes out when the handler ends: its results, or its error as an exception. A handler destroyed before
// that answers `disconnected`.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "abi/ring.hpp"
#include "lib/base/result.hpp"
#include "lib/wire/wire.hpp"
#include "runtime/client.hpp"
#include "runtime/task.hpp"

namespace capos::rt {

template <class P, class R>
class ServerCall;

// One call that was received: the Context of the generated dispatch functions.
class Request {
public:
    using Outcome = Task<Result<void>>;
    // Calls with messages up to this size are copied, so that their buffer receives again at once.
    static constexpr std::uint32_t kCopiedBytes = 256;

    // From a completed receive. `buffer` holds header, capabilities and message; it is kept when the message is larger
    // than kCopiedBytes, and may be reused at once otherwise.
    Request(abi::Handle endpoint, const abi::Completion& completion, std::uint16_t accepted, detail::OwnedBlock& buffer);
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;
    // Answers `disconnected` when there has been no answer.
    ~Request();

    // What the service minted into the reference that was called.
    std::uint64_t number() const { return header_.number; }
    std::uint64_t interface_id() const { return header_.interface_id; }
    std::uint16_t method() const { return static_cast<std::uint16_t>(header_.method); }

    // The call with its parameters validated; nothing when they are malformed.
    template <class P, class R>
    std::optional<ServerCall<P, R>> open() {
        auto message = wire::MessageReader::open(message_);
        if (!message) return std::nullopt;
        auto params = message->template root<P>();
        if (!params) return std::nullopt;
        return ServerCall<P, R>(*this, *params);
    }
    Outcome malformed();
    Outcome unimplemented();

    // A builder over a buffer of `bytes` for the results' message.
    wire::MessageBuilder& start_results(std::uint32_t bytes);
    detail::ReceivedList& received() { return received_; }
    Outgoing& outgoing() { return outgoing_; }
    // Gives the buffer of the parameters back while the handler goes on waiting; the parameters' reader is invalid then.
    void drop_message() {
        message_ = {};
        message_block_ = detail::OwnedBlock();
    }

    // Sends the answer: results when `outcome` holds, else the exception it maps to. For serve().
    void answer(const Result<void>& outcome);

private:
    void return_message(abi::Submission& submission, AreaBlock block);

    abi::Handle endpoint_;
    std::uint64_t call_id_;
    abi::RequestHeader header_;
    abi::ReceivedCapability capabilities_[abi::kMaxMessageCapabilities];
    detail::ReceivedList received_;
    std::span<const std::byte> message_;
    detail::OwnedBlock message_block_;
    detail::OwnedBlock results_block_;
    std::optional<wire::MessageBuilder> builder_;
    Outgoing outgoing_;
    alignas(8) std::byte copied_[kCopiedBytes];
};

// A call whose parameters have been validated. Valid as long as its handler runs.
template <class P, class R>
class ServerCall {
public:
    ServerCall(Request& request, const typename P::Reader& params) : request_(&request), params_(params) {}

    const typename P::Reader& params() const { return params_; }
    std::uint64_t number() const { return request_->number(); }
    Request& raw() { return *request_; }

    static constexpr std::uint32_t kResultBytes = 896;
    // Starts the results, anew each time it is called; `bytes` is room for the whole message. When there is no memory,
    // setters have no effect and the caller gets `overloaded`.
    typename R::Builder results(std::uint32_t bytes = kResultBytes) {
        return request_->start_results(bytes).template init_root<R>();
    }
    // The capability that a parameter names. InvalidArgument: none, or taken already; WrongInterface.
    template <class Interface>
    Result<typename ClientFor<Interface>::type> take_capability(wire::CapabilityIndex index) {
        return typename ClientFor<Interface>::type(TRY(request_->received().take(index, Interface::kInterfaceId)));
    }
    // Adds a capability to the answer; set the results' field to what it returns.
    wire::CapabilityIndex send(Sent sent) { return request_->outgoing().add(std::move(sent)); }

private:
    Request* request_;
    typename P::Reader params_;
};

// What serve() drives.
struct Router {
    // Carries the call out; usually one of the generated dispatch functions, chosen by number or interface.
    virtual Task<Result<void>> route(Request& request) = 0;
    // The last reference that was minted with `number` is gone.
    virtual void released(std::uint64_t) {}

protected:
    ~Router() = default;
};

struct ServeOptions {
    std::uint16_t receives = 4;               // calls that can arrive between two runs of the executor
    std::uint32_t buffer_bytes = 1024;        // largest parameter message
    std::uint16_t accept_capabilities = 2;    // that may come with one call
};

// Receives on `endpoint` until that fails, and says why (Disconnected, StaleHandle: the endpoint is gone). Handlers
// run side by side. Destroying the task stops receiving; handlers that run go on, so `router` must outlive them.
Task<Result<void>> serve(const Client& endpoint, Router& router, ServeOptions options = {});

// The exception that an error of any layer becomes when a service answers with it.
Error as_exception(Error error);

}  // namespace capos::rt
