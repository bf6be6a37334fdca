#include <gtest/gtest.h>

#include <string>

#include "lib/http/response.hpp"

namespace capos::http {
namespace {

constexpr Status kAll[] = {Status::Ok, Status::BadRequest, Status::NotFound, Status::MethodNotAllowed,
                           Status::RequestTimeout, Status::ContentTooLarge, Status::UriTooLong,
                           Status::ExpectationFailed, Status::HeaderFieldsTooLarge,
                           Status::NotImplemented, Status::ServiceUnavailable, Status::VersionNotSupported};

TEST(ResponseTest, TheHeadCarriesLengthTypeAndSafetyFields) {
    FixedText<kMaxResponseHead> out;
    Response response;
    response.content_type = "application/json";
    response.content_length = 42;
    write_head(out, response);
    EXPECT_EQ(out.view(),
              "HTTP/1.1 200 OK\r\nContent-Length: 42\r\nConnection: keep-alive\r\nContent-Type: application/json\r\n"
              "Cache-Control: no-store\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
              "X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n\r\n");
}

TEST(ResponseTest, ClosingIsSaidAndATypeIsNotInvented) {
    FixedText<kMaxResponseHead> out;
    Response response;
    response.keep_alive = false;
    write_head(out, response);
    EXPECT_TRUE(out.view().contains("Connection: close\r\n"));
    EXPECT_FALSE(out.view().contains("\r\nContent-Type:"));
}

TEST(ResponseTest, EveryStatusHasAPhraseAndFits) {
    for (const Status status : kAll) {
        EXPECT_NE(reason_phrase(status), "Unknown");
        FixedText<kMaxResponseHead + 256> out;
        write_refusal(out, status, std::string(500, 'y'), false);
        EXPECT_FALSE(out.truncated());
        EXPECT_EQ(out.view().contains("Allow: GET, HEAD\r\n"), status == Status::MethodNotAllowed);
        EXPECT_EQ(out.view().contains("Retry-After: 1\r\n"), status == Status::ServiceUnavailable);
    }
    EXPECT_EQ(reason_phrase(static_cast<Status>(299)), "Unknown");
}

TEST(ResponseTest, ARefusalIsAWholeResponse) {
    FixedText<1024> out;
    write_refusal(out, Status::NotFound, "there is nothing at this path", true);
    const std::string_view body = "404 Not Found: there is nothing at this path\n";
    EXPECT_TRUE(out.view().ends_with("\r\n\r\n" + std::string(body)));
    EXPECT_TRUE(out.view().contains("Content-Length: " + std::to_string(body.size()) + "\r\n"));
    FixedText<1024> head_only;
    write_refusal(head_only, Status::NotFound, "there is nothing at this path", true, false);
    EXPECT_EQ(std::string(head_only.view()) + std::string(body), out.view());
}

}  // namespace
}  // namespace capos::http
