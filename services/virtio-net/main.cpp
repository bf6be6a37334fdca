// virtio-net: drives one claimed network function for the stack.
#include "runtime/event.hpp"
#include "runtime/grants.hpp"
#include "runtime/log.hpp"
#include "schema/system.client.hpp"
#include "services/virtio-net/net_header.hpp"
#include "services/virtio-net/restarts.hpp"
#include "services/virtio-net/session.hpp"

namespace capos::virtio_net {
namespace {

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

void say_end(const Session& session, Error ended, std::uint64_t misbehaviours, const Restarts& restarts) {
    if (const std::uint64_t offered = session.device().refused_offer(); offered != 0)
        rt::log_error("device refused its features, offered {:x}{}", offered,
                      (offered & kFeatureAccessPlatform) != 0
                          ? ": it demands ACCESS_PLATFORM, that is an IOMMU, which this release does not use"
                          : "");
    const FrameCounters& frames = session.counters();
    rt::log_warning("session ended: {}; {} in, {} out, {} and {} dropped, device misbehaved {} times", ended,
                    frames.received, frames.sent, frames.dropped_in, frames.dropped_out, misbehaviours);
    if (restarts.same() > 1)
        rt::log_warning("{} sessions in a row ended like this, next one in {} ms", restarts.same(),
                        restarts.pause_ns() / 1'000'000);
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
    Restarts restarts;
    for (;;) {
        const std::uint64_t began = rt::now_ns();
        Session session(*authority, mode);
        const Error ended = co_await session.run();
        misbehaviours += ended == Error::DeviceMisbehaved;
        restarts.ended(ended, rt::now_ns() - began);
        if (restarts.to_be_said())
            say_end(session, ended, misbehaviours, restarts);
        // A claim that is over is init's to make anew.
        if (auto claim = co_await authority->function.identity(); !claim)
            co_return 3;
        if (const std::uint64_t pause = restarts.pause_ns(); pause != 0)
            co_await rt::sleep_for(pause);
    }
}

}  // namespace
}  // namespace capos::virtio_net

capos::rt::Task<int> capos_main() { return capos::virtio_net::run(); }
