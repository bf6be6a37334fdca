// The BootBundle object over bundles that are whole and bundles that are not.
#include "kernel/object/boot_bundle.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "kernel/mem/frames.hpp"
#include "lib/base/checksum.hpp"
#include "tests/kernel_host/surroundings.hpp"
#include "tests/kernel_host/system.hpp"

namespace capos::test {
namespace {

using I = schema::BootBundle;
constexpr std::size_t kPage = kernel::kPageSize;

// Three entries of one page each, behind one page of header and table.
class BootBundleTest : public testing::Test {
protected:
    BootBundleTest() {
        memory_ = *kernel::frames_take(2);
        bytes_ = static_cast<std::byte*>(kernel::direct(memory_));
        std::memset(bytes_, 0, 4 * kPage);
        add("manifest", abi::BundleKind::Manifest, "a manifest");
        add("shell", abi::BundleKind::Program, "a program");
        add("page.html", abi::BundleKind::File, "a page");
        seal();
        user_ = &system_.user("user");
    }
    ~BootBundleTest() override {
        boot_bundle_range() = {};
        user_->kill();
        machine().settle();
        kernel::frames_give(memory_, 2);
    }

    void add(std::string_view name, abi::BundleKind kind, std::string_view contents) {
        abi::BundleEntry& entry = entries()[count_++];
        std::memcpy(entry.name, name.data(), name.size());
        entry.offset = count_ * kPage;
        entry.bytes = contents.size();
        entry.kind = kind;
        std::memcpy(bytes_ + entry.offset, contents.data(), contents.size());
        entry.checksum = checksum64({bytes_ + entry.offset, contents.size()});
    }
    abi::BundleEntry* entries() { return reinterpret_cast<abi::BundleEntry*>(bytes_ + sizeof(abi::BundleHeader)); }
    abi::BundleHeader& header() { return *reinterpret_cast<abi::BundleHeader*>(bytes_); }
    void seal() {
        header() = {.magic = abi::kBundleMagic, .version = abi::kBundleVersion, .entry_count = count_,
                    .total_bytes = 4 * kPage,
                    .table_checksum = checksum64(std::as_bytes(std::span(entries(), count_)))};
    }
    // What the kernel makes of it at start.
    void boot() {
        boot_bundle_range() = {reinterpret_cast<std::uint64_t>(bytes_), 4 * kPage};
        bundle_.inspect();
        handle_ = user_->grant(bundle_);
    }
    template <class Params, class Results, class Fill>
    Answer<Results> ask(std::uint16_t method, Fill&& fill) {
        return user_->call<Params, Results>(handle_, I::kInterfaceId, method, fill, {.accept = 1});
    }
    Answer<I::ManifestResults> manifest() { return ask<I::ManifestParams, I::ManifestResults>(0, [](auto&) {}); }
    Answer<I::ProgramResults> program(std::string_view name) {
        return ask<I::ProgramParams, I::ProgramResults>(1, [&](auto& p) { p.set_name(name); });
    }
    Answer<I::EntriesResults> listed() { return ask<I::EntriesParams, I::EntriesResults>(2, [](auto&) {}); }

    kernel::PhysAddr memory_;
    std::byte* bytes_;
    std::uint32_t count_ = 0;
    kernel::BootBundleObject bundle_;       // outlives the system whose processes hold it
    TestSystem system_;
    User* user_;
    abi::Handle handle_ = 0;
};

TEST_F(BootBundleTest, AWholeBundleIsServedWhereItLies) {
    boot();
    EXPECT_EQ(bundle_.fault(), "");
    EXPECT_EQ(bundle_.identity(), header().table_checksum);
    auto found = manifest();
    EXPECT_EQ(found.status, Error::None);
    EXPECT_EQ(found.results.bytes(), 10u);
    const abi::Handle object = found.handle(found.results.object());
    EXPECT_EQ(user_->map(user_->address_space, object, 0, kPage), 0u);
    EXPECT_EQ(user_->refused, Error::Denied);
    const auto at = user_->map(user_->address_space, object, 0, kPage, 0, schema::AddressSpace::Protection::read);
    EXPECT_EQ(mapped_page(user_->process().page_tables(), at).frame, bytes_ + kPage);
    auto shell = program("shell");
    EXPECT_EQ(shell.results.outcome(), I::ProgramResults::Outcome::found);
    EXPECT_EQ(shell.results.bytes(), 9u);
    using P = schema::AddressSpace::Protection;
    const auto executable = [&](abi::Handle what) { return user_->map(user_->address_space, what, 0, kPage, 0, P::read_execute) != 0; };
    EXPECT_TRUE(executable(shell.handle(shell.results.object())));
    EXPECT_FALSE(executable(object));
    EXPECT_EQ(program("page.html").results.outcome(), I::ProgramResults::Outcome::found);
    EXPECT_EQ(program("none").results.outcome(), I::ProgramResults::Outcome::not_found);
    EXPECT_EQ(program("manifest").results.outcome(), I::ProgramResults::Outcome::not_found);
    EXPECT_EQ(bundle_.program("shell").size(), 9u);
    EXPECT_TRUE(bundle_.program("page.html").empty());
    auto list = listed();
    ASSERT_EQ(list.results.entries().size(), 3u);
    EXPECT_EQ(list.results.entries()[1].name(), "shell");
    EXPECT_FALSE(list.results.entries()[1].damaged());
    EXPECT_EQ(list.results.fault(), "");
}

TEST_F(BootBundleTest, ADamagedProgramIsNamedAndNotServed) {
    bytes_[2 * kPage] ^= std::byte{1};
    boot();
    EXPECT_EQ(program("shell").results.outcome(), I::ProgramResults::Outcome::not_found);
    EXPECT_EQ(manifest().status, Error::None);
    auto list = listed();
    EXPECT_TRUE(list.results.entries()[1].damaged());
    EXPECT_FALSE(list.results.entries()[2].damaged());
    EXPECT_NE(list.results.fault().find("shell"), std::string_view::npos);
    EXPECT_NE(machine().serial.find("shell is damaged"), std::string::npos);
}

TEST_F(BootBundleTest, ADamagedTableServesWhatIsWholeButNoManifest) {
    header().table_checksum ^= 1;
    boot();
    EXPECT_EQ(manifest().status, Error::Failed);
    EXPECT_EQ(program("shell").results.outcome(), I::ProgramResults::Outcome::found);
    EXPECT_NE(bundle_.fault().find("ChecksumMismatch"), std::string_view::npos);
}

TEST_F(BootBundleTest, OfABundleThatIsCutShortWhatIsLeftIsServedButNoManifest) {
    header().total_bytes = 64 * kPage;
    boot();
    EXPECT_EQ(manifest().status, Error::Failed);
    EXPECT_EQ(program("shell").results.outcome(), I::ProgramResults::Outcome::found);
    EXPECT_EQ(bundle_.fault(), "bundle: Malformed: cut short");
    EXPECT_EQ(bundle_.identity(), 0u);
}

TEST_F(BootBundleTest, AForeignFileIsRefusedAsAWhole) {
    std::memset(bytes_, 'x', 4 * kPage);
    boot();
    EXPECT_EQ(manifest().status, Error::Failed);
    EXPECT_EQ(program("shell").results.outcome(), I::ProgramResults::Outcome::not_found);
    EXPECT_EQ(listed().results.entries().size(), 0u);
    EXPECT_NE(bundle_.fault(), "");
}

TEST_F(BootBundleTest, ABundleOffAPageIsRefused) {
    std::memmove(bytes_ + 64, bytes_, 3 * kPage);
    boot_bundle_range() = {reinterpret_cast<std::uint64_t>(bytes_ + 64), 3 * kPage};
    bundle_.inspect();
    EXPECT_NE(bundle_.fault().find("page"), std::string_view::npos);
    EXPECT_TRUE(bundle_.program("shell").empty());
}

}  // namespace
}  // namespace capos::test
