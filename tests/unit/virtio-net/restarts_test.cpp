// A device that cannot be driven: ever rarer attempts, and few lines about it.
#include "services/virtio-net/restarts.hpp"

#include <gtest/gtest.h>

namespace capos::virtio_net {
namespace {

TEST(RestartsTest, FailedStartsComeEverMoreSlowlyAndAreSaidEverMoreSeldom) {
    Restarts restarts;
    std::uint64_t waited = 0;
    std::uint64_t before = 0;
    int lines = 0;
    for (int i = 1; i <= 100; ++i) {
        restarts.ended(Error::Failed, 1'000'000);
        EXPECT_GE(restarts.pause_ns(), before);
        EXPECT_EQ(restarts.pause_ns() == 0, i < 3) << i;
        before = restarts.pause_ns();
        waited += before;
        lines += restarts.to_be_said();
    }
    EXPECT_EQ(before, 30'000'000'000u);
    EXPECT_GT(waited, 90u * 30'000'000'000u);
    EXPECT_EQ(lines, 7);
    EXPECT_EQ(restarts.same(), 100u);
    restarts.ended(Error::DeviceMisbehaved, 1'000'000);
    EXPECT_TRUE(restarts.to_be_said()) << "another reason";
}

TEST(RestartsTest, ASessionThatRanBeginsAnewAtOnceAndIsSaid) {
    Restarts restarts;
    for (int i = 0; i < 10; ++i)
        restarts.ended(Error::DeviceMisbehaved, 1'000'000);
    restarts.ended(Error::DeviceMisbehaved, 3'000'000'000);
    EXPECT_EQ(restarts.pause_ns(), 0u);
    EXPECT_EQ(restarts.same(), 1u);
    EXPECT_TRUE(restarts.to_be_said());
}

TEST(RestartsTest, AStackThatIsNotThereIsAskedTwiceASecond) {
    Restarts restarts;
    for (int i = 0; i < 20; ++i)
        restarts.ended(Error::Disconnected, 1'000'000);
    EXPECT_EQ(restarts.pause_ns(), 500'000'000u);
}

}  // namespace
}  // namespace capos::virtio_net
