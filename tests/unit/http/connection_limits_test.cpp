#include <gtest/gtest.h>

#include "tests/unit/http/exchange.hpp"

namespace capos::http {
namespace {

std::string request_of(std::size_t bytes) {
    std::string text = "GET / HTTP/1.1\r\nHost: x\r\nA: ";
    text.append(bytes - text.size() - 4, 'a');
    return text + "\r\n\r\n";
}

TEST(ConnectionLimitsTest, TheHeadMayFillItsLimitAndNoMore) {
    EXPECT_EQ(status_of(request_of(8192)), 200);
    EXPECT_EQ(status_of(request_of(8193)), 431);
    EXPECT_EQ(status_of(request_of(100'000)), 431);
    EXPECT_EQ(status_of(std::string(9000, '\n')), 431);
}

TEST(ConnectionLimitsTest, TheTargetMayFillItsLimitAndNoMore) {
    const auto with_target = [](std::size_t bytes) {
        return status_of("GET /" + std::string(bytes - 1, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n");
    };
    EXPECT_EQ(with_target(1024), 200);
    EXPECT_EQ(with_target(1025), 414);
    EXPECT_EQ(with_target(8000), 414);
    Limits wide;
    wide.target_bytes = 100'000;   // never more than there is room for
    EXPECT_EQ(status_of("GET /" + std::string(2000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", wide), 414);
}

TEST(ConnectionLimitsTest, FieldsAreCounted) {
    const auto with_fields = [](int count) {
        std::string text = "GET / HTTP/1.1\r\nHost: x\r\n";
        for (int i = 1; i < count; ++i)
            text += "a:b\r\n";
        return status_of(text + "\r\n");
    };
    EXPECT_EQ(with_fields(64), 200);
    EXPECT_EQ(with_fields(65), 431);
}

TEST(ConnectionLimitsTest, BodiesAreBounded) {
    Limits limits;
    limits.body_bytes = 16;
    const auto with_length = [&](int length) {
        return status_of("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n" +
                         std::string(static_cast<std::size_t>(length), 'b'), limits);
    };
    EXPECT_EQ(with_length(16), 200);
    EXPECT_EQ(with_length(17), 413);
    const std::string chunked = "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    EXPECT_EQ(status_of(chunked + "6\r\nabcdef\r\n0\r\n\r\n", limits), 200);
    EXPECT_EQ(status_of(chunked + "7\r\nabcdefg\r\n0\r\n\r\n", limits), 413);
    EXPECT_EQ(status_of(chunked + "1\r\na\r\n0\r\nTrailer: long\r\n\r\n", limits), 413);
}

TEST(ConnectionLimitsTest, NoBodyAtAllCanBeAllowed) {
    Limits limits;
    limits.body_bytes = 0;
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: x\r\n\r\n", limits), 200);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n", limits), 413);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", limits), 413);
}

}  // namespace
}  // namespace capos::http
