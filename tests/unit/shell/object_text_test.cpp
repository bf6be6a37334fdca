#include <gtest/gtest.h>

#include <string>

#include "services/shell/object_text.hpp"

namespace capos::shell {
namespace {

std::string described(std::string_view interface, std::string_view label) {
    FixedText<96> text;
    describe_object(text, interface, label);
    return std::string(text.view());
}

TEST(ObjectTextTest, AReferenceIsTheExportAndItsNumber) {
    EXPECT_EQ(described("ServiceList", "reference to init.services #2"), "init.services #2");
    EXPECT_EQ(described("TcpSocket", "reference to netstack.tcp-listen #0x8000000000000003 (dead)"),
              "netstack.tcp-listen #0x8000000000000003 (dead)");
}

TEST(ObjectTextTest, AnAuthorityToListenSaysOnWhat) {
    const auto authority = [](const char* number) {
        return described("TcpListenAuthority", std::string("reference to netstack.tcp-listen #") + number);
    };
    EXPECT_EQ(authority("0x10000500050"), "netstack.tcp-listen, port 80, 256 connections");
    EXPECT_EQ(authority("0x407d00001 (dead)"), "netstack.tcp-listen, ports 1 to 2000, 4 connections (dead)");
    EXPECT_EQ(authority("80"), "netstack.tcp-listen, ports 80 to 0");       // a scope that allows nothing
    EXPECT_EQ(authority("0x12345678901234567"), "netstack.tcp-listen #0x12345678901234567");
    EXPECT_EQ(authority("0xZ"), "netstack.tcp-listen #0xZ");
    EXPECT_EQ(authority(""), "netstack.tcp-listen #");
}

TEST(ObjectTextTest, EverythingElseStaysAsItIs) {
    EXPECT_EQ(described("Timer", "timer"), "timer");
    EXPECT_EQ(described("Endpoint", "endpoint netstack.tcp-listen"), "endpoint netstack.tcp-listen");
    EXPECT_EQ(described("TcpListenAuthority", "endpoint x #3"), "endpoint x #3");
    EXPECT_EQ(described("TcpListenAuthority", "reference to x"), "x");
}

}  // namespace
}  // namespace capos::shell
