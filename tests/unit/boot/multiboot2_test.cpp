#include <gtest/gtest.h>

#include "kernel/boot/boot_source.hpp"
#include "tests/unit/boot/fake_memory.hpp"

namespace capos::kernel::boot {
namespace {

using test::ByteWriter;
using test::FakeMemory;

constexpr std::uint64_t kAddress = 0x9000;

// Boot information under construction: tags in the order given, then the end tag and the size.
class Information {
public:
    Information() { writer_.put(std::uint64_t{0}); }
    Information& tag(std::uint32_t type, const ByteWriter& content) {
        writer_.put(type).put(static_cast<std::uint32_t>(content.size() + 8)).append(content.bytes()).pad_to(8);
        return *this;
    }
    Information& memory(std::vector<std::array<std::uint64_t, 3>> entries, std::uint32_t entry_size = 24) {
        ByteWriter content;
        content.put(entry_size).put(std::uint32_t{0});
        for (const auto& [base, bytes, type] : entries) {
            content.put(base).put(bytes).put(static_cast<std::uint32_t>(type)).put(std::uint32_t{0});
            for (std::uint32_t i = 24; i < entry_size; ++i) content.put(std::uint8_t{0xff});
        }
        return tag(6, content);
    }
    Information& module(std::uint32_t start, std::uint32_t end) {
        return tag(3, ByteWriter().put(start).put(end).text("bundle").put('\0'));
    }
    std::vector<std::byte> finish() {
        writer_.put(std::uint32_t{0}).put(std::uint32_t{8});
        writer_.set(0, static_cast<std::uint32_t>(writer_.size()));
        return writer_.bytes();
    }

private:
    ByteWriter writer_;
};

Result<void> read(std::vector<std::byte> bytes, BootSource& source) {
    FakeMemory memory;
    memory.place(kAddress, std::move(bytes));
    return read_multiboot2(memory, kAddress, source);
}

TEST(Multiboot2Test, MemoryModuleAndCommandLineAreRead) {
    BootSource source;
    const auto result = read(Information()
                                 .tag(1, ByteWriter().text("panic=exit run=5").put('\0'))
                                 .module(0x200000, 0x234567)
                                 .memory({{0, 0x9fc00, 1}, {0x100000, 0x3f00000, 1}, {0xfffc0000, 0x40000, 2}})
                                 .finish(), source);
    ASSERT_TRUE(result);
    EXPECT_STREQ(source.command_line, "panic=exit run=5");
    EXPECT_EQ(source.bundle.base, 0x200000u);
    EXPECT_EQ(source.bundle.bytes, 0x34567u);
    EXPECT_EQ(source.protocol, BootProtocol::Multiboot2Bios);
    ASSERT_EQ(source.ram.ranges().size(), 2u);
    EXPECT_EQ(source.ram.ranges()[1].bytes, 0x3f00000u);
}

TEST(Multiboot2Test, AnEfiTagMeansThatFirmwareWasUefi) {
    for (std::uint32_t type : {11u, 12u, 17u, 19u, 20u}) {
        BootSource source;
        ASSERT_TRUE(read(Information().memory({{0, 0x10000, 1}}).tag(type, ByteWriter().put(std::uint64_t{0})).finish(), source));
        EXPECT_EQ(source.protocol, BootProtocol::Multiboot2Uefi) << type;
    }
}

TEST(Multiboot2Test, TheNewRootPointerIsPreferredToTheOldInEitherOrder) {
    const ByteWriter old_copy = ByteWriter().text("RSD PTR old!"), new_copy = ByteWriter().text("RSD PTR new!");
    BootSource source;
    ASSERT_TRUE(read(Information().memory({{0, 0x10000, 1}}).tag(15, new_copy).tag(14, old_copy).finish(), source));
    const std::uint64_t new_first = source.rsdp;
    EXPECT_EQ(new_first, kAddress + 8 + 40 + 8);
    source = {};
    ASSERT_TRUE(read(Information().memory({{0, 0x10000, 1}}).tag(14, old_copy).tag(15, new_copy).finish(), source));
    EXPECT_EQ(source.rsdp, new_first + 24);
}

TEST(Multiboot2Test, MemoryThatAnyEntryReservesIsNotUsable) {
    BootSource source;
    ASSERT_TRUE(read(Information().memory({{0x8000, 0x1000, 2}, {0, 0x10000, 1}}).finish(), source));
    EXPECT_TRUE(source.ram.contains(0, 0x8000));
    EXPECT_FALSE(source.ram.contains(0x8000, 1));
    EXPECT_TRUE(source.ram.contains(0x9000, 0x7000));
}

TEST(Multiboot2Test, LargerMemoryEntriesOfALaterVersionAreRead) {
    BootSource source;
    ASSERT_TRUE(read(Information().memory({{0x1000, 0x1000, 1}, {0x8000, 0x1000, 1}}, 32).finish(), source));
    EXPECT_EQ(source.ram.total_bytes(), 0x2000u);
}

TEST(Multiboot2Test, OnlyTheFirstModuleIsTheBundle) {
    BootSource source;
    ASSERT_TRUE(read(Information().memory({{0, 0x10000, 1}}).module(0x200000, 0x201000).module(0x300000, 0x309000).finish(), source));
    EXPECT_EQ(source.bundle.base, 0x200000u);
}

TEST(Multiboot2Test, WithoutAMemoryMapItSaysSo) {
    BootSource source;
    EXPECT_EQ(read(Information().module(0x1000, 0x2000).finish(), source).error(), Error::NotFound);
}

TEST(Multiboot2Test, AModuleThatEndsBeforeItStartsIsMalformed) {
    BootSource source;
    EXPECT_EQ(read(Information().memory({{0, 0x10000, 1}}).module(0x3000, 0x2000).finish(), source).error(), Error::Malformed);
}

TEST(Multiboot2Test, MemoryEntriesTooSmallOrTooLargeAreMalformed) {
    for (std::uint32_t size : {0u, 1u, 23u, 4097u, 0xffffffffu}) {
        BootSource source;
        const ByteWriter content = ByteWriter().put(size).put(0u).put(std::uint64_t{0}).put(std::uint64_t{0x1000}).put(1u).put(0u);
        EXPECT_EQ(read(Information().tag(6, content).finish(), source).error(), Error::Malformed) << size;
    }
}

TEST(Multiboot2Test, ATagThatReachesBeyondTheEndIsMalformed) {
    std::vector<std::byte> bytes = Information().memory({{0, 0x10000, 1}}).finish();
    const std::uint32_t huge = 0xfffffff8;
    std::memcpy(bytes.data() + 12, &huge, 4);
    BootSource source;
    EXPECT_EQ(read(bytes, source).error(), Error::Malformed);
    const std::uint32_t tiny = 4;
    std::memcpy(bytes.data() + 12, &tiny, 4);
    source = {};
    EXPECT_EQ(read(bytes, source).error(), Error::Malformed);
}

TEST(Multiboot2Test, MissingEndTagIsMalformed) {
    std::vector<std::byte> bytes = Information().memory({{0, 0x10000, 1}}).finish();
    bytes.resize(bytes.size() - 8);
    const auto size = static_cast<std::uint32_t>(bytes.size());
    std::memcpy(bytes.data(), &size, 4);
    BootSource source;
    EXPECT_EQ(read(bytes, source).error(), Error::Malformed);
}

TEST(Multiboot2Test, EveryTruncationIsAnErrorAndNeverReadsBeyond) {
    const std::vector<std::byte> whole = Information().memory({{0, 0x10000, 1}}).module(0, 0x1000).finish();
    for (std::size_t length = 0; length < whole.size(); ++length) {
        BootSource source;
        EXPECT_FALSE(read({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)}, source)) << length;
    }
}

TEST(Multiboot2Test, AnOverlongCommandLineIsCutAndSaidToBe) {
    BootSource source;
    ASSERT_TRUE(read(Information().tag(1, ByteWriter().text(std::string(600, 'a')).put('\0')).memory({{0, 0x1000, 1}}).finish(), source));
    EXPECT_EQ(std::string_view(source.command_line).size(), sizeof source.command_line - 1);
    EXPECT_STRNE(source.note, "");
    BootSource longest;
    ASSERT_TRUE(read(Information().tag(1, ByteWriter().text(std::string(511, 'a')).put('\0')).memory({{0, 0x1000, 1}}).finish(), longest));
    EXPECT_STREQ(longest.note, "");
}

TEST(Multiboot2Test, ControlCharactersInTheCommandLineBecomeBlanks) {
    BootSource source;
    ASSERT_TRUE(read(Information().tag(1, ByteWriter().text("a=1\tb=2\x1b[m\xff").put('\0')).memory({{0, 0x1000, 1}}).finish(), source));
    EXPECT_STREQ(source.command_line, "a=1 b=2 [m ");
}

TEST(Multiboot2Test, AMisalignedAddressIsMalformed) {
    FakeMemory memory;
    memory.place(kAddress + 4, Information().memory({{0, 0x10000, 1}}).finish());
    BootSource source;
    EXPECT_EQ(read_multiboot2(memory, kAddress + 4, source).error(), Error::Malformed);
}

}  // namespace
}  // namespace capos::kernel::boot
