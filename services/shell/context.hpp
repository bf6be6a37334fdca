// What every command works with.
#pragma once

#include <string_view>

#include "runtime/grants.hpp"
#include "schema/net.client.hpp"
#include "schema/service.client.hpp"
#include "schema/system.client.hpp"
#include "services/shell/command_table.hpp"
#include "services/shell/input.hpp"
#include "services/shell/output.hpp"

namespace capos::shell {

// The capabilities that the shell was granted; in rescue mode only some.
struct Held {
    client::SystemInfo system;
    client::ServiceList services;
    client::ServiceControl control;
    client::NetworkManager manager;
    client::Ping ping;
    client::Power power{};               // in rescue mode; else the machine is shut down through `control`
    bool rescue = false;                 // init says so: the manifest did not hold
};

struct Context {
    const Held& held;
    Output& out;
    Input& input;
    Words words;

    // Whether the shell holds what a command needs; if not, says what is missing and what to do.
    bool has(const rt::Client& client, std::string_view grant, std::string_view interface) const;
    // Says that a call on that grant failed, why, and what to do.
    void report(std::string_view grant, Error error) const;
};

}  // namespace capos::shell
