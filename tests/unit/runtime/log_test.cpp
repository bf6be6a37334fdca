#include "runtime/log.hpp"

#include "lib/wire/wire.hpp"
#include "schema/system.capnp.hpp"
#include "tests/unit/runtime/fake_kernel.hpp"

namespace capos::rt {
namespace {

using test::FakeKernel;

template <class... Arguments>
std::string formatted(std::string_view format, const Arguments&... arguments) {
    FixedText<300> text;
    format_to(text, format, arguments...);
    return std::string(text.view());
}

TEST(FormatTest, ArgumentsTakeTheirPlaces) {
    EXPECT_EQ(formatted("port {} of {}: {}", 80, "web", true), "port 80 of web: true");
    EXPECT_EQ(formatted("{} {} {}", -5, 'c', std::uint8_t{200}), "-5 c 200");
    EXPECT_EQ(formatted("0x{:x}", 0xabcdefu), "0xabcdef");
    EXPECT_EQ(formatted("{}", Error::StaleHandle), "StaleHandle");
}

TEST(FormatTest, WhatDoesNotMatchIsWrittenAsItIs) {
    EXPECT_EQ(formatted("no more: {}"), "no more: {}");
    EXPECT_EQ(formatted("open { brace", 1), "open { brace");
    EXPECT_EQ(formatted("", 1), "");
}

class LogTest : public ::testing::Test {
protected:
    void SetUp() override {
        detail::set_log(9);
        kernel_.script = [this](const abi::Submission& call) {
            auto message = wire::MessageReader::open(kernel_.message(call.message_offset, call.message_length));
            auto params = message->root<schema::Log::WriteParams>();
            lines_.emplace_back(params->text());
            if (answer_) kernel_.complete(call, Error::None);
            return answer_;
        };
    }
    FakeKernel kernel_{16, 16};
    std::vector<std::string> lines_;
    bool answer_ = true;
};

TEST_F(LogTest, ALineGoesOutWithTheNextEntry) {
    log_info("hello {}", 1);
    EXPECT_TRUE(lines_.empty());
    ring_client().enter(0, 0);
    EXPECT_EQ(lines_, (std::vector<std::string>{"hello 1"}));
}

TEST_F(LogTest, ALongLineIsCut) {
    log_line(LogLevel::Info, std::string(1000, 'x'));
    ring_client().enter(0, 0);
    ASSERT_EQ(lines_.size(), 1u);
    EXPECT_EQ(lines_[0].size(), kLogLineBytes);
}

TEST_F(LogTest, LinesBeyondWhatMayBeOutstandingAreCountedAndSaid) {
    answer_ = false;
    for (int i = 0; i < 30; ++i) log_info("line {}", i);
    ring_client().enter(0, 0);
    EXPECT_EQ(lines_.size(), 14u);
    answer_ = true;
    while (kernel_.parked_count(abi::Operation::Call) != 0)
        kernel_.complete(kernel_.parked(abi::Operation::Call), Error::None);
    ring_client().reap();
    log_info("after");
    ring_client().enter(0, 0);
    ASSERT_EQ(lines_.size(), 16u);
    EXPECT_EQ(lines_[14], "16 log lines lost");
    EXPECT_EQ(lines_[15], "after");
}

}  // namespace
}  // namespace capos::rt
