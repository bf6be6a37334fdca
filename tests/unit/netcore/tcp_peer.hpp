// The other end of TCP connections, played segment by segment, and what every test of TCP begins with.
#pragma once

#include "lwip/priv/tcp_priv.h"
#include "tests/unit/netcore/test_network.hpp"

namespace capos::netcore::testing_support {

// The other end of one connection.
class Peer {
public:
    Peer(TestNetwork& network, std::uint16_t port, std::uint32_t sequence = 1000)
        : network_(network), port_(port), sequence_(sequence) {}

    Segment make(std::uint8_t flags, Bytes data = {}) const {
        Segment segment{.from = TestNetwork::kPeer, .to = TestNetwork::kOwn, .from_port = port_, .to_port = 80};
        segment.sequence = sequence_;
        segment.acknowledged = (flags & kAck) != 0 ? expected_ : 0;
        segment.flags = flags;
        segment.window = window;
        segment.data = std::move(data);
        return segment;
    }
    void give(const Segment& segment) { network_.give_packet(segment.packet()); }
    void send(std::uint8_t flags, Bytes data = {}) {
        const auto length = static_cast<std::uint32_t>(data.size());
        give(make(flags, std::move(data)));
        sequence_ += length + ((flags & (kSyn | kFin)) != 0 ? 1u : 0u);
    }
    void say(std::string_view text) { send(kAck | kPsh, Bytes(text.begin(), text.end())); }

    // Takes everything the stack has sent to this peer, acknowledging in order; returns the data.
    std::string collect(bool acknowledge = true) {
        std::string text;
        bool something = false;
        while (auto frame = network_.next()) {
            if (!frame->is_tcp() || frame->segment().to_port != port_)
                continue;
            last = frame->segment();
            ++segments;
            if (last.has(kRst)) {
                reset = true;
                continue;
            }
            if (last.has(kSyn))
                expected_ = last.sequence + 1;
            const auto length = static_cast<std::uint32_t>(last.data.size());
            const std::uint32_t seen = expected_ - last.sequence;   // bytes of it that came before
            something = something || length != 0;
            if (seen <= length) {
                text.append(last.data.begin() + static_cast<std::ptrdiff_t>(seen), last.data.end());
                expected_ += length - seen;
            }
            if (last.has(kFin) && last.sequence + length == expected_) {
                ++expected_;
                ended = true;
                something = true;
            }
        }
        if (something && acknowledge)
            send(kAck);
        return text;
    }
    // Acknowledges and takes until nothing more comes.
    std::string collect_all() {
        std::string text;
        for (std::size_t before = ~std::size_t{0}; before != segments;) {
            before = segments;
            text += collect();
        }
        return text;
    }
    bool connect(const Bytes& options = {2, 4, 5, 180, 1, 3, 3, 7}) {
        Segment syn = make(kSyn);
        syn.options = options;
        give(syn);
        ++sequence_;
        collect(false);
        if (!last.has(kSyn | kAck))
            return false;
        send(kAck);
        return true;
    }

    std::uint16_t window = 0xffff;
    Segment last{};
    std::size_t segments = 0;
    bool reset = false;
    bool ended = false;
    std::uint32_t sequence() const { return sequence_; }
    void skip(std::uint32_t bytes) { sequence_ += bytes; }
    std::uint32_t expected() const { return expected_; }
    std::uint16_t port() const { return port_; }

private:
    TestNetwork& network_;
    std::uint16_t port_;
    std::uint32_t sequence_;
    std::uint32_t expected_ = 0;
};

struct TcpTest : TestNetwork {
    void SetUp() override {
        TestNetwork::SetUp();
        bind();
        open(8);
    }
    void TearDown() override {
        listener.reset();
        EXPECT_EQ(budget.open, 0u) << "connections leaked";
        TestNetwork::TearDown();
        EXPECT_EQ(memory_shares().promised(), 0u) << "windows stay promised to nobody";
    }
    void open(std::uint16_t backlog) {
        listener.reset();
        auto made = Listener::open(80, backlog, budget);
        ASSERT_TRUE(made.has_value());
        listener = std::move(*made);
    }
    std::unique_ptr<Connection> accept(Peer& peer) {
        EXPECT_TRUE(peer.connect());
        auto connection = listener->accept();
        EXPECT_NE(connection, nullptr);
        return connection;
    }
    static std::string read(Connection& connection, std::size_t max = 65536) {
        std::string text(max, 0);
        text.resize(connection.read(std::as_writable_bytes(std::span(text))));
        return text;
    }
    static std::size_t write(Connection& connection, std::string_view text) {
        return connection.write(std::as_bytes(std::span(text))).value();
    }
    std::size_t active() {
        ConnectionInfo list[300];
        const std::size_t count = Stack::connections(list);
        std::size_t open = 0;
        for (std::size_t i = 0; i < count; ++i)
            open += std::string_view(list[i].state) != "LISTEN" && std::string_view(list[i].state) != "TIME_WAIT";
        return open;
    }

    // The peer sends and the owner reads until the window has grown to all that one connection can have.
    void open_fully(Peer& peer, Connection& connection) {
        for (int i = 0; i < 200; ++i) {
            peer.send(kAck, Bytes(1420, 'g'));
            if (connection.readable() >= 7100)
                read(connection);
            outgoing.clear();
        }
        read(connection);
        advance(300'000'000);
        peer.collect(false);
        EXPECT_EQ(peer.last.window, TCP_WND >> TCP_RCV_SCALE);
    }
    // The peer sends until the window is closed, and acknowledges nothing meanwhile; returns how much it sent.
    std::size_t fill_window(Peer& peer) {
        std::size_t sent = 0;
        for (bool patient = true; patient;) {
            peer.send(kAck, Bytes(1, 'f'));
            outgoing.clear();
            advance(250'000'000);   // the acknowledgement may have been put off
            const auto answer = std::ranges::find_if(outgoing, [&](const SentFrame& frame) {
                return frame.is_tcp() && frame.segment().to_port == peer.port() && frame.segment().data.empty();
            });
            patient = answer != outgoing.end();
            if (!patient)
                break;
            const Segment segment = answer->segment();
            std::uint32_t left = segment.acknowledged + (std::uint32_t{segment.window} << TCP_RCV_SCALE) - peer.sequence();
            patient = left > 1420;
            for (sent += left; left != 0;) {
                const std::uint32_t bytes = std::min<std::uint32_t>(left, 1420);
                peer.send(kAck, Bytes(bytes, 'f'));
                left -= bytes;
            }
        }
        outgoing.clear();
        return sent;
    }

    ConnectionBudget budget{.limit = 64};
    std::unique_ptr<Listener> listener;
};

}  // namespace capos::netcore::testing_support
