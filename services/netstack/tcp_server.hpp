// TcpListenAuthority, TcpListener and TcpSocket on one endpoint. What a reference stands for is in its number:
//
//   authority   low port | high port << 16 | connections << 32      (chosen by the manifest; the top two bits are 0)
//   listener    1 << 62 | generation << 16 | place in the table     (chosen here)
//   socket      1 << 63 | generation << 16 | place in the table
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "lib/netcore/tcp.hpp"
#include "runtime/server.hpp"
#include "schema/ipc.client.hpp"
#include "schema/net.client.hpp"
#include "services/netstack/link.hpp"
#include "services/netstack/shared.hpp"
#include "services/netstack/socket.hpp"

namespace capos::netstack {

class TcpServer;

class ListenerObject final : public SharedCount, private netcore::Listener::Events {
public:
    ListenerObject(std::unique_ptr<netcore::Listener> listener, TcpServer& server);
    void close();

    using Interface = schema::TcpListener;
    rt::Task<Result<void>> accept(rt::ServerCall<Interface::AcceptParams, Interface::AcceptResults> call);
    rt::Task<Result<void>> info(rt::ServerCall<Interface::InfoParams, Interface::InfoResults> call);

private:
    void connection_waiting() override { waiting_.signal(); }

    std::unique_ptr<netcore::Listener> listener_;   // nullptr after close()
    TcpServer& server_;
    rt::Event waiting_;
};

class TcpServer final : public rt::Router {
public:
    static constexpr std::size_t kMaxSockets = 256;
    static constexpr std::size_t kMaxListeners = 16;
    static constexpr std::size_t kMaxAuthorities = 32;

    // `endpoint` and `link` outlive the server.
    TcpServer(const client::Endpoint& endpoint, Link& link) : endpoint_(endpoint), link_(link) {}

    rt::Task<Result<void>> route(rt::Request& request) override;
    void released(std::uint64_t number) override;

    std::uint64_t listens_refused() const { return listens_refused_; }   // on ports that are not granted

    // Puts the connection into the table and mints its reference. Overloaded: table or ledger is full; the connection
    // is reset then.
    rt::Task<Result<rt::Handle>> admit(std::unique_ptr<netcore::Connection> connection);

private:
    using Authority = schema::TcpListenAuthority;
    // The listen right of one number.
    struct AuthorityServer {
        TcpServer& server;
        std::uint64_t number;
        rt::Task<Result<void>> listen(rt::ServerCall<Authority::ListenParams, Authority::ListenResults> call) {
            return server.listen(number, std::move(call));
        }
    };
    template <class T>
    struct Entry {
        Shared<T> object;
        std::uint64_t number = 0;
    };
    struct Budget {
        std::uint64_t number = 0;
        netcore::ConnectionBudget budget;
        std::uint64_t refused = 0;   // listens on ports that are not granted; the first is said
    };

    rt::Task<Result<void>> listen(std::uint64_t number, rt::ServerCall<Authority::ListenParams, Authority::ListenResults> call);
    rt::Task<Result<rt::Handle>> mint(std::uint64_t number, std::uint64_t interface_id);
    Budget* budget_of(std::uint64_t number);
    template <class T, std::size_t N>
    Entry<T>* place(std::array<Entry<T>, N>& table, std::uint64_t tag);
    template <class T, std::size_t N>
    static Entry<T>* find(std::array<Entry<T>, N>& table, std::uint64_t number);

    const client::Endpoint& endpoint_;
    Link& link_;
    std::array<Entry<Socket>, kMaxSockets> sockets_;
    std::array<Entry<ListenerObject>, kMaxListeners> listeners_;
    std::array<Budget, kMaxAuthorities> budgets_;
    std::size_t budget_count_ = 0;
    std::uint64_t listens_refused_ = 0;
    std::uint32_t generation_ = 0;
    std::size_t next_place_ = 0;   // where the search for a free place begins
};

}  // namespace capos::netstack
