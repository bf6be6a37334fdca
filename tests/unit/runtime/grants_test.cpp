#include "runtime/grants.hpp"

#include "schema/system.client.hpp"
#include "tests/unit/runtime/fake_kernel.hpp"

namespace capos::rt {
namespace {

using test::FakeKernel;

abi::StartGrant grant(const char* name, std::uint64_t interface_id, abi::Handle handle) {
    abi::StartGrant grant{};
    std::strncpy(grant.name, name, sizeof grant.name - 1);
    grant.interface_id = interface_id;
    grant.handle = handle;
    return grant;
}

TEST(GrantsTest, AGrantIsTakenOnceByNameAndInterface) {
    FakeKernel kernel;
    const abi::StartGrant list[] = {grant("log", schema::Log::kInterfaceId, 4),
                                    grant("timer", schema::Timer::kInterfaceId, 5)};
    Grants grants;
    grants.create(list);
    EXPECT_TRUE(grants.has<schema::Timer>("timer"));
    EXPECT_FALSE(grants.has<schema::Timer>("log"));
    EXPECT_EQ(grants.take<schema::Log>("timer").error(), Error::WrongInterface);
    EXPECT_EQ(grants.take<schema::Timer>("clock").error(), Error::NotFound);
    auto timer = grants.take<schema::Timer>("timer");
    ASSERT_TRUE(timer);
    EXPECT_EQ(timer->raw(), 5u);
    EXPECT_EQ(grants.take<schema::Timer>("timer").error(), Error::NotFound);
}

TEST(OptionTest, KeysAreFoundWhole) {
    using detail::find_option;
    EXPECT_EQ(find_option("a=1 bb=two c", "bb"), "two");
    EXPECT_EQ(find_option("a=1 bb=two c", "c"), "");
    EXPECT_EQ(find_option("a=1 bb=two c", "b"), std::nullopt);
    EXPECT_EQ(find_option("x=a=b", "x"), "a=b");
    EXPECT_EQ(find_option("", "x"), std::nullopt);
}

TEST(OptionTest, NumbersFallBackWhenTheyAreNone) {
    abi::StartInfo info{};
    std::strncpy(info.options, "good=42 bad=4x big=99999999999999999999999 empty=", sizeof info.options - 1);
    std::strncpy(info.process_name, "someone", sizeof info.process_name - 1);
    detail::set_start_info(info);
    EXPECT_EQ(option_number("good", 1), 42u);
    EXPECT_EQ(option_number("bad", 1), 1u);
    EXPECT_EQ(option_number("big", 1), 1u);
    EXPECT_EQ(option_number("empty", 1), 1u);
    EXPECT_TRUE(has_option("empty"));
    EXPECT_FALSE(has_option("missing"));
    EXPECT_EQ(process_name(), "someone");
}

}  // namespace
}  // namespace capos::rt
