#include "services/sockets/listening.hpp"

#include <algorithm>
#include <string_view>

#include "runtime/executor.hpp"
#include "runtime/log.hpp"
#include "runtime/time.hpp"

namespace capos::sockets {

namespace {

constexpr std::uint64_t kFirstPauseNs = 10 * rt::kMillisecond;
constexpr std::uint64_t kLastPauseNs = rt::kSecond;

using Outcome = schema::TcpListenAuthority::ListenResults::Outcome;

std::string_view name_of(Outcome outcome) {
    switch (outcome) {
    case Outcome::listening: return "listening";
    case Outcome::port_not_granted: return "the port is not granted to this service";
    case Outcome::port_in_use: return "the port is in use";
    case Outcome::backlog_too_large: return "the backlog is larger than the authority allows";
    }
    return "an outcome this service does not know";
}

}  // namespace

rt::Task<client::TcpListener> open_listener(const client::TcpListenAuthority& authority, std::uint16_t port,
                                            std::uint16_t backlog) {
    std::uint64_t pause_ns = kFirstPauseNs;
    std::string_view said;
    for (;;) {
        auto reply = co_await authority.listen(port, backlog, {.reply_bytes = 64});
        std::string_view why;
        if (!reply) {
            why = error_name(reply.error());
        } else if ((*reply)->outcome() == Outcome::listening) {
            auto listener = reply->take<schema::TcpListener>((*reply)->listener());
            if (listener)
                co_return std::move(*listener);
            why = error_name(listener.error());
        } else {
            if ((*reply)->outcome() == Outcome::backlog_too_large && backlog > 1)
                backlog /= 2;
            why = name_of((*reply)->outcome());
        }
        if (why != said)
            rt::log_warning("cannot listen on port {} yet: {}", port, why);
        said = why;
        co_await rt::sleep_for(pause_ns);
        pause_ns = std::min(2 * pause_ns, kLastPauseNs);
    }
}

bool worth_another_accept(Error error) {
    return error == Error::Overloaded || error == Error::Exhausted || error == Error::NoSlots ||
           error == Error::QuotaExceeded;
}

}  // namespace capos::sockets
