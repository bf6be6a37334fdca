// The machine's orderly end: every service is ended, the last of the manifest first, then the power goes off.
//
// To be ended is all that a service is told: none keeps anything that would have to be written out. Between two of them
// there is a moment in which those that are left notice: the stack closes the connections of a server that has gone
// while it still has its driver. The kernel sends out what the console still holds before the power goes. A machine
// whose power cannot be switched off is reset: with nothing left that runs it must not stay as it is.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "runtime/task.hpp"
#include "schema/service.capnp.hpp"
#include "schema/system.client.hpp"
#include "services/init/service.hpp"

namespace capos::init {

class Shutdown {
public:
    using Then = schema::ServiceControl::Then;
    static constexpr std::uint64_t kPatienceNs = 1'000'000'000;      // for one service to end
    static constexpr std::uint64_t kMomentNs = 20'000'000;

    // `power` and `services` may be filled in later, and outlive it.
    Shutdown(const client::Power& power, const std::vector<std::unique_ptr<Service>>& services)
        : power_(power), services_(services) {}

    // Waits for the ACPI power button and shuts down when it is pressed. While that is under way nobody waits for the
    // button, so that the kernel answers a second press with power off at once.
    rt::Task<void> watch_button();
    // Shuts down; `why` is for the log. Nothing when that is under way already.
    rt::Task<void> run(Then then, std::string_view why);

private:
    const client::Power& power_;
    const std::vector<std::unique_ptr<Service>>& services_;
    bool under_way_ = false;
};

}  // namespace capos::init
