// What the kernel takes from lib/base and kernel/entropy, against references.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "kernel/entropy/generator.hpp"
#include "lib/base/checksum.hpp"
#include "lib/base/deadline_queue.hpp"

namespace capos {
namespace {

std::vector<DeadlineHook*> drained(DeadlineQueue& queue) {
    std::vector<DeadlineHook*> order;
    while (DeadlineHook* first = queue.first()) {
        order.push_back(first);
        queue.remove(*first);
    }
    return order;
}

TEST(DeadlineQueueTest, TheEarliestIsFirst) {
    DeadlineQueue queue;
    DeadlineHook hooks[5];
    const std::uint64_t at[] = {50, 10, 40, 20, 30};
    for (int i = 0; i < 5; ++i) queue.insert(hooks[i], at[i]);
    const auto order = drained(queue);
    EXPECT_EQ(order, (std::vector<DeadlineHook*>{&hooks[1], &hooks[3], &hooks[4], &hooks[2], &hooks[0]}));
    EXPECT_TRUE(queue.empty());
}

TEST(DeadlineQueueTest, RemovingWhatIsNotQueuedHasNoEffect) {
    DeadlineQueue queue;
    DeadlineHook queued, other;
    queue.insert(queued, 1);
    queue.remove(other);
    EXPECT_EQ(queue.first(), &queued);
    queue.remove(queued);
    queue.remove(queued);
    EXPECT_TRUE(queue.empty());
    EXPECT_FALSE(queued.queued());
}

TEST(DeadlineQueueTest, BehavesAsAMultisetUnderRandomUse) {
    std::mt19937_64 random(1);
    DeadlineQueue queue;
    std::multimap<std::uint64_t, DeadlineHook*> reference;
    std::vector<std::unique_ptr<DeadlineHook>> hooks;
    for (int i = 0; i < 200; ++i) hooks.push_back(std::make_unique<DeadlineHook>());
    for (int step = 0; step < 100'000; ++step) {
        DeadlineHook& hook = *hooks[random() % hooks.size()];
        if (!hook.queued()) {
            const std::uint64_t at = random() % 64;
            queue.insert(hook, at);
            reference.emplace(at, &hook);
        } else {
            queue.remove(hook);
            std::erase_if(reference, [&](const auto& entry) { return entry.second == &hook; });
        }
        ASSERT_EQ(queue.empty(), reference.empty());
        if (!reference.empty()) ASSERT_EQ(queue.first()->deadline(), reference.begin()->first);
    }
    std::uint64_t last = 0;
    for (DeadlineHook* hook : drained(queue)) {
        EXPECT_GE(hook->deadline(), last);
        last = hook->deadline();
    }
}

TEST(ChecksumTest, AnyChangedWordChangesIt) {
    std::vector<std::byte> bytes(100);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 7);
    const std::uint64_t whole = checksum64(bytes);
    std::set<std::uint64_t> seen{whole};
    for (std::size_t i = 0; i < bytes.size(); ++i)
        for (unsigned bit = 0; bit < 8; ++bit) {
            bytes[i] ^= std::byte{1} << bit;
            EXPECT_TRUE(seen.insert(checksum64(bytes)).second) << i << " " << bit;
            bytes[i] ^= std::byte{1} << bit;
        }
    EXPECT_EQ(checksum64(bytes), whole);
}

TEST(ChecksumTest, TheLengthCounts) {
    const std::vector<std::byte> zeros(200);
    std::set<std::uint64_t> seen;
    for (std::size_t length = 0; length <= zeros.size(); ++length)
        EXPECT_TRUE(seen.insert(checksum64(std::span(zeros).first(length))).second) << length;
}

TEST(ChecksumTest, WordsThatChangePlacesChangeIt) {
    std::vector<std::byte> bytes(128);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i);
    const std::uint64_t before = checksum64(bytes);
    std::swap_ranges(bytes.begin(), bytes.begin() + 8, bytes.begin() + 32);    // same lane
    EXPECT_NE(checksum64(bytes), before);
    std::swap_ranges(bytes.begin(), bytes.begin() + 8, bytes.begin() + 32);
    std::swap_ranges(bytes.begin(), bytes.begin() + 8, bytes.begin() + 8);     // other lane
    EXPECT_NE(checksum64(bytes), before);
}

std::string hex(std::span<const std::byte> bytes) {
    std::string text;
    for (std::byte byte : bytes) {
        text += "0123456789abcdef"[static_cast<unsigned>(byte) >> 4];
        text += "0123456789abcdef"[static_cast<unsigned>(byte) & 15];
    }
    return text;
}

// RFC 8439, appendix A.1: test vectors 1, 2, 3 and 4 have a nonce of zero, as the generator uses.
TEST(ChaCha20Test, MatchesTheVectorsOfRfc8439) {
    std::array<std::byte, 64> out;
    kernel::chacha20_block({}, 0, out);
    EXPECT_EQ(hex(out), "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
                        "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586");
    kernel::chacha20_block({}, 1, out);
    EXPECT_EQ(hex(out), "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
                        "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f");
    kernel::chacha20_block({0, 0, 0, 0, 0, 0, 0, 0x01000000}, 1, out);
    EXPECT_EQ(hex(out), "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a"
                        "8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0");
    kernel::chacha20_block({0x0000ff00}, 2, out);
    EXPECT_EQ(hex(out), "72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca"
                        "13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096");
}

TEST(GeneratorTest, TheKeyThatMadeOutputIsGoneAfterwards) {
    kernel::Generator generator;
    std::array<std::byte, 96> first, second;
    generator.generate(first);
    generator.generate(second);
    EXPECT_NE(hex(first), hex(second));
    // Fast key erasure: the first 32 bytes of the stream are the next key, what follows is output.
    std::array<std::byte, 64> block;
    kernel::chacha20_block({}, 0, block);
    EXPECT_EQ(hex(std::span(first).first(32)), hex(std::span(block).last(32)));
    std::array<std::uint32_t, 8> next;
    std::memcpy(next.data(), block.data(), 32);
    kernel::chacha20_block(next, 0, block);
    EXPECT_EQ(hex(std::span(second).first(32)), hex(std::span(block).last(32)));
}

TEST(GeneratorTest, EveryBitOfTheSeedCounts) {
    std::set<std::string> seen;
    for (unsigned length : {0u, 1u, 31u, 32u, 33u, 64u}) {
        for (unsigned at = 0; at < length; ++at) {
            std::vector<std::byte> seed(length);
            seed[at] = std::byte{1};
            kernel::Generator generator;
            generator.absorb(seed);
            std::array<std::byte, 16> out;
            generator.generate(out);
            EXPECT_TRUE(seen.insert(hex(out)).second) << length << " " << at;
        }
    }
}

}  // namespace
}  // namespace capos
