#include <gtest/gtest.h>

#include "services/web/snapshot.hpp"

namespace capos::web {
namespace {

TEST(SnapshotTest, TextLivesAsLongAsSomebodySendsIt) {
    Snapshot first = Snapshot::of("one");
    const Snapshot sending = first;
    first = Snapshot::of("two");
    EXPECT_EQ(sending.text(), "one");
    EXPECT_EQ(first.text(), "two");
    const Snapshot moved = std::move(first);
    EXPECT_EQ(moved.text(), "two");
}

TEST(SnapshotTest, AnEmptyReferenceHasNoText) {
    const Snapshot none;
    EXPECT_FALSE(none);
    EXPECT_EQ(none.text(), "");
    EXPECT_TRUE(Snapshot::of(""));
}

TEST(SnapshotTest, AssignmentToItselfKeepsTheText) {
    Snapshot snapshot = Snapshot::of("kept");
    const Snapshot& same = snapshot;
    snapshot = same;
    EXPECT_EQ(snapshot.text(), "kept");
}

}  // namespace
}  // namespace capos::web
