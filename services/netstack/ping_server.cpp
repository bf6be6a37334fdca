#include "services/netstack/ping_server.hpp"

#include "runtime/event.hpp"

namespace capos::netstack {
namespace {

constexpr std::uint32_t kLongestTimeoutMs = 10000;

// One echo request, awaited.
struct PingWait final : netcore::Ping::Events {
    netcore::Ping ping{*this};
    rt::Event done;
    void ping_done() override { done.signal(); }
};

schema::Ping::EchoResults::Outcome outcome_of(netcore::Ping::Outcome outcome) {
    using From = netcore::Ping::Outcome;
    using To = schema::Ping::EchoResults::Outcome;
    switch (outcome) {
    case From::Answered: return To::answered;
    case From::NoRoute: return To::no_route;
    case From::NoAddress: return To::no_address;
    case From::NotSent: return To::not_sent;
    case From::NotAHost: return To::not_a_host;
    case From::Pending:
    case From::TimedOut: break;
    }
    return To::timed_out;
}

}  // namespace

rt::Task<Result<void>> PingServer::echo(rt::ServerCall<Interface::EchoParams, Interface::EchoResults> call) {
    using Outcome = netcore::Ping::Outcome;
    const std::uint32_t timeout_ms = call.params().timeout_ms();
    if (timeout_ms == 0 || timeout_ms > kLongestTimeoutMs)
        co_return Error::InvalidArgument;
    if (pings_ == kMaxPings)
        co_return Error::Overloaded;
    ++pings_;
    PingWait wait;
    stack_.start(wait.ping, call.params().address(), timeout_ms);
    link_.stack_used();
    while (wait.ping.outcome() == Outcome::Pending)
        co_await wait.done;
    --pings_;
    auto results = call.results();
    results.set_outcome(outcome_of(wait.ping.outcome()));
    if (wait.ping.outcome() == Outcome::Answered)
        results.set_round_trip_ns(wait.ping.round_trip_ns());
    co_return {};
}

}  // namespace capos::netstack
