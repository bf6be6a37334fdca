#include "runtime/heap.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <vector>

namespace capos::rt {
namespace {

class HeapTest : public ::testing::Test {
protected:
    static constexpr std::size_t kBytes = 256 * 1024;
    void SetUp() override {
        memory_.reset(static_cast<std::byte*>(std::aligned_alloc(4096, kBytes)));
        heap_.create(memory_.get(), kBytes);
    }
    struct Free { void operator()(std::byte* memory) const { std::free(memory); } };
    std::unique_ptr<std::byte, Free> memory_;
    Heap heap_;
};

TEST_F(HeapTest, AllocationsAreAlignedApartAndKeepTheirContents) {
    std::mt19937 random(7);
    struct Held { unsigned char* memory; std::size_t bytes; unsigned char fill; };
    std::vector<Held> held;
    for (int step = 0; step < 60000; ++step) {
        if (held.size() > 200 || (!held.empty() && random() % 2 == 0)) {
            const std::size_t index = random() % held.size();
            const Held item = held[index];
            for (std::size_t i = 0; i < item.bytes; ++i) ASSERT_EQ(item.memory[i], item.fill);
            heap_.free(item.memory);
            held[index] = held.back();
            held.pop_back();
            continue;
        }
        const std::size_t bytes = random() % (random() % 32 == 0 ? 9000 : 500);
        auto* memory = static_cast<unsigned char*>(heap_.allocate(bytes));
        if (memory == nullptr) continue;
        ASSERT_EQ(reinterpret_cast<std::uintptr_t>(memory) % Heap::kAlignment, 0u);
        ASSERT_GE(heap_.size_of(memory), bytes);
        const auto fill = static_cast<unsigned char>(step);
        std::memset(memory, fill, bytes);
        held.push_back({memory, bytes, fill});
    }
    for (const Held& item : held) heap_.free(item.memory);
    EXPECT_EQ(heap_.use().used_bytes, 0u);
}

TEST_F(HeapTest, EverythingFreedIsOneBlockAgain) {
    std::vector<void*> all;
    while (void* memory = heap_.allocate(100)) all.push_back(memory);
    EXPECT_EQ(heap_.use().failures, 1u);
    for (void* memory : all) heap_.free(memory);
    void* large = heap_.allocate(kBytes - 64);
    EXPECT_NE(large, nullptr);
    heap_.free(large);
}

TEST_F(HeapTest, WiderAlignmentsHold) {
    std::vector<void*> held;
    for (const std::size_t alignment : {32u, 64u, 256u, 4096u}) {
        for (int i = 0; i < 4; ++i) {
            void* memory = heap_.allocate_aligned(100, alignment);
            ASSERT_NE(memory, nullptr);
            EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % alignment, 0u);
            std::memset(memory, 0xa5, 100);
            held.push_back(memory);
        }
    }
    for (void* memory : held) heap_.free(memory);
    EXPECT_EQ(heap_.use().used_bytes, 0u);
    EXPECT_NE(heap_.allocate(kBytes - 64), nullptr);
}

TEST_F(HeapTest, WhatCannotFitIsRefusedAndCounted) {
    EXPECT_EQ(heap_.allocate(kBytes), nullptr);
    EXPECT_EQ(heap_.allocate(~std::size_t{0}), nullptr);
    EXPECT_EQ(heap_.allocate_aligned(~std::size_t{0} - 100, 64), nullptr);
    EXPECT_EQ(heap_.use().failures, 3u);
}

using HeapDeathTest = HeapTest;

TEST_F(HeapDeathTest, ABlockFreedTwiceEndsTheProgram) {
    void* memory = heap_.allocate(64);
    heap_.free(memory);
    EXPECT_DEATH(heap_.free(memory), "freed twice");
}

TEST_F(HeapDeathTest, AForeignPointerEndsTheProgram) {
    int elsewhere = 0;
    EXPECT_DEATH(heap_.free(&elsewhere), "not allocated");
}

TEST_F(HeapDeathTest, AnOverwrittenHeaderEndsTheProgram) {
    auto* memory = static_cast<std::byte*>(heap_.allocate(2000));
    const std::uint64_t nonsense = 0xffff'ffff'ffff'fff0;
    std::memcpy(memory - 8, &nonsense, 8);
    EXPECT_DEATH(heap_.free(memory), "overwritten");
}

}  // namespace
}  // namespace capos::rt
