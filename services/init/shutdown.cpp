#include "services/init/shutdown.hpp"

#include "runtime/executor.hpp"
#include "runtime/log.hpp"
#include "runtime/time.hpp"

namespace capos::init {

rt::Task<void> Shutdown::watch_button() {
    if (auto pressed = co_await power_.wait_button(); !pressed) {
        rt::log_warning("the power button is not watched: {}", pressed.error());
        co_return;
    }
    co_await run(Then::power_off, "power button");
}

rt::Task<void> Shutdown::run(Then then, std::string_view why) {
    if (under_way_) co_return;
    under_way_ = true;
    rt::log_info("shutting down: {}", why);
    for (auto service = services_.rbegin(); service != services_.rend(); ++service) {
        const bool ran = (*service)->runs();
        if (!co_await (*service)->stop(rt::executor().timer_now() + kPatienceNs))
            rt::log_warning("service \"{}\": has not ended within {} ms, going on", (*service)->name(),
                            kPatienceNs / rt::kMillisecond);
        if (ran) co_await rt::sleep_for(kMomentNs);
    }
    rt::log_info("all services have ended");
    // Neither comes back when it works.
    if (then == Then::power_off) {
        const auto off = co_await power_.off();
        rt::log_error("the power does not go off: {}; resetting instead", off ? Error::None : off.error());
    }
    const auto reset = co_await power_.reset();
    rt::log_error("the machine is still on: {}", reset ? Error::None : reset.error());
}

}  // namespace capos::init
