#include "lib/bundle/bundle.hpp"

#include <gtest/gtest.h>

#include <vector>


#include "tests/unit/bundle/make_bundle.hpp"

namespace capos::bundle {
namespace {

using abi::BundleKind;

std::vector<std::byte> some(std::size_t count, unsigned char fill) { return std::vector<std::byte>(count, std::byte{fill}); }

std::vector<std::byte> good() {
    return test::make_bundle({{"manifest", BundleKind::Manifest, some(100, 1)},
                              {"init", BundleKind::Program, some(5000, 2)},
                              {"licenses", BundleKind::File, some(4096, 3)}});
}

abi::BundleEntry entry_of(const std::vector<std::byte>& bundle, std::size_t index) {
    abi::BundleEntry entry;
    std::memcpy(&entry, bundle.data() + sizeof(abi::BundleHeader) + index * sizeof entry, sizeof entry);
    return entry;
}

TEST(BundleTest, EntriesAreFoundByNameAndKind) {
    const auto bytes = good();
    const auto bundle = Bundle::open(bytes);
    ASSERT_TRUE(bundle);
    ASSERT_EQ(bundle->size(), 3u);
    const auto init = bundle->find("init", BundleKind::Program);
    ASSERT_TRUE(init);
    EXPECT_EQ(init->contents.size(), 5000u);
    EXPECT_TRUE(Bundle::intact(*init));
    EXPECT_FALSE(bundle->find("init", BundleKind::File));
    EXPECT_FALSE(bundle->find("shell", BundleKind::Program));
    EXPECT_EQ((*bundle)[2].name, "licenses");
}

TEST(BundleTest, OneFlippedBitOfContentsIsFoundWhereverItIs) {
    const auto bytes = good();
    const auto entry = entry_of(bytes, 1);
    for (std::size_t at = 0; at < entry.bytes; at += 13) {
        auto damaged = bytes;
        damaged[entry.offset + at] ^= std::byte{0x10};
        const auto bundle = Bundle::open(damaged);
        ASSERT_TRUE(bundle);
        EXPECT_FALSE(Bundle::intact((*bundle)[1]));
        EXPECT_TRUE(Bundle::intact((*bundle)[0]));
        EXPECT_TRUE(Bundle::intact((*bundle)[2]));
    }
}

TEST(BundleTest, OneFlippedBitOfTheTableIsFoundWhereverItIs) {
    const auto bytes = good();
    for (std::size_t at = sizeof(abi::BundleHeader); at < sizeof(abi::BundleHeader) + 3 * sizeof(abi::BundleEntry); ++at) {
        auto damaged = bytes;
        damaged[at] ^= std::byte{0x01};
        EXPECT_EQ(Bundle::open(damaged).error(), Error::ChecksumMismatch);
    }
}

struct Fault {
    const char* reason;
    void (*breaks)(abi::BundleHeader&, abi::BundleEntry*);
};

class BundleFaultTest : public ::testing::TestWithParam<Fault> {};

TEST_P(BundleFaultTest, IsRefusedWithAReasonAlsoWhenItsChecksumHolds) {
    auto bytes = good();
    abi::BundleHeader header;
    abi::BundleEntry entries[3];
    std::memcpy(&header, bytes.data(), sizeof header);
    std::memcpy(entries, bytes.data() + sizeof header, sizeof entries);
    GetParam().breaks(header, entries);
    std::memcpy(bytes.data() + sizeof header, entries, sizeof entries);
    std::memcpy(bytes.data(), &header, sizeof header);
    if (header.entry_count <= 3) test::seal_bundle(bytes);
    const char* reason = "";
    const auto bundle = Bundle::open(bytes, &reason);
    ASSERT_FALSE(bundle);
    EXPECT_STREQ(reason, GetParam().reason);
}

using H = abi::BundleHeader;
using E = abi::BundleEntry;
INSTANTIATE_TEST_SUITE_P(
    EveryRule, BundleFaultTest,
    ::testing::ValuesIn(std::vector<Fault>{
        Fault{"not a bundle", [](H& h, E*) { h.magic = 1; }},
        Fault{"another version of the format", [](H& h, E*) { h.version = 2; }},
        Fault{"no entries, or too many", [](H& h, E*) { h.entry_count = 0; }},
        Fault{"no entries, or too many", [](H& h, E*) { h.entry_count = 65; }},
        Fault{"cut short", [](H& h, E*) { h.total_bytes += 4096; }},
        Fault{"cut short", [](H& h, E*) { h.total_bytes -= 1; }},
        Fault{"cut short", [](H& h, E*) { h.total_bytes = 0; }},
        Fault{"an entry's name is empty or not ended", [](H&, E* e) { e[1].name[0] = 0; }},
        Fault{"an entry's name is empty or not ended", [](H&, E* e) { std::memset(e[1].name, 'a', sizeof e[1].name); }},
        Fault{"an entry's name has a character that is not allowed", [](H&, E* e) { e[1].name[1] = '/'; }},
        Fault{"an entry's kind is unknown", [](H&, E* e) { e[1].kind = static_cast<BundleKind>(9); }},
        Fault{"an entry's reserved field is not 0", [](H&, E* e) { e[1].reserved = 1; }},
        Fault{"an entry lies outside the bundle", [](H&, E* e) { e[1].offset += 8; }},
        Fault{"an entry lies outside the bundle", [](H&, E* e) { e[1].offset = 0; }},
        Fault{"an entry lies outside the bundle", [](H&, E* e) { e[1].offset = ~std::uint64_t{4095}; }},
        Fault{"an entry lies outside the bundle", [](H&, E* e) { e[1].bytes = ~std::uint64_t{0}; }},
        Fault{"two entries have the same name", [](H&, E* e) { std::memcpy(e[2].name, "init\0\0\0\0", 9); }},
        Fault{"two entries overlap", [](H&, E* e) { e[2].offset = e[1].offset + 4096; }},
        Fault{"not exactly one manifest", [](H&, E* e) { e[0].kind = BundleKind::File; }},
        Fault{"not exactly one manifest", [](H&, E* e) { e[1].kind = BundleKind::Manifest; }}}));

// Whether init is found whole in what can be salvaged.
bool init_is_salvaged(std::span<const std::byte> bytes) {
    const auto init = Bundle::salvage(bytes).find("init", BundleKind::Program);
    return init && init->contents.size() == 5000 && Bundle::intact(*init);
}

TEST(BundleTest, OneFlippedBitOfTheHeaderOrAnotherEntryLeavesInitToBeSalvaged) {
    const auto bytes = good();
    constexpr std::size_t kInit = sizeof(abi::BundleHeader) + sizeof(abi::BundleEntry);
    for (std::size_t bit = 0; bit < 8 * (sizeof(abi::BundleHeader) + 3 * sizeof(abi::BundleEntry)); ++bit) {
        const std::size_t at = bit / 8;
        auto damaged = bytes;
        damaged[at] ^= std::byte{1} << bit % 8;
        EXPECT_FALSE(Bundle::open(damaged)) << bit;
        // What follows the end of init's name in its place says nothing.
        const bool matters = at >= kInit && at < kInit + sizeof(abi::BundleEntry) &&
                             !(at > kInit + 4 && at < kInit + abi::kBundleNameBytes);
        EXPECT_EQ(init_is_salvaged(damaged), !matters) << bit;
        EXPECT_LE(Bundle::salvage(damaged).size(), 3u);
    }
}

TEST(BundleTest, WhatIsDamagedOrCutOffIsNotSalvagedAndWhatIsWholeIs) {
    auto bytes = good();
    const auto init = entry_of(bytes, 1);
    for (std::size_t length = 0; length < bytes.size(); length += 37)
        EXPECT_EQ(init_is_salvaged(std::span(bytes).first(length)), length >= init.offset + init.bytes) << length;
    EXPECT_EQ(Bundle::salvage(some(9000, 0)).size(), 0u);
    EXPECT_EQ(Bundle::salvage(some(9000, 0xff)).size(), 0u);
    bytes[init.offset + 1] ^= std::byte{1};
    const Bundle rest = Bundle::salvage(bytes);
    EXPECT_EQ(rest.size(), 2u);
    EXPECT_FALSE(rest.find("init", BundleKind::Program));
    EXPECT_TRUE(rest.find("licenses", BundleKind::File));
    EXPECT_EQ(rest.identity(), 0u);
}

TEST(BundleTest, EveryCutIsRefused) {
    const auto bytes = good();
    for (std::size_t length = 0; length < bytes.size(); length += 37)
        EXPECT_FALSE(Bundle::open(std::span(bytes).first(length)));
}

}  // namespace
}  // namespace capos::bundle
