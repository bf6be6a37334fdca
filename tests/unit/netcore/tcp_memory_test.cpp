// How connections share packet memory, segment records and control blocks, and who goes when they are scarce.
#include <random>

#include "tests/unit/netcore/tcp_peer.hpp"

namespace capos::netcore {
namespace {

using namespace testing_support;

TEST_F(TcpTest, OrphanThatCannotDeliverIsGivenUpAfterAMinute) {
    Peer peer(*this, 1000);
    peer.window = 0;
    auto connection = accept(peer);
    EXPECT_GT(write(*connection, std::string(5000, 'o')), 0u);
    connection.reset();
    EXPECT_EQ(active(), 1u) << "it may still be delivered";
    for (int i = 0; i < 70; ++i) {
        advance(1'000'000'000);
        peer.collect(false);
        peer.send(kAck);   // a peer that keeps the window closed for ever
    }
    EXPECT_EQ(active(), 0u);
    EXPECT_TRUE(peer.reset);
}

TEST_F(TcpTest, PeersThatVanishedMakeRoomForNewConnectionsAndLivingOnesDoNot) {
    budget.limit = 300;
    std::vector<std::unique_ptr<Peer>> peers;
    std::vector<std::unique_ptr<Connection>> living;
    for (std::uint16_t i = 0; i < 20; ++i) {
        peers.push_back(std::make_unique<Peer>(*this, static_cast<std::uint16_t>(1000 + i)));
        living.push_back(accept(*peers.back()));
        advance(10'000'000);
    }
    for (std::uint16_t i = 0; i < 300; ++i) {
        Peer vanished(*this, static_cast<std::uint16_t>(2000 + i));
        auto connection = accept(vanished);
        ASSERT_NE(connection, nullptr) << i;
        ASSERT_EQ(write(*connection, "nobody takes this"), 17u);
        connection.reset();
        advance(10'000'000);
        outgoing.clear();
    }
    EXPECT_EQ(active(), 288u);
    Peer honest(*this, 5000);
    auto connection = accept(honest);
    ASSERT_NE(connection, nullptr) << "at once, at the first SYN";
    honest.say("GET");
    EXPECT_EQ(read(*connection), "GET");
    for (std::size_t i = 0; i < living.size(); ++i) {
        EXPECT_FALSE(living[i]->was_reset());
        EXPECT_EQ(write(*living[i], "alive"), 5u);
        EXPECT_EQ(peers[i]->collect(), "alive");
    }
}

TEST_F(TcpTest, SixteenPipelinersThatDoNotReadLeaveRoomForOneWhoDoes) {
    std::vector<std::unique_ptr<Peer>> peers;
    std::vector<std::unique_ptr<Connection>> connections;
    for (std::uint16_t i = 0; i < 16; ++i) {
        peers.push_back(std::make_unique<Peer>(*this, static_cast<std::uint16_t>(1000 + i)));
        connections.push_back(accept(*peers.back()));
        for (int j = 0; j < 200; ++j) {   // they behave at first: their windows grow
            peers.back()->send(kAck, Bytes(1420, 'g'));
            read(*connections.back());
            outgoing.clear();
        }
    }
    const auto held = tcp_totals().writes_held;
    // Then each is owed more than it takes, and asks for more than is read.
    for (bool progress = true; progress;) {
        progress = false;
        for (auto& connection : connections)
            progress = write(*connection, std::string(4096, 'r')) != 0 || progress;
        outgoing.clear();
    }
    EXPECT_EQ(tcp_totals().writes_held, held + connections.size()) << "once for each, however often it tries";
    for (auto& peer : peers) {
        EXPECT_GT(fill_window(*peer), 0u);
    }
    for (auto& connection : connections)
        EXPECT_GE(connection->unsent(), MemoryShares::kLeastSend);
    EXPECT_FALSE(packet_memory().scarce(8)) << "what arrives is still taken";
    Peer honest(*this, 5000);
    auto connection = accept(honest);
    honest.say("GET / HTTP/1.1\r\n" + std::string(300, 'h') + "\r\n\r\n");
    EXPECT_GT(read(*connection).size(), 300u);
    const std::string page(4096, 'p');
    EXPECT_EQ(write(*connection, page), page.size());
    EXPECT_EQ(honest.collect_all(), page) << "no time has passed";
}

TEST_F(TcpTest, ClosedConnectionsGiveTheirMemoryToThoseThatNeedIt) {
    std::vector<std::unique_ptr<Peer>> peers;
    for (std::uint16_t i = 0; i < 64; ++i) {
        peers.push_back(std::make_unique<Peer>(*this, static_cast<std::uint16_t>(1000 + i)));
        auto connection = accept(*peers.back());
        while (write(*connection, std::string(8192, 'o')) != 0)
            outgoing.clear();
    }
    const auto ended = tcp_totals().orphans_ended;
    advance(5'000'000'000);
    EXPECT_GT(tcp_totals().orphans_ended, ended);
    EXPECT_FALSE(packet_memory().scarce(4));
    Peer honest(*this, 5000);
    auto connection = accept(honest);
    EXPECT_EQ(write(*connection, std::string(16384, 'p')), 16384u);
}

TEST_F(TcpTest, AClosedConnectionWhosePeerIsHeardFromIsSparedWhenOthersHoldTheMemory) {
    Peer done(*this, 1001);                    // has everything, and does not close its side
    {
        auto connection = accept(done);
        write(*connection, "bye");
    }
    done.collect_all();
    Peer peer(*this, 1000);
    const std::string page(16384, 'p');
    {
        auto connection = accept(peer);
        peer.say("GET / HTTP/1.1\r\n\r\n");
        read(*connection);
        EXPECT_EQ(write(*connection, page), page.size());
    }
    std::string text = peer.collect(false);
    std::vector<void*> others;
    while (!packet_memory().scarce(16))
        others.push_back(packet_memory().allocate(PacketMemory::kLargest));
    const auto ended = tcp_totals().orphans_ended;
    advance(400'000'000);
    peer.send(kAck);
    text += peer.collect_all();
    EXPECT_TRUE(text == page) << text.size() << " bytes came";
    advance(3'000'000'000);
    peer.collect();
    EXPECT_FALSE(peer.reset) << "it has taken what was there";
    EXPECT_EQ(tcp_totals().orphans_ended, ended) << "nothing would become free by ending them";
    for (void* memory : others)
        packet_memory().release(memory);
    peer.send(kAck | kFin);
    done.send(kAck | kFin);
}

TEST_F(TcpTest, TinySegmentsOutOfOrderDoNotUseUpTheRecordsThatWritersNeed) {
    std::vector<std::unique_ptr<Peer>> peers;
    std::vector<std::unique_ptr<Connection>> connections;
    for (std::uint16_t i = 0; i < 40; ++i) {
        peers.push_back(std::make_unique<Peer>(*this, static_cast<std::uint16_t>(1000 + i)));
        connections.push_back(accept(*peers.back()));
        for (std::uint32_t j = 0; j < 48; ++j) {
            Segment early = peers.back()->make(kAck, Bytes(1, 'e'));
            early.sequence += 2 + 2 * j;
            peers.back()->give(early);
        }
        outgoing.clear();
    }
    Peer honest(*this, 5000);
    auto connection = accept(honest);
    EXPECT_EQ(write(*connection, std::string(8192, 'p')), 8192u);
    EXPECT_EQ(honest.collect_all().size(), 8192u);
}

TEST_F(TcpTest, SmallSegmentsThatAreNotAcknowledgedLeaveRecordsForOthers) {
    std::vector<std::unique_ptr<Peer>> peers;
    std::vector<std::unique_ptr<Connection>> connections;
    for (std::uint16_t i = 0; i < 32; ++i) {
        peers.push_back(std::make_unique<Peer>(*this, static_cast<std::uint16_t>(1000 + i)));
        EXPECT_TRUE(peers.back()->connect({2, 4, 0, 64, 1, 3, 3, 7}));   // segments of 64 bytes
        connections.push_back(listener->accept());
        while (write(*connections.back(), std::string(4096, 's')) != 0) {}
        outgoing.clear();
    }
    Peer honest(*this, 5000);
    auto connection = accept(honest);
    EXPECT_EQ(write(*connection, std::string(8192, 'p')), 8192u);
    EXPECT_EQ(honest.collect_all().size(), 8192u);
}

TEST_F(TcpTest, WindowsGrowWithReadingAndManyShareWhatOneHadAlone) {
    Peer first(*this, 1000);
    auto one = accept(first);
    open_fully(first, *one);
    std::vector<std::unique_ptr<Peer>> peers;
    std::vector<std::unique_ptr<Connection>> connections;
    for (std::uint16_t i = 0; i < 8; ++i) {
        peers.push_back(std::make_unique<Peer>(*this, static_cast<std::uint16_t>(2000 + i)));
        connections.push_back(accept(*peers.back()));
        EXPECT_GE(peers.back()->last.window, MemoryShares::kLeastWindow >> TCP_RCV_SCALE);
        for (int j = 0; j < 100; ++j) {
            peers.back()->send(kAck, Bytes(1420, 'g'));
            read(*connections.back());
            outgoing.clear();
        }
    }
    EXPECT_LE(memory_shares().promised(), packet_memory().capacity() / 4 + 1000);
    // The first goes on reading: its window gives way.
    for (int j = 0; j < 200; ++j) {
        first.send(kAck, Bytes(1420, 'g'));
        read(*one);
        outgoing.clear();
    }
    first.say("x");
    advance(300'000'000);
    first.collect(false);
    EXPECT_LT(first.last.window, (TCP_WND >> TCP_RCV_SCALE) * 2 / 3);
    EXPECT_FALSE(first.reset);
}

TEST_F(TcpTest, SingleBytesDoNotTakeAHundredTimesTheirSize) {
    Peer peer(*this, 1000);
    auto connection = accept(peer);
    const std::size_t before = packet_memory().used();
    std::string text;
    for (int i = 0; i < 5000; ++i) {
        const char letter = static_cast<char>('a' + i % 26);
        peer.say(std::string_view(&letter, 1));
        text += letter;
        outgoing.clear();
    }
    EXPECT_LT(packet_memory().used() - before, 12000u);
    std::string got;
    while (connection->readable() != 0)
        got += read(*connection, 777);
    EXPECT_EQ(got, text);
}

TEST_F(TcpTest, MixOfSmallAndLargeSegmentsKeepsItsOrder) {
    std::mt19937 random(6);
    Peer peer(*this, 1000);
    auto connection = accept(peer);
    std::string sent, got;
    for (int i = 0; i < 2000; ++i) {
        std::string piece(random() % (random() % 2 ? 20 : 1400) + 1, 0);
        for (char& letter : piece)
            letter = static_cast<char>(random());
        peer.say(piece);
        sent += piece;
        outgoing.clear();
        if (connection->readable() > 60000 || random() % 8 == 0)
            got += read(*connection, random() % 16384 + 1);
    }
    while (connection->readable() != 0)
        got += read(*connection);
    EXPECT_EQ(got, sent);
}

TEST_F(TcpTest, ScarceMemoryStopsWritersAndDataButNotAcknowledgements) {
    Peer peer(*this, 1000);
    auto connection = accept(peer);
    EXPECT_EQ(write(*connection, "before"), 6u);
    std::vector<void*> hoard;
    while (!packet_memory().scarce(10))
        hoard.push_back(packet_memory().allocate(8000));
    EXPECT_EQ(connection->room(), 0u);
    EXPECT_EQ(write(*connection, "x"), 0u);
    const auto dropped = stack->counters().dropped_in;
    Segment data = peer.make(kAck, Bytes(1000, 'n'));
    peer.give(data);
    EXPECT_EQ(connection->readable(), 0u);
    EXPECT_EQ(stack->counters().dropped_in, dropped + 1);
    EXPECT_EQ(peer.collect(), "before");
    EXPECT_EQ(connection->unsent(), 0u) << "the acknowledgement got in";
    for (void* block : hoard)
        packet_memory().release(block);
    EXPECT_EQ(write(*connection, "after"), 5u);
}

}  // namespace
}  // namespace capos::netcore
