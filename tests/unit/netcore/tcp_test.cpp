// TCP through the stack, with the peer played segment by segment.
#include <set>

#include "tests/unit/netcore/tcp_peer.hpp"

namespace capos::netcore {
namespace {

using namespace testing_support;

TEST_F(TcpTest, HandshakeOffersTheSegmentSizeOfTheLinkAndAScaledWindow) {
    Peer peer(*this, 1000);
    auto connection = accept(peer);
    EXPECT_EQ(connection->peer(), kPeer);
    EXPECT_EQ(connection->peer_port(), 1000);
    EXPECT_EQ(connection->local_port(), 80);
    EXPECT_STREQ(connection->state(), "ESTABLISHED");
    // The answer's options: segment size 1420 (the MTU of the lease is 1460) and a window scale.
    Peer second(*this, 1001);
    Segment syn = second.make(kSyn);
    syn.options = {2, 4, 5, 180, 1, 3, 3, 7};
    second.give(syn);
    second.collect(false);
    const Bytes& options = second.last.options;
    ASSERT_GE(options.size(), 8u);
    EXPECT_EQ(get16(options, 2), 1420);
    const Bytes scale{3, 3, 2};
    EXPECT_NE(std::search(options.begin(), options.end(), scale.begin(), scale.end()), options.end());
}

TEST_F(TcpTest, ASynThatComesAgainWithAWindowScaleDoesNotOpenTheWholeWindow) {
    Peer peer(*this, 1000);
    Segment syn = peer.make(kSyn);
    peer.give(syn);
    syn.options = {2, 4, 5, 180, 1, 3, 3, 7};
    peer.give(syn);
    peer.skip(1);
    peer.collect(false);
    ASSERT_TRUE(peer.last.has(kSyn | kAck));
    peer.send(kAck);
    auto connection = listener->accept();
    ASSERT_TRUE(connection);
    peer.say("x");
    advance(300'000'000);
    peer.collect(false);
    EXPECT_GT(peer.last.window, 0u);
    EXPECT_LE(peer.last.window, MemoryShares::kFirstWindow) << "in bytes: no scale was agreed upon";
}

TEST_F(TcpTest, RequestAndAnswerArriveWhole) {
    Peer peer(*this, 1000);
    auto connection = accept(peer);
    peer.say("GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(read(*connection), "GET / HTTP/1.1\r\n\r\n");
    const std::string page(4096, 'p');
    EXPECT_EQ(write(*connection, page), page.size());
    EXPECT_EQ(outgoing.size(), 3u) << "three segments, the request's acknowledgement rides along";
    EXPECT_EQ(peer.collect(), page);
    EXPECT_TRUE(peer.last.has(kPsh));
    EXPECT_EQ(connection->unsent(), 0u);
}

TEST_F(TcpTest, SegmentsOutOfOrderAreReadInOrder) {
    Peer peer(*this, 1000);
    auto connection = accept(peer);
    const std::uint32_t base = peer.sequence();
    auto piece = [&](std::uint32_t offset, const char* text) {
        Segment segment = peer.make(kAck, Bytes(text, text + 3));
        segment.sequence = base + offset;
        peer.give(segment);
    };
    piece(6, "ghi");
    piece(3, "def");
    EXPECT_EQ(connection->readable(), 0u);
    piece(3, "def");
    piece(0, "abc");
    EXPECT_EQ(read(*connection), "abcdefghi");
    piece(0, "abc");
    EXPECT_EQ(connection->readable(), 0u) << "a copy counts once";
}

TEST_F(TcpTest, LostSegmentIsSentAgain) {
    Peer peer(*this, 1000);
    auto connection = accept(peer);
    EXPECT_EQ(write(*connection, "lost"), 4u);
    outgoing.clear();
    advance(3'000'000'000);
    EXPECT_EQ(peer.collect(), "lost");
    EXPECT_EQ(connection->unsent(), 0u);
}

TEST_F(TcpTest, FrameThatFoundNoRoomIsSentWhenThereIsRoom) {
    Peer peer(*this, 1000);
    auto connection = accept(peer);
    room = 2;
    const std::string text(10000, 'r');
    EXPECT_EQ(write(*connection, text), text.size());
    EXPECT_EQ(outgoing.size(), 2u);
    EXPECT_GT(stack->counters().dropped_out, 0u);
    room = 1000;
    stack->transmit_room();
    EXPECT_TRUE(peer.collect_all() == text) << "and not only when a timer says so";
}

TEST_F(TcpTest, WhatADeadDriverTookWithItIsSentAgainWhenTheNextOneAttaches) {
    Peer peer(*this, 1000);
    auto connection = accept(peer);
    const std::string text(20000, 'd');
    std::size_t written = write(*connection, std::string_view(text).substr(0, 16384));
    EXPECT_EQ(written, 16384u);
    written += write(*connection, std::string_view(text).substr(16384));
    outgoing.clear();   // the driver died with them
    room = 0;
    advance(400'000'000);
    room = 1000;
    ASSERT_TRUE(stack->attach(kOwnMac, 1500));
    std::string got;
    for (int i = 0; i < 20 && got.size() < text.size(); ++i)
        got += peer.collect();
    EXPECT_EQ(got, text);
    EXPECT_FALSE(peer.reset);
}

TEST_F(TcpTest, ReaderThatIsSlowClosesTheWindowAndOpensItAgain) {
    Peer peer(*this, 1000);
    auto connection = accept(peer);
    open_fully(peer, *connection);
    std::size_t sent = 0;
    while (peer.last.window != 0 && sent < 400000) {
        peer.send(kAck, Bytes(1420, 'w'));
        sent += 1420;
        peer.collect(false);
        if (sent % 8 == 0)
            advance(300'000'000);   // delayed acknowledgements
    }
    advance(1'000'000'000);
    peer.collect(false);
    EXPECT_GE(connection->readable(), 120000u);
    EXPECT_LE(connection->readable(), 131072u);
    std::string all;
    while (connection->readable() != 0)
        all += read(*connection, 16384);
    peer.collect(false);
    EXPECT_GT(peer.last.window, 0x7000) << "all of the window is back, in spite of lwIP's 16-bit count";
    EXPECT_EQ(all, std::string(all.size(), 'w'));
}

TEST_F(TcpTest, ReadingMoreThan64KibAtOnceOpensTheWholeWindow) {
    Peer peer(*this, 1000);
    auto connection = accept(peer);
    open_fully(peer, *connection);
    for (int i = 0; i < 80; ++i)
        peer.send(kAck, Bytes(1420, 'w'));
    EXPECT_EQ(read(*connection, 1 << 20).size(), 80u * 1420);
    peer.say("x");
    advance(500'000'000);
    peer.collect(false);
    EXPECT_GE(peer.last.window + 1, 0x7fff);
}

TEST_F(TcpTest, PeerThatDoesNotReadStopsTheWriterAndNothingIsLost) {
    Peer peer(*this, 1000);
    peer.window = 0;
    auto connection = accept(peer);
    std::string text;
    for (int i = 0; i < 40; ++i) {
        const std::string piece(8192, static_cast<char>('a' + i % 26));
        const std::size_t taken = write(*connection, piece);
        text += piece.substr(0, taken);
        if (taken < piece.size())
            break;
    }
    EXPECT_EQ(text.size(), 96u * 1024);
    EXPECT_EQ(write(*connection, "more"), 0u);
    EXPECT_EQ(connection->room(), 0u);
    advance(20'000'000'000);   // probes of the closed window
    peer.window = 0xffff;
    std::string got = peer.collect();
    peer.send(kAck);
    for (int i = 0; i < 400 && got.size() < text.size(); ++i) {
        got += peer.collect();
        advance(100'000'000);
    }
    EXPECT_TRUE(got == text) << got.size();
    EXPECT_GT(connection->room(), 0u);
}

TEST_F(TcpTest, EndOfStreamComesAfterTheLastByte) {
    Peer peer(*this, 1000);
    auto connection = accept(peer);
    peer.say("last words");
    peer.send(kFin | kAck);
    EXPECT_FALSE(connection->at_end());
    EXPECT_EQ(read(*connection), "last words");
    EXPECT_TRUE(connection->at_end());
    EXPECT_EQ(write(*connection, "answer"), 6u) << "the other direction is open";
    EXPECT_EQ(peer.collect(), "answer");
}

TEST_F(TcpTest, ClosingInOrderDeliversEverythingAndLeavesOnlyTimeWait) {
    Peer peer(*this, 1000);
    auto connection = accept(peer);
    peer.say("GET");
    EXPECT_EQ(read(*connection), "GET");
    EXPECT_EQ(write(*connection, std::string(5000, 'z')), 5000u);
    connection.reset();
    EXPECT_EQ(budget.open, 0u);
    EXPECT_EQ(peer.collect_all().size(), 5000u);
    EXPECT_TRUE(peer.ended);
    peer.send(kFin | kAck);
    EXPECT_EQ(active(), 0u);
    EXPECT_EQ(Stack::time_wait_count(), 1u);
    advance(119'000'000'000);
    EXPECT_EQ(Stack::time_wait_count(), 1u) << "not shortened";
    advance(3'000'000'000);
    EXPECT_EQ(Stack::time_wait_count(), 0u);
}

TEST_F(TcpTest, ClosingWithUnreadBytesResets) {
    Peer peer(*this, 1000);
    auto connection = accept(peer);
    peer.say("nobody reads this");
    connection.reset();
    peer.collect(false);
    EXPECT_TRUE(peer.reset);
    EXPECT_EQ(active(), 0u);
}

TEST_F(TcpTest, BothEndsShutDownInEitherOrderAndNothingDangles) {
    for (const bool peer_first : {true, false}) {
        Peer peer(*this, peer_first ? 1000 : 1001);
        auto connection = accept(peer);
        if (peer_first)
            peer.send(kFin | kAck);
        connection->shutdown_send();
        EXPECT_EQ(connection->write(std::as_bytes(std::span("x"))).error(), Error::Closed);
        peer.collect();
        EXPECT_TRUE(peer.ended);
        if (!peer_first) {
            EXPECT_FALSE(connection->at_end());
            peer.send(kFin | kAck);
        }
        EXPECT_TRUE(connection->at_end());
        EXPECT_FALSE(connection->was_reset());
        advance(130'000'000'000);   // lwIP frees its control block in this time
        EXPECT_STREQ(connection->state(), "CLOSED");
        connection->shutdown_receive();
        EXPECT_EQ(connection->read({}), 0u);
    }
}

TEST_F(TcpTest, NothingIsUnsentOnceTheEndIsAcknowledged) {
    Peer peer(*this, 1000);
    auto connection = accept(peer);
    room = 0;   // the end joins the waiting segment
    EXPECT_EQ(write(*connection, "bye"), 3u);
    connection->shutdown_send();
    room = 1000;
    advance(2'000'000'000);
    EXPECT_EQ(peer.collect_all(), "bye");
    EXPECT_TRUE(peer.ended);
    EXPECT_EQ(connection->unsent(), 0u);
}

TEST_F(TcpTest, ReceiveSideShutDownDropsWhatComesAndKeepsTheWindowOpen) {
    Peer peer(*this, 1000);
    auto connection = accept(peer);
    peer.say("before");
    connection->shutdown_receive();
    EXPECT_TRUE(connection->at_end());
    for (int i = 0; i < 200; ++i)
        peer.send(kAck, Bytes(1420, 'd'));
    peer.collect(false);
    EXPECT_FALSE(peer.reset);
    EXPECT_EQ(write(*connection, "still here"), 10u);
    EXPECT_EQ(peer.collect(), "still here");
}

TEST_F(TcpTest, ResetByThePeerIsSeenByReaderAndWriter) {
    struct Seen : Connection::Events {
        int reads = 0, writes = 0;
        bool readable() override {
            ++reads;
            return false;
        }
        void writable() override { ++writes; }
    } seen;
    Peer peer(*this, 1000);
    auto connection = accept(peer);
    connection->observe(&seen);
    peer.say("unread");
    peer.send(kRst | kAck);
    EXPECT_TRUE(connection->was_reset());
    EXPECT_EQ(seen.reads, 2);
    EXPECT_GE(seen.writes, 1);
    EXPECT_EQ(connection->write(std::as_bytes(std::span("x"))).error(), Error::Disconnected);
    EXPECT_EQ(connection->readable(), 0u);
    EXPECT_STREQ(connection->state(), "CLOSED");
}

TEST_F(TcpTest, BlindResetOutsideTheWindowDoesNothing) {
    Peer peer(*this, 1000);
    auto connection = accept(peer);
    Segment blind = peer.make(kRst);
    blind.sequence = peer.sequence() + 1'000'000;
    peer.give(blind);
    EXPECT_FALSE(connection->was_reset());
}

TEST_F(TcpTest, BacklogBoundsWhatWaitsAndARepeatedSynGetsInLater) {
    open(2);
    const TcpTotals before = tcp_totals();
    Peer first(*this, 1000), second(*this, 1001), third(*this, 1002);
    ASSERT_TRUE(first.connect());
    ASSERT_TRUE(second.connect());
    EXPECT_FALSE(third.connect()) << "no answer, no reset";
    EXPECT_FALSE(third.reset);
    EXPECT_EQ(tcp_totals().syns_dropped - before.syns_dropped, 1u);
    EXPECT_EQ(tcp_totals().half_open_ended, before.half_open_ended) << "complete connections do not make room";
    EXPECT_EQ(listener->waiting(), 2);
    auto connection = listener->accept();
    EXPECT_EQ(connection->peer_port(), 1000) << "in order";
    Peer again(*this, 1002);
    EXPECT_TRUE(again.connect());
}

TEST_F(TcpTest, ConnectionsBeyondTheBudgetAreResetAndCounted) {
    budget.limit = 2;
    Peer first(*this, 1000), second(*this, 1001), third(*this, 1002);
    auto a = accept(first), b = accept(second);
    EXPECT_TRUE(third.connect());
    third.collect(false);
    EXPECT_TRUE(third.reset);
    EXPECT_EQ(listener->refused(), 1u);
    a.reset();
    Peer fourth(*this, 1003);
    EXPECT_TRUE(fourth.connect());
    EXPECT_EQ(listener->waiting(), 1);
}

TEST_F(TcpTest, SecondListenerOnAPortIsRefusedAndAReturningOneIsNotHinderedByTimeWait) {
    EXPECT_EQ(Listener::open(80, 1, budget).error(), Error::AlreadyExists);
    EXPECT_EQ(Listener::open(0, 1, budget).error(), Error::InvalidArgument);
    EXPECT_EQ(Listener::open(81, 0, budget).error(), Error::InvalidArgument);
    EXPECT_EQ(Listener::open(81, 1000, budget).error(), Error::InvalidArgument);
    Peer peer(*this, 1000);
    auto connection = accept(peer);
    connection.reset();
    peer.collect();
    peer.send(kFin | kAck);
    ASSERT_EQ(Stack::time_wait_count(), 1u);
    open(8);
    Peer next_peer(*this, 1001);
    EXPECT_TRUE(next_peer.connect());
}

TEST_F(TcpTest, ListenerThatGoesResetsWhatNobodyAccepted) {
    Peer peer(*this, 1000);
    ASSERT_TRUE(peer.connect());
    listener.reset();
    peer.collect(false);
    EXPECT_TRUE(peer.reset);
    EXPECT_EQ(budget.open, 0u);
    Peer late(*this, 1001);
    late.connect();
    EXPECT_TRUE(late.reset) << "nobody listens";
}

TEST_F(TcpTest, NewConnectionFromAPortInTimeWaitIsTakenAtOnce) {
    Peer peer(*this, 1000);
    auto connection = accept(peer);
    connection.reset();
    peer.collect();
    peer.send(kFin | kAck);
    ASSERT_EQ(Stack::time_wait_count(), 1u);
    Peer old(*this, 1000, peer.sequence() - 500'000);
    EXPECT_FALSE(old.connect()) << "an old copy of a SYN does not end TIME_WAIT";
    EXPECT_EQ(Stack::time_wait_count(), 1u);
    Peer again(*this, 1000, peer.sequence() + 100'000);
    EXPECT_TRUE(again.connect());
    EXPECT_EQ(Stack::time_wait_count(), 0u);
    EXPECT_NE(listener->accept(), nullptr);
}

TEST_F(TcpTest, TwoThousandConnectionsInARowLeakNothingAndTimeWaitIsBounded) {
    const std::size_t memory = packet_memory().used();
    for (std::uint32_t i = 0; i < 2000; ++i) {
        Peer peer(*this, static_cast<std::uint16_t>(2000 + i));
        auto connection = accept(peer);
        ASSERT_NE(connection, nullptr) << i;
        peer.say("GET");
        ASSERT_EQ(read(*connection), "GET");
        ASSERT_EQ(write(*connection, "answer"), 6u);
        connection.reset();
        ASSERT_EQ(peer.collect(), "answer") << i;
        ASSERT_TRUE(peer.ended);
        peer.send(kFin | kAck);
        advance(1'000'000);
        outgoing.clear();
    }
    EXPECT_EQ(active(), 0u);
    EXPECT_EQ(packet_memory().used(), memory);
    // At the bound the oldest made room, and nobody else: the newest are all there, for their whole time.
    constexpr std::uint32_t kMostConnections = 288;
    ConnectionInfo left[kMostConnections + 16];
    const std::size_t count = Stack::connections(left);
    std::set<std::uint16_t> ports;
    for (const ConnectionInfo& connection : std::span(left, count))
        if (connection.peer_port != 0)
            ports.insert(connection.peer_port);
    EXPECT_EQ(Stack::time_wait_count(), kMostConnections);
    EXPECT_EQ(ports.size(), kMostConnections);
    EXPECT_EQ(*ports.begin(), 2000u + 2000 - kMostConnections);
    advance(117'000'000'000);
    EXPECT_EQ(Stack::time_wait_count(), kMostConnections) << "not shortened";
    advance(6'000'000'000);
    EXPECT_EQ(Stack::time_wait_count(), 0u);
}

TEST_F(TcpTest, BurstOfSegmentsIsReadWholeAndAcknowledgedOnce) {
    struct Reader : Connection::Events {
        bool soon = false;
        bool readable() override { return soon; }
        void writable() override {}
    } reader;
    Peer peer(*this, 1000);
    auto connection = accept(peer);
    open_fully(peer, *connection);
    connection->observe(&reader);
    peer.collect();
    std::string sent;
    for (const bool soon : {false, true}) {
        reader.soon = soon;
        std::vector<Bytes> burst;
        for (int i = 0; i < 20; ++i) {
            const char letter = static_cast<char>('a' + i);
            burst.push_back(peer.make(kAck, Bytes(1400, static_cast<std::uint8_t>(letter))).packet());
            sent.append(1400, letter);
            peer.skip(1400);
        }
        const auto joined = stack->joiner().joined();
        give_together(burst);
        EXPECT_EQ(stack->joiner().joined(), joined + 19);
        EXPECT_EQ(outgoing.size(), soon ? 0u : 1u) << "at once, or with the reading that follows";
        if (soon) {
            EXPECT_EQ(read(*connection, 1 << 20), sent);
            ASSERT_EQ(outgoing.size(), 1u) << "window and acknowledgement in one";
        }
        const Segment answer = outgoing.back().segment();
        EXPECT_EQ(answer.acknowledged, peer.sequence());
        outgoing.clear();
    }
}

TEST_F(TcpTest, BurstOfTwoSegmentsIsAcknowledgedByReadingThem) {
    struct Reader : Connection::Events {
        bool readable() override { return true; }
        void writable() override {}
    } reader;
    Peer peer(*this, 1000);
    auto connection = accept(peer);
    connection->observe(&reader);
    peer.collect();
    const Segment first = peer.make(kAck, Bytes(1400, 'a'));
    peer.skip(1400);
    const Segment second = peer.make(kAck, Bytes(1400, 'b'));
    peer.skip(1400);
    give_together({first.packet(), second.packet()});
    EXPECT_TRUE(outgoing.empty());
    EXPECT_EQ(read(*connection).size(), 2800u);
    ASSERT_EQ(outgoing.size(), 1u) << "too little for a window update, and still not put off";
    EXPECT_EQ(outgoing.back().segment().acknowledged, peer.sequence());
}

TEST_F(TcpTest, LossInsideABurstIsRepairedAndReadInOrder) {
    Peer peer(*this, 1000);
    auto connection = accept(peer);
    peer.collect();
    std::vector<Bytes> burst;
    Bytes lost;
    std::string sent;
    for (int i = 0; i < 10; ++i) {
        const Bytes packet = peer.make(kAck, Bytes(1400, static_cast<std::uint8_t>('a' + i))).packet();
        sent.append(1400, static_cast<char>('a' + i));
        peer.skip(1400);
        if (i == 4)
            lost = packet;
        else
            burst.push_back(packet);
    }
    give_together(burst);
    EXPECT_EQ(connection->readable(), 4u * 1400);
    give_packet(lost);
    EXPECT_EQ(read(*connection), sent);
}

TEST_F(TcpTest, SequenceNumbersCannotBeGuessedFromOneConnectionToTheNext) {
    Peer first(*this, 1000), second(*this, 1001);
    ASSERT_TRUE(first.connect());
    const std::uint32_t one = first.expected();
    ASSERT_TRUE(second.connect());
    EXPECT_GT(second.expected() - one, 100'000u);
}

TEST_F(TcpTest, HalfOpenConnectionsMakeRoomForAnHonestClientTheOldestFirst) {
    open(64);
    const TcpTotals before = tcp_totals();
    Peer complete(*this, 900);
    ASSERT_TRUE(complete.connect());
    for (std::uint16_t port = 1000; port < 1063; ++port) {
        Peer peer(*this, port);
        peer.give(peer.make(kSyn));
    }
    EXPECT_EQ(active(), 64u);
    EXPECT_EQ(tcp_totals().half_open_ended, before.half_open_ended);
    Peer second(*this, 1001);
    second.give(second.make(kSyn));   // again: it was heard from later than the third
    outgoing.clear();
    for (std::uint16_t port = 5000; port < 5003; ++port) {
        Peer honest(*this, port);
        EXPECT_TRUE(honest.connect());
    }
    EXPECT_TRUE(outgoing.empty()) << "those that go are told nothing";
    EXPECT_EQ(active(), 64u);
    EXPECT_EQ(listener->waiting(), 4u);
    EXPECT_EQ(tcp_totals().half_open_ended - before.half_open_ended, 3u);
    EXPECT_EQ(tcp_totals().syns_dropped, before.syns_dropped);
    ConnectionInfo list[100];
    std::set<std::uint16_t> half_open;
    for (std::size_t i = 0, count = Stack::connections(list); i < count; ++i)
        if (std::string_view(list[i].state) == "SYN_RCVD")
            half_open.insert(list[i].peer_port);
    EXPECT_EQ(half_open.size(), 60u);
    EXPECT_TRUE(half_open.contains(1001));
    for (const std::uint16_t gone : {1000, 1002, 1003})
        EXPECT_FALSE(half_open.contains(gone)) << gone;
}

TEST_F(TcpTest, AHalfOpenConnectionThatEndsIsCountedHoweverItEndsAndACompleteOneIsNot) {
    const auto ended = [before = tcp_totals().half_open_ended] { return tcp_totals().half_open_ended - before; };
    Peer resetting(*this, 1000), silent(*this, 1001), complete(*this, 1002);
    resetting.give(resetting.make(kSyn));
    resetting.skip(1);
    resetting.send(kRst);
    EXPECT_EQ(ended(), 1u);
    silent.give(silent.make(kSyn));
    ASSERT_TRUE(complete.connect());
    auto connection = listener->accept();
    connection.reset();
    complete.collect();
    EXPECT_EQ(ended(), 1u);
    advance(60'000'000'000);
    EXPECT_EQ(ended(), 2u);
    EXPECT_EQ(active(), 0u);
}

TEST_F(TcpTest, FloodOfSynsIsBoundedByTheBacklogAndPassesAway) {
    open(128);
    for (std::uint16_t port = 1; port < 3000; ++port) {
        Peer peer(*this, port);
        peer.give(peer.make(kSyn));
        outgoing.clear();
    }
    EXPECT_LE(active(), 128u);
    Peer honest(*this, 5000);
    EXPECT_TRUE(honest.connect());
    auto connection = listener->accept();
    ASSERT_TRUE(connection);
    connection.reset();
    honest.collect();
    advance(60'000'000'000);
    EXPECT_EQ(active(), 0u) << "half-open connections are given up";
    Peer later(*this, 5001);
    outgoing.clear();
    EXPECT_TRUE(later.connect());
}

TEST_F(TcpTest, PeerThatVanishesIsNoticedByKeepAlive) {
    Peer peer(*this, 1000);
    auto connection = accept(peer);
    advance(1'000'000'000'000);   // 10 minutes idle, then 8 probes of 30 s
    EXPECT_TRUE(connection->was_reset());
}

}  // namespace
}  // namespace capos::netcore
