#include <gtest/gtest.h>

#include "tests/unit/http/exchange.hpp"

namespace capos::http {
namespace {

using State = Connection::State;

TEST(ConnectionTest, AGetIsReadWhateverThePieces) {
    const std::string_view text = "GET /api/status?since=3 HTTP/1.1\r\nHost: 10.0.0.2:8080\r\nAccept: */*\r\n\r\n";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        Connection connection;
        EXPECT_TRUE(connection.idle());
        EXPECT_EQ(feed(connection, text, piece), text.size());
        ASSERT_EQ(connection.state(), State::Ready) << piece;
        EXPECT_EQ(connection.request().method, Method::Get);
        EXPECT_EQ(connection.request().path, "/api/status");
        EXPECT_EQ(connection.request().query, "since=3");
        EXPECT_EQ(connection.request().host, "10.0.0.2:8080");
        EXPECT_EQ(connection.request().minor, 1);
        EXPECT_TRUE(connection.request().keep_alive);
        EXPECT_FALSE(connection.idle());
    }
}

TEST(ConnectionTest, ARefusedHeadIsKnownToBeOne) {
    const auto asks = [](std::string_view text) {
        Connection connection;
        feed(connection, text);
        return connection.asks_for_head();
    };
    EXPECT_TRUE(asks("HEAD / HTTP/1.1\r\n\r\n")) << "no Host";
    EXPECT_TRUE(asks("HEAD /" + std::string(2000, 'x') + " HTTP/1.1\r\nHost: x\r\n\r\n")) << "too long";
    EXPECT_TRUE(asks("HEAD / HTTP/1.1\r\nHo")) << "not all of it came in time";
    EXPECT_FALSE(asks("GET / HTTP/1.1\r\n\r\n"));
    EXPECT_FALSE(asks("HEAT / HTTP/1.1\r\n\r\n")) << "another method that begins like it";
    EXPECT_FALSE(asks(""));
}

TEST(ConnectionTest, PipelinedRequestsComeOutOneByOne) {
    const std::string_view text = "GET /a HTTP/1.1\r\nHost: x\r\n\r\nHEAD /b HTTP/1.1\r\nHost: x\r\n\r\n"
                                  "\r\nGET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    Connection connection;
    std::size_t taken = feed(connection, text);
    EXPECT_EQ(connection.request().path, "/a");
    EXPECT_EQ(connection.feed(std::as_bytes(std::span(text.substr(taken)))), 0u);
    connection.next();
    EXPECT_TRUE(connection.idle());
    taken += feed(connection, text.substr(taken));
    EXPECT_EQ(connection.request().path, "/b");
    EXPECT_EQ(connection.request().method, Method::Head);
    connection.next();
    taken += feed(connection, text.substr(taken), 1);
    EXPECT_EQ(connection.request().path, "/c");
    EXPECT_FALSE(connection.request().keep_alive);
    EXPECT_EQ(taken, text.size());
}

TEST(ConnectionTest, KeepAliveFollowsVersionAndField) {
    const auto keeps = [](std::string_view text) {
        Connection connection;
        feed(connection, text);
        EXPECT_EQ(connection.state(), State::Ready);
        return connection.request().keep_alive;
    };
    EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: x\r\nConnection: foo, close\r\n\r\n"));
    EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
    EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
}

TEST(ConnectionTest, HostMustStandOnceAndBeWellFormed) {
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: " + std::string(257, 'a') + "\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nhOsT:  a  \r\n\r\n"), 200);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: [fe80::1]:80\r\n\r\n"), 200);
    EXPECT_EQ(status_of("GET / HTTP/1.0\r\n\r\n"), 200);
    EXPECT_EQ(status_of("GET / HTTP/1.0\r\nHost: a b\r\n\r\n"), 400);
}

TEST(ConnectionTest, OtherMethodsAreNotAllowedAndUnknownOnesNotImplemented) {
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"})
        EXPECT_EQ(status_of(std::string(method) + " / HTTP/1.1\r\nHost: x\r\n\r\n"), 405) << method;
    EXPECT_EQ(status_of("CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n"), 405);
    EXPECT_EQ(status_of("BREW / HTTP/1.1\r\nHost: x\r\n\r\n"), 501);
    EXPECT_EQ(status_of("get / HTTP/1.1\r\nHost: x\r\n\r\n"), 501);
}

TEST(ConnectionTest, WhatIsNotHttpIsABadRequest) {
    EXPECT_EQ(status_of("\x16\x03\x01\x02"), 400);
    EXPECT_EQ(status_of("SSH-2.0-OpenSSH_9.2\r\n"), 501);
    EXPECT_EQ(status_of("GET / HTTP/x\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET  / HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    EXPECT_EQ(status_of("GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost : x\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: x\r\nA: b\x01\r\n\r\n"), 400);
}

TEST(ConnectionTest, OnlyVersionOneIsServed) {
    EXPECT_EQ(status_of("GET / HTTP/2.0\r\nHost: x\r\n\r\n"), 505);
    EXPECT_EQ(status_of("GET /\r\n"), 0);
    EXPECT_EQ(status_of("GET /\r\n\r\n"), 505);
    EXPECT_EQ(status_of("GET / HTTP/1.9\r\nHost: x\r\n\r\n"), 200);
}

TEST(ConnectionTest, TargetsHaveOriginOrAbsoluteForm) {
    Connection connection;
    feed(connection, "GET HTTP://example.org:80?q HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_EQ(connection.state(), State::Ready);
    EXPECT_EQ(connection.request().path, "/");
    EXPECT_EQ(connection.request().query, "q");
    EXPECT_EQ(status_of("GET * HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
}

TEST(ConnectionTest, FoldedFieldsAreRefusedWhateverThePieces) {
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: x\r\n\ty\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: x\r\nA: a b  c \r\n\r\n"), 200);
}

TEST(ConnectionTest, BodiesAreThrownAway) {
    const std::string_view next = "GET /next HTTP/1.1\r\nHost: x\r\n\r\n";
    for (const char* first : {"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
                              "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n"
                              "5;name=value\r\nhello\r\n0\r\nHost: trailer\r\n\r\n"}) {
        const std::string text = std::string(first) + std::string(next);
        for (const std::size_t piece : {1, 2, 5, 1000}) {
            Connection connection;
            const std::size_t taken = feed(connection, text, piece);
            ASSERT_EQ(connection.state(), State::Ready);
            EXPECT_EQ(taken, text.size() - next.size());
            connection.next();
            feed(connection, next, piece);
            EXPECT_EQ(connection.request().path, "/next");
        }
    }
}

TEST(ConnectionTest, LengthAndEncodingMustAgree) {
    const auto with = [](std::string_view fields) {
        return status_of("GET / HTTP/1.1\r\nHost: x\r\n" + std::string(fields) + "\r\n\r\n");
    };
    EXPECT_EQ(with("Transfer-Encoding: chunked\r\nContent-Length: 3"), 400);
    EXPECT_EQ(with("Content-Length: 3\r\nTransfer-Encoding: chunked"), 400);
    EXPECT_EQ(with("Content-Length: 3\r\nContent-Length: 3"), 400);
    EXPECT_EQ(with("Content-Length: 3x"), 400);
    EXPECT_EQ(with("Content-Length: -1"), 400);
    EXPECT_EQ(with("Content-Length: 99999999999999999999"), 400);
    EXPECT_EQ(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), 400);
    EXPECT_EQ(with("Transfer-Encoding: gzip, chunked"), 501);
    EXPECT_EQ(with("Transfer-Encoding: identity"), 501);
    EXPECT_EQ(with("Transfer-Encoding: chunkedx"), 501);
    EXPECT_EQ(with("Transfer-Encoding: " + std::string(300, 'x')), 400);
    EXPECT_EQ(status_of("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400);
    EXPECT_EQ(with("Content-Length: 0"), 200);
}

TEST(ConnectionTest, AMalformedChunkIsRefused) {
    const std::string head = "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    EXPECT_EQ(status_of(head + "z\r\n"), 400);
    EXPECT_EQ(status_of(head + "2\r\nabc\r\n"), 400);
    EXPECT_EQ(status_of(head + "ffffffffffffffffff\r\n"), 400);
}

TEST(ConnectionTest, AnUpgradeIsIgnored) {
    Connection connection;
    const std::string_view text = "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
    EXPECT_EQ(feed(connection, text), text.size());
    EXPECT_EQ(connection.state(), State::Ready);
}

TEST(ConnectionTest, TheContinueIsAskedForOnceAndOnlyForABody) {
    Connection connection;
    feed(connection, "GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(connection.state(), State::Reading);
    EXPECT_TRUE(connection.take_continue());
    EXPECT_FALSE(connection.take_continue());
    feed(connection, "ab");
    EXPECT_EQ(connection.state(), State::Ready);
    EXPECT_FALSE(connection.take_continue());

    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n"), 200);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\n\r\n"), 417);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: x\r\nExpect:\r\n\r\n"), 417);
}

TEST(ConnectionTest, ARefusalSaysWhy) {
    Connection connection;
    feed(connection, "GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(connection.failure(), "the request has no Host field");
    EXPECT_EQ(connection.feed(std::as_bytes(std::span(std::string_view("GET")))), 0u);
    connection.next();
    EXPECT_EQ(connection.state(), State::Failed);
}

}  // namespace
}  // namespace capos::http
