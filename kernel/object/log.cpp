#include "kernel/object/log.hpp"

#include "kernel/console/console.hpp"
#include "kernel/process/process.hpp"

namespace capos::kernel {

Outcome LogObject::write(TypedCall<Interface::WriteParams, Interface::WriteResults> call) {
    FixedText<kLongestText + 16> text;
    if (call.params().level() == Interface::Level::warning) text << "warning: ";
    if (call.params().level() == Interface::Level::error) text << "error: ";
    text << call.params().text().substr(0, kLongestText);
    console::line(call.caller().name(), text.view());
    return call.done();
}

}  // namespace capos::kernel
