// The names of the runtime that generated clients use, recording what a call would send. Stands in for
// runtime/client.hpp in tests of the generated text.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "lib/wire/wire.hpp"

namespace capos::rt {

class Client {
public:
    explicit Client(std::uint64_t handle) : handle_(handle) {}
    Client(Client&& other) : handle_(std::exchange(other.handle_, 0)) {}
    std::uint64_t handle() const { return handle_; }
    std::uint64_t give_up() { return std::exchange(handle_, 0); }

private:
    std::uint64_t handle_;
};

struct Sent {
    Sent(const Client& client) : handle(client.handle()), moved(false) {}
    Sent(Client&& client) : handle(client.give_up()), moved(true) {}
    Sent(Sent&&) = default;
    Sent(const Sent&) = delete;
    std::uint64_t handle;
    bool moved;
};

struct Outgoing {
    wire::CapabilityIndex add(Sent sent) {
        handles.push_back(sent.handle);
        moved.push_back(sent.moved);
        return wire::CapabilityIndex(static_cast<std::uint32_t>(handles.size() - 1));
    }
    std::vector<std::uint64_t> handles;
    std::vector<bool> moved;
};

struct CallOptions {
    std::uint32_t reply_bytes = 1024;
    std::uint64_t deadline = ~std::uint64_t{0};
};

// What one call would put on the ring.
struct Recorded {
    std::uint64_t handle;
    std::uint64_t interface_id;
    std::uint16_t method;
    std::uint16_t accept_capabilities;
    CallOptions options;
    Outgoing outgoing;
    std::vector<std::byte> message;
};

template <class Params, class Results, class Fill>
Recorded call(const Client& client, std::uint64_t interface_id, std::uint16_t method,
              std::uint16_t accept_capabilities, CallOptions options, Fill&& fill) {
    Recorded recorded{client.handle(), interface_id, method, accept_capabilities, options, {}, {}};
    std::vector<std::byte> storage(1024);
    wire::MessageBuilder message(storage);
    auto params = message.init_root<Params>();
    fill(params, recorded.outgoing);
    const auto bytes = message.finish();
    recorded.message.assign(bytes->begin(), bytes->end());
    return recorded;
}

template <class Interface>
struct ClientFor;

}  // namespace capos::rt
