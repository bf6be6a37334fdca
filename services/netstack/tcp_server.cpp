#include "services/netstack/tcp_server.hpp"

#include <new>

#include "runtime/log.hpp"

namespace capos::netstack {
namespace {

constexpr std::uint64_t kSocketTag = std::uint64_t{1} << 63;
constexpr std::uint64_t kListenerTag = std::uint64_t{1} << 62;

rt::Task<Result<void>> gone() { co_return Error::Disconnected; }

}  // namespace

// --- numbers ---

template <class T, std::size_t N>
TcpServer::Entry<T>* TcpServer::place(std::array<Entry<T>, N>& table, std::uint64_t tag) {
    for (std::size_t tried = 0; tried < N; ++tried) {
        const std::size_t index = (next_place_ + tried) % N;
        if (table[index].number != 0)
            continue;
        table[index].number = tag | std::uint64_t{++generation_} << 16 | index;
        next_place_ = index + 1;
        return &table[index];
    }
    return nullptr;
}

template <class T, std::size_t N>
TcpServer::Entry<T>* TcpServer::find(std::array<Entry<T>, N>& table, std::uint64_t number) {
    const std::size_t index = number & 0xffff;
    return index < N && table[index].number == number ? &table[index] : nullptr;
}

rt::Task<Result<void>> TcpServer::route(rt::Request& request) {
    const std::uint64_t number = request.number();
    if ((number & kSocketTag) != 0) {
        auto* entry = find(sockets_, number);
        return entry != nullptr ? schema::TcpSocket::dispatch(*entry->object, request) : gone();
    }
    if ((number & kListenerTag) != 0) {
        auto* entry = find(listeners_, number);
        return entry != nullptr ? schema::TcpListener::dispatch(*entry->object, request) : gone();
    }
    AuthorityServer authority{*this, number};
    return Authority::dispatch(authority, request);
}

void TcpServer::released(std::uint64_t number) {
    // The entry goes first: closing may run what waits on the object.
    if ((number & kSocketTag) != 0) {
        if (auto* entry = find(sockets_, number)) {
            const Shared<Socket> socket = std::exchange(entry->object, {});
            entry->number = 0;
            socket->close();
        }
    } else if ((number & kListenerTag) != 0) {
        if (auto* entry = find(listeners_, number)) {
            const Shared<ListenerObject> listener = std::exchange(entry->object, {});
            entry->number = 0;
            listener->close();
        }
    }
}

rt::Task<Result<rt::Handle>> TcpServer::mint(std::uint64_t number, std::uint64_t interface_id) {
    auto minted = CO_TRY(co_await endpoint_.mint(number, interface_id, false));
    co_return CO_TRY(minted.take_any(minted->reference()));
}

rt::Task<Result<rt::Handle>> TcpServer::admit(std::unique_ptr<netcore::Connection> connection) {
    auto* entry = place(sockets_, kSocketTag);
    if (entry == nullptr)
        co_return Error::Overloaded;
    const std::uint64_t number = entry->number;
    auto* socket = new (std::nothrow) Socket(std::move(connection), link_);
    if (socket == nullptr) {
        entry->number = 0;
        co_return Error::Overloaded;
    }
    entry->object = Shared<Socket>::adopt(socket);
    auto reference = co_await mint(number, schema::TcpSocket::kInterfaceId);
    if (!reference)
        released(number);
    co_return reference;
}

// --- the authority ---

TcpServer::Budget* TcpServer::budget_of(std::uint64_t number) {
    for (std::size_t i = 0; i < budget_count_; ++i)
        if (budgets_[i].number == number)
            return &budgets_[i];
    if (budget_count_ == kMaxAuthorities)
        return nullptr;
    Budget& budget = budgets_[budget_count_++];
    budget.number = number;
    budget.budget.limit = static_cast<std::uint32_t>(number >> 32);
    return &budget;
}

rt::Task<Result<void>> TcpServer::listen(std::uint64_t number,
                                         rt::ServerCall<Authority::ListenParams, Authority::ListenResults> call) {
    using Outcome = Authority::ListenResults::Outcome;
    const std::uint16_t port = call.params().port();
    const std::uint16_t backlog = call.params().backlog();
    auto results = call.results();
    const auto low = static_cast<std::uint16_t>(number);
    const auto high = static_cast<std::uint16_t>(number >> 16);
    Budget* authority = budget_of(number);
    if (authority == nullptr)
        co_return Error::Overloaded;
    if (port == 0 || port < low || port > high) {
        ++listens_refused_;
        if (authority->refused++ == 0)
            rt::log_warning("listen on port {} refused: granted are {} to {}; further ones are counted", port, low, high);
        results.set_outcome(Outcome::port_not_granted);
        co_return {};
    }
    if (backlog == 0 || backlog > netcore::Listener::kMaxBacklog) {
        results.set_outcome(Outcome::backlog_too_large);
        co_return {};
    }
    auto* entry = place(listeners_, kListenerTag);
    if (entry == nullptr)
        co_return Error::Overloaded;
    const std::uint64_t listener_number = entry->number;
    auto opened = netcore::Listener::open(port, backlog, authority->budget);
    if (!opened) {
        entry->number = 0;
        if (opened.error() != Error::AlreadyExists)
            co_return Error::Overloaded;
        results.set_outcome(Outcome::port_in_use);
        co_return {};
    }
    auto* listener = new (std::nothrow) ListenerObject(std::move(*opened), *this);
    if (listener == nullptr) {
        entry->number = 0;
        co_return Error::Overloaded;
    }
    entry->object = Shared<ListenerObject>::adopt(listener);
    auto reference = co_await mint(listener_number, schema::TcpListener::kInterfaceId);
    if (!reference) {
        released(listener_number);
        co_return reference.error();
    }
    rt::log_info("listening on port {}", port);
    results.set_outcome(Outcome::listening);
    results.set_listener(call.send(std::move(*reference)));
    co_return {};
}

// --- listeners ---

ListenerObject::ListenerObject(std::unique_ptr<netcore::Listener> listener, TcpServer& server)
    : listener_(std::move(listener)), server_(server) {
    listener_->observe(this);
}

void ListenerObject::close() {
    listener_.reset();
    waiting_.broadcast();
}

rt::Task<Result<void>> ListenerObject::accept(
    rt::ServerCall<Interface::AcceptParams, Interface::AcceptResults> call) {
    const Shared keep(*this);
    while (listener_ != nullptr && listener_->waiting() == 0)
        co_await waiting_;
    if (listener_ == nullptr)
        co_return Error::Disconnected;
    std::unique_ptr<netcore::Connection> connection = listener_->accept();
    const netcore::Ipv4 peer = connection->peer();
    const std::uint16_t peer_port = connection->peer_port();
    rt::Handle reference = CO_TRY(co_await server_.admit(std::move(connection)));
    auto results = call.results();
    results.set_peer(peer);
    results.set_peer_port(peer_port);
    results.set_socket(call.send(std::move(reference)));
    co_return {};
}

rt::Task<Result<void>> ListenerObject::info(rt::ServerCall<Interface::InfoParams, Interface::InfoResults> call) {
    if (listener_ == nullptr)
        co_return Error::Disconnected;
    auto results = call.results();
    results.set_port(listener_->port());
    results.set_waiting(listener_->waiting());
    results.set_accepted(listener_->accepted());
    results.set_refused(listener_->refused());
    co_return {};
}

}  // namespace capos::netstack
