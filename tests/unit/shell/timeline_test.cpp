#include <gtest/gtest.h>

#include <string>

#include "services/shell/timeline.hpp"

namespace capos::shell {
namespace {

std::string in_order(const Timeline& timeline) {
    std::string names;
    for (std::size_t i = 0; i < timeline.size(); ++i)
        names += std::string(timeline.step(i).name.view()) + ";";
    return names;
}

TEST(TimelineTest, StepsStandInTheOrderInWhichTheyHappened) {
    Timeline timeline;
    timeline.add("kernel entered", "", 10);
    timeline.add("init started", "", 40);
    timeline.add("web", " started", 90);
    timeline.add("shell", " started", 60);
    timeline.add("netstack", " started", 60);
    timeline.add("address bound", "", 80);
    EXPECT_EQ(in_order(timeline),
              "kernel entered;init started;shell started;netstack started;address bound;web started;");
    EXPECT_EQ(timeline.end_ns(), 90u);
}

TEST(TimelineTest, WhatHasNoTimeOrComesMuchLaterIsLeftOut) {
    Timeline timeline;
    EXPECT_EQ(timeline.end_ns(), 0u);
    timeline.add("never", "", 0);
    timeline.add("last", "", Timeline::kLatestNs);
    timeline.add("later", "", Timeline::kLatestNs + 1);
    EXPECT_EQ(in_order(timeline), "last;");
}

TEST(TimelineTest, MoreStepsThanThereIsRoomForAreDropped) {
    Timeline timeline;
    for (std::size_t i = 0; i < Timeline::kMost + 5; ++i)
        timeline.add("step", "", i + 1);
    EXPECT_EQ(timeline.size(), Timeline::kMost);
    EXPECT_EQ(timeline.end_ns(), Timeline::kMost);
}

TEST(TimelineTest, ALongNameIsCutAndNotOverrun) {
    Timeline timeline;
    timeline.add(std::string(100, 'x'), " started", 1);
    EXPECT_LE(timeline.step(0).name.size(), 48u);
}

}  // namespace
}  // namespace capos::shell
