#include "services/virtio-net/frame_layout.hpp"

#include <gtest/gtest.h>

namespace capos::virtio_net {
namespace {

TEST(FrameLayoutTest, ModernFrameIsOneBufferBehindTwelveBytesOfHeader) {
    constexpr FrameLayout layout(false, false, 2048);
    EXPECT_EQ(layout.pieces(), 1u);
    const Piece piece = layout.piece(0, kHeaderRoom, 1514);
    EXPECT_EQ(piece.offset, 4);
    EXPECT_EQ(piece.length, 1526);
}

TEST(FrameLayoutTest, LegacyFrameWithoutAnyLayoutHasItsTenByteHeaderInABufferOfItsOwn) {
    constexpr FrameLayout layout(true, false, 2048);
    ASSERT_EQ(layout.pieces(), 2u);
    EXPECT_EQ(layout.piece(0, kHeaderRoom, 60).offset, 6);
    EXPECT_EQ(layout.piece(0, kHeaderRoom, 60).length, 10);
    EXPECT_EQ(layout.piece(1, kHeaderRoom, 60).offset, 16);
    EXPECT_EQ(layout.piece(1, kHeaderRoom, 60).length, 60);
}

TEST(FrameLayoutTest, LegacyFrameWithAnyLayoutIsOneBuffer) {
    constexpr FrameLayout layout(true, true, 2048);
    ASSERT_EQ(layout.pieces(), 1u);
    EXPECT_EQ(layout.piece(0, kHeaderRoom, 60).offset, 6);
    EXPECT_EQ(layout.piece(0, kHeaderRoom, 60).length, 70);
}

TEST(FrameLayoutTest, ReceiveBufferEndsWithTheSlot) {
    for (const bool legacy : {false, true}) {
        for (const bool any : {false, true}) {
            const FrameLayout layout(legacy, any, 2048);
            const Piece last = layout.piece(layout.pieces() - 1, kHeaderRoom, layout.receive_bytes());
            EXPECT_EQ(last.offset + last.length, 2048);
        }
    }
}

TEST(FrameLayoutTest, LengthsThatAreNoFrameAreNotPassedOn) {
    constexpr FrameLayout layout(false, false, 2048);
    EXPECT_FALSE(layout.received(0));
    EXPECT_FALSE(layout.received(11));
    EXPECT_FALSE(layout.received(25));
    EXPECT_EQ(layout.received(26), 14u);
    EXPECT_EQ(layout.received(12 + 2032), 2032u);
    EXPECT_FALSE(layout.received(12 + 2033));
    EXPECT_FALSE(layout.received(0xffffffff));
}

TEST(FrameLayoutTest, FramesThatLeaveNoRoomForTheHeaderOrLeaveTheSlotAreNotSent) {
    constexpr FrameLayout layout(true, true, 2048);
    EXPECT_TRUE(layout.sendable(16, 60));
    EXPECT_FALSE(layout.sendable(15, 60));
    EXPECT_FALSE(layout.sendable(0, 60));
    EXPECT_FALSE(layout.sendable(16, 13));
    EXPECT_TRUE(layout.sendable(16, 2032));
    EXPECT_FALSE(layout.sendable(16, 2033));
    EXPECT_FALSE(layout.sendable(2048, 60));
    EXPECT_FALSE(layout.sendable(16, 0xffffffff));
}

}  // namespace
}  // namespace capos::virtio_net
