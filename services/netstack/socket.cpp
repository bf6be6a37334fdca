#include "services/netstack/socket.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace capos::netstack {
namespace {

// Bytes of one answer: with its message around it, just within a 16 KiB block of the message area.
constexpr std::size_t kReadBytes = 16216;
constexpr std::uint32_t kReadOverhead = 32;
// A waiting writer goes on when this much can be taken, not at every acknowledgement.
constexpr std::size_t kWorthWaking = 8192;

}  // namespace

Socket::Socket(std::unique_ptr<netcore::Connection> connection, Link& link)
    : connection_(std::move(connection)), link_(link) {
    connection_->observe(this);
}

void Socket::close() {
    if (connection_ == nullptr)
        return;
    connection_.reset();
    readable_.signal();
    writable_.signal();
    link_.stack_used();
}

bool Socket::readable() {
    if (reader_waits_)
        readable_.signal();
    return reader_waits_;
}

void Socket::writable() {
    if (writer_waits_ && (connection_->room() >= room_wanted_ || connection_->was_reset() || connection_->unsent() == 0))
        writable_.signal();
}

bool Socket::nothing_to_read() const {
    return connection_ != nullptr && connection_->readable() == 0 && !connection_->at_end() &&
           !connection_->was_reset();
}

// --- read ---

rt::Task<Result<void>> Socket::read(rt::ServerCall<Interface::ReadParams, Interface::ReadResults> call) {
    const std::size_t max = call.params().max();
    if (max == 0 || max > netcore::Connection::kMaxTransfer)
        co_return Error::InvalidArgument;
    const Shared keep(*this);
    co_await readers_.enter();
    while (nothing_to_read()) {
        reader_waits_ = true;
        co_await readable_;
        reader_waits_ = false;
    }
    const Result<void> answered = answer_read(call, max);
    readers_.leave();
    co_return answered;
}

Result<void> Socket::answer_read(rt::ServerCall<Interface::ReadParams, Interface::ReadResults>& call,
                                 std::size_t max) {
    using Outcome = Interface::ReadResults::Outcome;
    if (connection_ == nullptr)
        return Error::Disconnected;
    const std::size_t count = std::min({max, connection_->readable(), kReadBytes});
    auto results = call.results(static_cast<std::uint32_t>(count) + kReadOverhead);
    if (count == 0) {
        results.set_outcome(connection_->was_reset() ? Outcome::reset : Outcome::end_of_stream);
        return {};
    }
    const std::span<std::byte> into = results.init_bytes_for_overwrite(count);
    if (into.size() != count)
        return Error::Overloaded;   // no room in the message area; nothing was taken
    results.set_outcome(Outcome::data);
    connection_->read(into);
    link_.stack_used();
    return {};
}

// --- write ---

rt::Task<Result<void>> Socket::write(WriteCall call) {
    using Outcome = Interface::WriteResults::Outcome;
    const std::span<const std::byte> bytes = call.params().bytes();
    if (bytes.empty() || bytes.size() > netcore::Connection::kMaxTransfer)
        co_return Error::InvalidArgument;
    if (connection_ == nullptr)
        co_return Error::Disconnected;
    const Shared keep(*this);
    const std::size_t size = bytes.size();
    // Usually there is room for all of it at once.
    Result<std::size_t> done = std::size_t{0};
    if (writers_.idle()) {
        done = connection_->write(bytes);
        link_.stack_used();
    }
    if (done && *done < size)
        done = co_await write_rest(call, *done);
    if (done) {
        auto results = call.results(64);
        results.set_outcome(Outcome::accepted);
        results.set_accepted(static_cast<std::uint32_t>(*done));
        co_return {};
    }
    if (done.error() != Error::Closed && done.error() != Error::Disconnected)
        co_return done.error();
    if (connection_ == nullptr)
        co_return Error::Disconnected;
    call.results(64).set_outcome(connection_->was_reset() ? Outcome::reset : Outcome::shut_down);
    co_return {};
}

// Waits for its turn and for room, until everything is taken. The bytes move to memory of their own meanwhile, so that
// peers that do not read hold no receive buffers of the service.
rt::Task<Result<std::size_t>> Socket::write_rest(WriteCall& call, std::size_t done) {
    const std::span<const std::byte> bytes = call.params().bytes().subspan(done);
    const std::size_t size = bytes.size();
    const std::unique_ptr<std::byte[]> rest(new (std::nothrow) std::byte[size]);
    if (rest == nullptr) {
        if (done == 0)
            co_return Error::Overloaded;
        co_return done;
    }
    std::memcpy(rest.get(), bytes.data(), size);
    call.raw().drop_message();
    co_await writers_.enter();
    std::size_t at = 0;
    Result<void> state;
    while (at < size) {
        if (connection_ == nullptr) {
            state = Error::Disconnected;
            break;
        }
        const auto taken = connection_->write({rest.get() + at, size - at});
        if (!taken) {
            state = taken.error();
            break;
        }
        link_.stack_used();
        at += *taken;
        if (at == size)
            break;
        room_wanted_ = std::min(size - at, kWorthWaking);
        writer_waits_ = true;
        co_await writable_;
        writer_waits_ = false;
    }
    writers_.leave();
    if (!state && done + at == 0)
        co_return state.error();
    co_return done + at;
}

// --- shutdown, info ---

rt::Task<Result<void>> Socket::shutdown(rt::ServerCall<Interface::ShutdownParams, Interface::ShutdownResults> call) {
    if (connection_ == nullptr)
        co_return Error::Disconnected;
    const auto direction = call.params().direction();
    switch (direction) {
    case Interface::Direction::receive:
        connection_->shutdown_receive();
        break;
    case Interface::Direction::send:
        connection_->shutdown_send();
        break;
    case Interface::Direction::both:
        connection_->shutdown_receive();
        connection_->shutdown_send();
        break;
    default:
        co_return Error::InvalidArgument;
    }
    link_.stack_used();
    co_return {};
}

rt::Task<Result<void>> Socket::info(rt::ServerCall<Interface::InfoParams, Interface::InfoResults> call) {
    if (connection_ == nullptr)
        co_return Error::Disconnected;
    auto results = call.results();
    results.set_peer(connection_->peer());
    results.set_peer_port(connection_->peer_port());
    results.set_local_port(connection_->local_port());
    results.set_state(connection_->state());
    results.set_unsent(static_cast<std::uint32_t>(connection_->unsent()));
    co_return {};
}

}  // namespace capos::netstack
