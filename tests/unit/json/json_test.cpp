#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>
#include <vector>

#include "lib/json/utf8.hpp"
#include "lib/json/writer.hpp"

namespace capos::json {
namespace {

// The JSON string that `text` becomes.
std::string written(std::string_view text) {
    std::array<char, 512> storage;
    Writer writer(storage);
    writer.value(text);
    auto result = writer.finish();
    return result ? std::string(*result) : std::string(error_name(result.error()));
}

TEST(JsonWriterTest, ContainersNestAndMembersAreSeparated) {
    std::array<char, 256> storage;
    Writer writer(storage);
    writer.begin_object().member("a", 1).key("b").begin_array().value(true).null().value("x").begin_object().end_object();
    writer.begin_array().end_array().end_array().member("c", -5).end_object();
    auto result = writer.finish();
    ASSERT_TRUE(result);
    EXPECT_EQ(*result, R"({"a":1,"b":[true,null,"x",{},[]],"c":-5})");
}

TEST(JsonWriterTest, NumbersKeepTheirWholeRange) {
    std::array<char, 128> storage;
    Writer writer(storage);
    writer.begin_array()
        .value(std::numeric_limits<std::uint64_t>::max())
        .value(std::numeric_limits<std::int64_t>::min())
        .value(std::uint8_t{7})
        .end_array();
    EXPECT_EQ(*writer.finish(), "[18446744073709551615,-9223372036854775808,7]");
}

TEST(JsonWriterTest, PrintedValuesBecomeStrings) {
    std::array<char, 128> storage;
    Writer writer(storage);
    writer.begin_object().text_member("handle", Hex{0xbeef, 8}).end_object();
    EXPECT_EQ(*writer.finish(), R"({"handle":"0000beef"})");
}

TEST(JsonWriterTest, ControlCharactersQuotesAndBackslashesAreEscaped) {
    EXPECT_EQ(written("a\"b\\c\nd\te\x01\x7f"), "\"a\\\"b\\\\c\\nd\\u0009e\\u0001\x7f\"");
    EXPECT_EQ(written(std::string_view("\0", 1)), "\"\\u0000\"");
    EXPECT_EQ(written(""), "\"\"");
}

TEST(JsonWriterTest, BrokenUtf8IsReplacedByteByByte) {
    EXPECT_EQ(written("gr\xc3\xbc\xc3\x9f"), "\"gr\xc3\xbc\xc3\x9f\"");
    EXPECT_EQ(written("a\xff" "b"), "\"a\xef\xbf\xbd" "b\"");
    EXPECT_EQ(written("\xc3"), "\"\xef\xbf\xbd\"");
    EXPECT_EQ(written("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST(JsonWriterTest, Utf8LengthKnowsEveryForm) {
    EXPECT_EQ(utf8_length(""), 0u);
    EXPECT_EQ(utf8_length("a"), 1u);
    EXPECT_EQ(utf8_length("\xc2\x80"), 2u);
    EXPECT_EQ(utf8_length("\xe0\xa0\x80"), 3u);
    EXPECT_EQ(utf8_length("\xed\x9f\xbf"), 3u);
    EXPECT_EQ(utf8_length("\xf0\x90\x80\x80"), 4u);
    EXPECT_EQ(utf8_length("\xf4\x8f\xbf\xbf"), 4u);
    for (const char* broken : {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2" "a", "\xe0\x9f\xbf", "\xe1\x80",
                               "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf1\x80\x80"})
        EXPECT_EQ(utf8_length(broken), 0u) << broken;
}

TEST(JsonWriterTest, TooLittleStorageIsAnOverflowAtEverySize) {
    const std::string whole = R"({"name":"a\nb","list":[1,22]})";
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        std::vector<char> storage(size);
        Writer writer(storage);
        writer.begin_object().member("name", "a\nb").key("list").begin_array().value(1).value(22).end_array().end_object();
        auto result = writer.finish();
        if (size < whole.size())
            EXPECT_EQ(result.error(), Error::Overflow);
        else
            EXPECT_EQ(*result, whole);
    }
}

TEST(JsonWriterTest, NestingIsBounded) {
    std::array<char, 64> storage;
    Writer deep(storage);
    for (unsigned i = 0; i < kMaxDepth; ++i)
        deep.begin_array();
    Writer deeper = deep;
    for (unsigned i = 0; i < kMaxDepth; ++i)
        deep.end_array();
    EXPECT_TRUE(deep.finish());
    deeper.begin_object();
    EXPECT_EQ(deeper.finish().error(), Error::TooDeep);
}

TEST(JsonWriterTest, CallsThatMakeNoJsonAreMalformed) {
    std::array<char, 64> storage;
    const auto error_of = [&](auto&& calls) {
        Writer writer(storage);
        calls(writer);
        auto result = writer.finish();
        return result ? Error::None : result.error();
    };
    EXPECT_EQ(error_of([](Writer&) {}), Error::Malformed);
    EXPECT_EQ(error_of([](Writer& w) { w.value(1).value(2); }), Error::Malformed);
    EXPECT_EQ(error_of([](Writer& w) { w.key("a"); }), Error::Malformed);
    EXPECT_EQ(error_of([](Writer& w) { w.begin_object().value(1).end_object(); }), Error::Malformed);
    EXPECT_EQ(error_of([](Writer& w) { w.begin_object().key("a").end_object(); }), Error::Malformed);
    EXPECT_EQ(error_of([](Writer& w) { w.begin_object().key("a").key("b"); }), Error::Malformed);
    EXPECT_EQ(error_of([](Writer& w) { w.begin_object().end_array(); }), Error::Malformed);
    EXPECT_EQ(error_of([](Writer& w) { w.begin_array(); }), Error::Malformed);
    EXPECT_EQ(error_of([](Writer& w) { w.end_object(); }), Error::Malformed);
    EXPECT_EQ(error_of([](Writer& w) { w.value(true); }), Error::None);
}

TEST(JsonWriterTest, RewindForgetsWhatDidNotFit) {
    std::array<char, 40> storage;
    Writer writer(storage);
    writer.begin_object().key("big");
    const Writer::Mark mark = writer.mark();
    writer.begin_array();
    for (int i = 0; i < 100; ++i)
        writer.value(i);
    EXPECT_EQ(writer.error(), Error::Overflow);
    writer.rewind(mark);
    EXPECT_EQ(writer.error(), Error::None);
    writer.null().end_object();
    EXPECT_EQ(*writer.finish(), R"({"big":null})");
}

}  // namespace
}  // namespace capos::json
