// virtio-net: drives one claimed network function for the stack.
#include "runtime/event.hpp"
#include "runtime/grants.hpp"
#include "runtime/log.hpp"
#include "schema/system.client.hpp"
#include "services/virtio-net/session.hpp"

namespace capos::virtio_net {
namespace {

constexpr std::uint64_t kSettled = 2 * rt::kSecond;     // a session that ran as long begins anew at once
constexpr std::uint32_t kAtOnce = 3;                    // sessions that ended early, before it waits
constexpr std::uint64_t kPause = rt::kSecond / 2;

Mode mode_option() {
    const std::string_view mode = rt::option("mode");
    if (mode == "polled")
        return Mode::Polled;
    if (mode == "interrupt")
        return Mode::Interrupt;
    if (!mode.empty() && mode != "adaptive")
        rt::log_warning("option mode={}: not adaptive, polled or interrupt; adaptive is used", mode);
    return Mode::Adaptive;
}

rt::Task<Result<Authority>> take_authority() {
    Authority authority;
    authority.function = CO_TRY(rt::grants().take<schema::PciFunction>("device"));
    authority.uplink = CO_TRY(rt::grants().take<schema::Uplink>("uplink"));
    authority.address_space = CO_TRY(rt::grants().take<schema::AddressSpace>("addressSpace"));
    co_return authority;
}

rt::Task<int> run() {
    if (!rt::grants().has<schema::PciFunction>("device")) {
        rt::log_warning("no device was found for this driver");
        rt::Event never;
        (void)co_await never;
    }
    auto authority = co_await take_authority();
    if (!authority)
        co_return 2;
    const Mode mode = mode_option();
    std::uint64_t misbehaviours = 0;
    std::uint32_t early = 0;
    for (;;) {
        const std::uint64_t began = rt::now_ns();
        Session session(*authority, mode);
        const Error ended = co_await session.run();
        const FrameCounters& frames = session.counters();
        misbehaviours += ended == Error::DeviceMisbehaved;
        rt::log_warning("session ended: {}; {} in, {} out, {} and {} dropped, device misbehaved {} times", ended,
                        frames.received, frames.sent, frames.dropped_in, frames.dropped_out, misbehaviours);
        // A claim that is over is init's to make anew.
        if (auto claim = co_await authority->function.identity(); !claim)
            co_return 3;
        early = rt::now_ns() - began > kSettled ? 0 : early + 1;
        if (early >= kAtOnce)
            co_await rt::sleep_for(kPause);
    }
}

}  // namespace
}  // namespace capos::virtio_net

capos::rt::Task<int> capos_main() { return capos::virtio_net::run(); }
