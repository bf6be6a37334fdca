#include <gtest/gtest.h>

#include <string>

#include "lib/http/target.hpp"

namespace capos::http {
namespace {

TEST(TargetTest, PathAndQueryAreSplitAtTheFirstQuestionMark) {
    const auto target = parse_target("/a/b?c=d?e");
    ASSERT_TRUE(target);
    EXPECT_EQ(target->path, "/a/b");
    EXPECT_EQ(target->query, "c=d?e");
    EXPECT_EQ(parse_target("/")->query, "");
    EXPECT_EQ(parse_target("/?")->path, "/");
}

TEST(TargetTest, AbsoluteTargetsLoseTheirAuthority) {
    EXPECT_EQ(parse_target("http://host/path")->path, "/path");
    EXPECT_EQ(parse_target("http://host")->path, "/");
    EXPECT_EQ(parse_target("http://host?q")->query, "q");
    EXPECT_FALSE(parse_target("http:///path"));
    EXPECT_FALSE(parse_target("http://user@host/"));
    EXPECT_FALSE(parse_target("https://host/"));
    EXPECT_FALSE(parse_target("http:"));
    EXPECT_FALSE(parse_target(""));
}

TEST(HostTest, NamesAddressesAndPortsAreTaken) {
    for (const char* host : {"a", "localhost:8080", "10.0.0.1", "a.b-c_d~e", "%41b", "a:", "a:0", "a:65535", "[::1]",
                             "[::ffff:10.0.0.1]:80", "!$&'()*+,;="})
        EXPECT_TRUE(valid_host(host)) << host;
}

TEST(HostTest, AnythingElseIsNot) {
    for (const char* host : {"", ":80", "a b", "a/b", "a?b", "a@b", "a:b", "a:65536", "a:99999999999", "%4", "%zz", "[",
                             "[]", "[::1", "[::1]x", "[::1]:x", "[zz]", "[1234]", "a:80:80", "\xc3\xbc", "a\"b", "a%2"})
        EXPECT_FALSE(valid_host(host)) << host;
    EXPECT_FALSE(valid_host("[" + std::string(60, ':') + "]"));
}

}  // namespace
}  // namespace capos::http
