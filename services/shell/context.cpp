#include "services/shell/context.hpp"

namespace capos::shell {

namespace {

std::string_view advice(std::string_view grant, Error error) {
    const bool network = grant == "manager" || grant == "ping";
    switch (error) {
    case Error::Disconnected:
        return network ? "the network stack is not running; wait a second, or: restart netstack"
                       : "the service behind it has ended; wait a second and try again";
    case Error::TimedOut:
        return network ? "the network stack does not answer; try: restart netstack" : "it does not answer; try again";
    case Error::Overloaded: return "it is busy; try again";
    case Error::Unimplemented: return "this system does not offer it";
    case Error::NoRoom: return "the answer is larger than this shell takes";
    default: return "dmesg may say more";
    }
}

}  // namespace

bool Context::has(const rt::Client& client, std::string_view grant, std::string_view interface) const {
    if (client.valid())
        return true;
    out << words.first() << ": this shell does not hold \"" << grant << "\" (" << interface << ").\n";
    if (held.rescue)
        out << "This is rescue mode: the manifest did not hold. dmesg names the service and the field.\n";
    else
        out << "Grant it to the service \"shell\" in the manifest and make a new image.\n";
    return false;
}

void Context::report(std::string_view grant, Error error) const {
    out << words.first() << ": " << grant << " answered " << error_name(error) << ": " << advice(grant, error) << ".\n";
}

}  // namespace capos::shell
