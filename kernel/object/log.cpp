#include "kernel/object/log.hpp"

#include <utility>

#include "kernel/arch/arch.hpp"
#include "kernel/console/console.hpp"
#include "kernel/process/process.hpp"

namespace capos::kernel {

namespace {

// The console is slow and the log small, and both are everybody's: 50 lines a second, and some hundred at once.
constexpr std::uint64_t kLineNs = 20'000'000;
constexpr std::uint64_t kBurstNs = 256 * kLineNs;

bool may_write(Process& writer) {
    const std::uint64_t now = arch::now_ns();
    if (writer.log_paid_until_ns < now) writer.log_paid_until_ns = now;
    if (writer.log_paid_until_ns - now > kBurstNs - kLineNs) {
        ++writer.log_refused;
        return false;
    }
    writer.log_paid_until_ns += kLineNs;
    return true;
}

}  // namespace

Outcome LogObject::write(TypedCall<Interface::WriteParams, Interface::WriteResults> call) {
    Process& writer = call.caller();
    if (!may_write(writer)) return call.fail(Error::Overloaded, "lines a second");
    if (const std::uint64_t lost = std::exchange(writer.log_refused, 0); lost != 0) {
        FixedText<80> note;
        note << writer.name() << " wrote too much: " << lost << " lines of it were refused";
        console::line("kernel", note.view());
    }
    FixedText<kLongestText + 48> text;
    if (call.params().level() == Interface::Level::warning) text << "warning: ";
    if (call.params().level() == Interface::Level::error) text << "error: ";
    const std::string_view whole = call.params().text();
    text << whole.substr(0, kLongestText);
    if (whole.size() > kLongestText) text << " (" << whole.size() - kLongestText << " bytes more)";
    console::line(writer.name(), text.view());
    return call.done();
}

}  // namespace capos::kernel
