#include "kernel/ring/queues.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

namespace capos::kernel {
namespace {

TEST(RingShapeTest, TakesPowersOfTwoWithinTheLimits) {
    EXPECT_TRUE(RingShape::create(8, 1024, 4096).has_value());
    for (std::uint32_t bad : {0u, 1u, 4u, 9u, 100u, 2048u, 0x80000000u}) {
        EXPECT_EQ(RingShape::create(bad, 8, 4096).error(), Error::InvalidArgument) << bad;
        EXPECT_EQ(RingShape::create(8, bad, 4096).error(), Error::InvalidArgument) << bad;
    }
    EXPECT_EQ(RingShape::create(8, 8, 4095).error(), Error::InvalidArgument);
    EXPECT_EQ(RingShape::create(8, 8, abi::kMaxMessageArea + 1).error(), Error::InvalidArgument);
    EXPECT_EQ(RingShape::create(8, 8, 4097)->message_bytes, 8192u);
}

TEST(RingShapeTest, PartsFollowOneAnotherOnPages) {
    const RingShape shape = *RingShape::create(1024, 1024, abi::kMaxMessageArea);
    EXPECT_EQ(shape.cq_offset() - shape.sq_offset(), 1024u * 64);
    EXPECT_EQ(shape.message_offset() - shape.cq_offset(), 1024u * 32);
    EXPECT_EQ(shape.total_bytes(), shape.message_offset() + abi::kMaxMessageArea);
    EXPECT_EQ(shape.message_offset() % 4096, 0u);
}

class RingQueuesTest : public testing::Test {
protected:
    RingQueuesTest() {
        const RingShape shape = *RingShape::create(8, 16, 8192);
        memory.reset(static_cast<std::byte*>(std::aligned_alloc(4096, shape.total_bytes())));
        std::memset(memory.get(), 0, shape.total_bytes());
        queues.create(memory.get(), shape);
        header = reinterpret_cast<abi::RingHeader*>(memory.get());
        completions = reinterpret_cast<abi::Completion*>(memory.get() + shape.cq_offset());
        submissions = reinterpret_cast<abi::Submission*>(memory.get() + shape.sq_offset());
    }
    struct Free {
        void operator()(std::byte* p) const { std::free(p); }
    };
    void post(std::uint64_t user_data) {
        abi::Completion completion{};
        completion.user_data = user_data;
        queues.post(completion);
    }

    std::unique_ptr<std::byte, Free> memory;
    RingQueues queues;
    abi::RingHeader* header;
    abi::Completion* completions;
    abi::Submission* submissions;
};

TEST_F(RingQueuesTest, TheHeaderTellsTheShape) {
    EXPECT_EQ(header->magic, abi::kRingMagic);
    EXPECT_EQ(header->version, abi::kRingVersion);
    EXPECT_EQ(header->sq_entries, 8u);
    EXPECT_EQ(header->cq_entries, 16u);
    EXPECT_EQ(header->message_bytes, 8192u);
    EXPECT_EQ(header->message_offset, queues.shape().message_offset());
}

TEST_F(RingQueuesTest, WhatTheThreadWritesIntoTheHeaderIsNotBelieved) {
    std::memset(static_cast<void*>(header), 0xff, offsetof(abi::RingHeader, sq_tail));
    header->sq_tail = 1;
    submissions[0].user_data = 5;
    ASSERT_EQ(*queues.submissions(), 1u);
    EXPECT_EQ(queues.take_submission().user_data, 5u);
    EXPECT_TRUE(queues.message(8192, 0).has_value());
    EXPECT_FALSE(queues.message(8192, 8).has_value());
}

TEST_F(RingQueuesTest, ATailFurtherThanTheQueueIsLongIsBad) {
    for (std::uint32_t bad : {9u, 1000u, 0x80000000u, 0xffffffffu}) {
        header->sq_tail = bad;
        EXPECT_EQ(queues.submissions().error(), Error::BadQueueIndex) << bad;
    }
    header->sq_tail = 8;
    EXPECT_EQ(*queues.submissions(), 8u);
}

TEST_F(RingQueuesTest, ATailBehindTheHeadIsBad) {
    header->sq_tail = 2;
    queues.take_submission();
    queues.take_submission();
    header->sq_tail = 1;
    EXPECT_EQ(queues.submissions().error(), Error::BadQueueIndex);
}

TEST_F(RingQueuesTest, AHeadAheadOfTheTailOrFarBehindItIsBad) {
    header->cq_head = 1;
    EXPECT_EQ(queues.unread().error(), Error::BadQueueIndex);
    EXPECT_EQ(queues.reserve().error(), Error::BadQueueIndex);
    header->cq_head = 0xffffffff - 16;
    EXPECT_EQ(queues.unread().error(), Error::BadQueueIndex);
    header->cq_head = 0;
    EXPECT_EQ(*queues.unread(), 0u);
}

TEST_F(RingQueuesTest, EachPlaceIsReservedOnce) {
    for (int i = 0; i < 16; ++i) EXPECT_TRUE(*queues.reserve());
    EXPECT_FALSE(*queues.reserve());
    post(1);
    EXPECT_FALSE(*queues.reserve());               // unread now
    EXPECT_EQ(*queues.unread(), 1u);
    header->cq_head = 1;
    EXPECT_TRUE(*queues.reserve());
    EXPECT_FALSE(*queues.reserve());
    queues.unreserve();
    EXPECT_TRUE(*queues.reserve());
    EXPECT_EQ(queues.reserved(), 16u);
}

TEST_F(RingQueuesTest, AReadHeadThatGoesBackOnlyCostsItsThreadPlaces) {
    for (int i = 0; i < 4; ++i) {
        ASSERT_TRUE(*queues.reserve());
        post(1);
    }
    header->cq_head = 4;
    header->cq_head = 0xfffffff4;                   // 16 unread, it says
    EXPECT_EQ(*queues.unread(), 16u);
    EXPECT_FALSE(*queues.reserve());
}

TEST_F(RingQueuesTest, IndicesWrapAround) {
    std::uint32_t next = 0;
    for (std::uint32_t i = 0; i < 100; ++i) {
        submissions[header->sq_tail % 8].user_data = i;
        ++header->sq_tail;
        ASSERT_EQ(*queues.submissions(), 1u);
        ASSERT_TRUE(*queues.reserve());
        post(queues.take_submission().user_data);
        EXPECT_EQ(header->sq_head, i + 1);
        EXPECT_EQ(completions[header->cq_head++ % 16].user_data, next++);
    }
    EXPECT_EQ(header->cq_tail, 100u);
}

TEST_F(RingQueuesTest, ASubmissionIsCopiedOnceAndTheCopyCounts) {
    submissions[0].handle = 77;
    header->sq_tail = 1;
    const abi::Submission copy = queues.take_submission();
    submissions[0].handle = 78;
    EXPECT_EQ(copy.handle, 77u);
}

TEST_F(RingQueuesTest, MessagesLieInsideTheAreaAndAreAligned) {
    EXPECT_EQ(queues.message(0, 8192)->size(), 8192u);
    EXPECT_EQ(queues.message(8184, 8)->size(), 8u);
    EXPECT_EQ(queues.message(8, 3)->size(), 3u);
    for (auto [offset, length] : {std::pair{4u, 8u}, {8192u, 8u}, {0u, 8193u}, {8184u, 9u}, {0xfffffff8u, 8u},
                                  {0xfffffff8u, 0xfffffff8u}, {8u, 0xffffffffu}, {8200u, 0u}})
        EXPECT_EQ(queues.message(offset, length).error(), Error::BadRange) << offset << " " << length;
}

}  // namespace
}  // namespace capos::kernel
