#include "kernel/object/power.hpp"

#include "kernel/console/console.hpp"
#include "kernel/process/process.hpp"

namespace capos::kernel {

Outcome PowerObject::off(TypedCall<Interface::OffParams, Interface::OffResults> call) {
    FixedText<64> text;
    text << "power off, asked for by " << call.caller().name();
    console::line("kernel", text.view());
    console::flush();
    arch::power_off();
}

Outcome PowerObject::reset(TypedCall<Interface::ResetParams, Interface::ResetResults> call) {
    FixedText<64> text;
    text << "reset, asked for by " << call.caller().name();
    console::line("kernel", text.view());
    console::flush();
    arch::reset();
}

Outcome PowerObject::wait_button(TypedCall<Interface::WaitButtonParams, Interface::WaitButtonResults> call) {
    return call.park(waiters_, *this);
}

bool PowerObject::button_pressed() {
    const bool waited = !waiters_.empty();
    while (CallRecord* waiter = waiters_.front()) Reply(*waiter).done();
    return waited;
}

}  // namespace capos::kernel
