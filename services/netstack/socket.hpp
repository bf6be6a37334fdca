// One TcpSocket: a connection, and the calls that wait on it.
#pragma once

#include <memory>

#include "lib/netcore/tcp.hpp"
#include "runtime/event.hpp"
#include "runtime/server.hpp"
#include "schema/net.client.hpp"
#include "services/netstack/link.hpp"
#include "services/netstack/shared.hpp"
#include "services/netstack/turnstile.hpp"

namespace capos::netstack {

class Socket final : public SharedCount, private netcore::Connection::Events {
public:
    Socket(std::unique_ptr<netcore::Connection> connection, Link& link);
    ~Socket() { close(); }

    // The last reference to it is gone: ends the connection and every waiting call.
    void close();
    netcore::Ipv4 peer() const { return connection_->peer(); }             // before close()
    std::uint16_t peer_port() const { return connection_->peer_port(); }   // before close()

    using Interface = schema::TcpSocket;
    rt::Task<Result<void>> read(rt::ServerCall<Interface::ReadParams, Interface::ReadResults> call);
    rt::Task<Result<void>> write(rt::ServerCall<Interface::WriteParams, Interface::WriteResults> call);
    rt::Task<Result<void>> shutdown(rt::ServerCall<Interface::ShutdownParams, Interface::ShutdownResults> call);
    rt::Task<Result<void>> info(rt::ServerCall<Interface::InfoParams, Interface::InfoResults> call);

private:
    using WriteCall = rt::ServerCall<Interface::WriteParams, Interface::WriteResults>;

    bool readable() override;
    void writable() override;
    bool nothing_to_read() const;
    Result<void> answer_read(rt::ServerCall<Interface::ReadParams, Interface::ReadResults>& call, std::size_t max);
    rt::Task<Result<std::size_t>> write_rest(WriteCall& call, std::size_t done);

    std::unique_ptr<netcore::Connection> connection_;   // nullptr after close()
    Link& link_;
    Turnstile readers_;
    Turnstile writers_;
    rt::Event readable_;
    rt::Event writable_;
    bool reader_waits_ = false;
    bool writer_waits_ = false;
    std::size_t room_wanted_ = 0;   // what the waiting writer needs to go on
};

}  // namespace capos::netstack
