// rt::Handle: a capability of this process, owned. rt::Client: the base of the generated typed clients.
#pragma once

#include <utility>

#include "abi/ring.hpp"

namespace capos::rt {

namespace detail {
// Queues RELEASE on the ring; never waits for another process.
void release_handle(abi::Handle handle);
}  // namespace detail

// Move-only. Destroying it gives the capability back.
class Handle {
public:
    Handle() = default;
    // Takes ownership of a handle as the kernel named it.
    explicit Handle(abi::Handle raw) : raw_(raw) {}
    Handle(Handle&& other) noexcept : raw_(std::exchange(other.raw_, abi::kNoHandle)) {}
    Handle& operator=(Handle&& other) noexcept {
        if (this != &other) {
            reset();
            raw_ = std::exchange(other.raw_, abi::kNoHandle);
        }
        return *this;
    }
    ~Handle() { reset(); }

    abi::Handle raw() const { return raw_; }
    bool valid() const { return raw_ != abi::kNoHandle; }
    explicit operator bool() const { return valid(); }
    // Gives up ownership without releasing.
    abi::Handle detach() { return std::exchange(raw_, abi::kNoHandle); }
    void reset() {
        if (valid()) detail::release_handle(detach());
    }

private:
    abi::Handle raw_ = abi::kNoHandle;
};

// What every typed client is: a handle that its methods call. An empty client's calls answer BadHandle.
class Client {
public:
    Client() = default;
    explicit Client(Handle handle) : handle_(std::move(handle)) {}

    const Handle& handle() const { return handle_; }
    abi::Handle raw() const { return handle_.raw(); }
    bool valid() const { return handle_.valid(); }
    explicit operator bool() const { return valid(); }
    // Gives the capability back now.
    void reset() { handle_.reset(); }
    Handle take_handle() { return std::move(handle_); }

private:
    Handle handle_;
};

// A capability on its way out: a copy of a client's (which must live until the call has been submitted), or the
// client's own, moved. What was moved for a call that fails is released.
class Sent {
public:
    Sent() = default;                                     // none: the field stays null
    Sent(const Client& client) : raw_(client.raw()), mode_(abi::TransferMode::Copy) {}
    Sent(Client&& client) : raw_(client.take_handle().detach()), mode_(abi::TransferMode::Move) {}
    Sent(const Handle& handle) : raw_(handle.raw()), mode_(abi::TransferMode::Copy) {}
    Sent(Handle&& handle) : raw_(handle.detach()), mode_(abi::TransferMode::Move) {}
    Sent(Sent&& other) noexcept : raw_(std::exchange(other.raw_, abi::kNoHandle)), mode_(other.mode_) {}
    Sent& operator=(Sent&&) = delete;
    ~Sent() {
        if (raw_ != abi::kNoHandle && mode_ == abi::TransferMode::Move) detail::release_handle(raw_);
    }

private:
    friend class Outgoing;
    abi::Handle raw_ = abi::kNoHandle;
    abi::TransferMode mode_ = abi::TransferMode::Copy;
};

}  // namespace capos::rt
