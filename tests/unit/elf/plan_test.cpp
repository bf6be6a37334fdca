#include <gtest/gtest.h>

#include <vector>


#include "lib/elf/elf.hpp"
#include "tests/unit/elf/executable.hpp"

namespace capos::elf {
namespace {

using test::Executable;

TEST(ElfPlanTest, AnExecutableIsPlannedSegmentBySegment) {
    const auto file = Executable().bytes();
    const auto planned = plan(file);
    ASSERT_TRUE(planned);
    EXPECT_EQ(planned->entry(), 0x401010u);
    ASSERT_EQ(planned->segments().size(), 3u);
    EXPECT_EQ(planned->segments()[0].protection, Protection::Read);
    EXPECT_EQ(planned->segments()[1].protection, Protection::ReadExecute);
    EXPECT_EQ(planned->segments()[1].file_page_offset(), 0x1000u);
    EXPECT_EQ(planned->segments()[1].pages(), 2u);
    const Segment& data = planned->segments()[2];
    EXPECT_EQ(data.protection, Protection::ReadWrite);
    EXPECT_EQ(data.page_address(), 0x403000u);
    EXPECT_EQ(data.pages(), 4u);
    EXPECT_EQ(data.file_offset, 0x3010u);
    EXPECT_EQ(data.file_bytes, 0x100u);
    EXPECT_EQ(planned->writable_pages(), 4u);
}

struct Fault {
    const char* what;
    void (*breaks)(Executable&);
    Error error;
    const char* reason;
};

class ElfFaultTest : public ::testing::TestWithParam<Fault> {};

TEST_P(ElfFaultTest, IsRefusedWithAReason) {
    Executable executable;
    GetParam().breaks(executable);
    const char* reason = "";
    const auto planned = plan(executable.bytes(), &reason);
    ASSERT_FALSE(planned) << GetParam().what;
    EXPECT_EQ(planned.error(), GetParam().error) << GetParam().what;
    EXPECT_STREQ(reason, GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(
    EveryRule, ElfFaultTest,
    ::testing::ValuesIn(std::vector<Fault>{
        Fault{"magic", [](Executable& e) { e.header.ident[0] = 0; }, Error::Malformed, "not an ELF file"},
        Fault{"class", [](Executable& e) { e.header.ident[4] = 1; }, Error::Unsupported, "not for x86-64"},
        Fault{"byte order", [](Executable& e) { e.header.ident[5] = 2; }, Error::Unsupported, "not for x86-64"},
        Fault{"machine", [](Executable& e) { e.header.machine = 183; }, Error::Unsupported, "not for x86-64"},
        Fault{"type", [](Executable& e) { e.header.type = 3; }, Error::Unsupported, "not a static executable"},
        Fault{"header size", [](Executable& e) { e.header.program_header_bytes = 32; }, Error::Malformed,
              "program headers of another size, none, or too many"},
        Fault{"no segments", [](Executable& e) { e.segments.clear(); }, Error::Malformed,
              "program headers of another size, none, or too many"},
        Fault{"too many headers", [](Executable& e) { e.segments.resize(33, {}); }, Error::Malformed,
              "program headers of another size, none, or too many"},
        Fault{"dynamic", [](Executable& e) { e.segments.push_back({kSegmentDynamic, 4, 0, 0, 0, 0, 0, 8}); },
              Error::Unsupported, "dynamically linked"},
        Fault{"interpreter", [](Executable& e) { e.segments.push_back({kSegmentInterpreter, 4, 0, 0, 0, 0, 0, 8}); },
              Error::Unsupported, "dynamically linked"},
        Fault{"writable and executable", [](Executable& e) { e.segments[2].flags |= kFlagExecute; }, Error::Malformed,
              "a segment is writable and executable"},
        Fault{"not readable", [](Executable& e) { e.segments[1].flags = kFlagExecute; }, Error::Malformed,
              "a segment is not readable"},
        Fault{"offset outside", [](Executable& e) { e.segments[1].offset = 0x10'0000'1000; }, Error::Malformed,
              "a segment lies outside the file"},
        Fault{"length outside", [](Executable& e) { e.segments[2].file_bytes = 0x100000; }, Error::Malformed,
              "a segment lies outside the file"},
        Fault{"length wraps", [](Executable& e) { e.segments[2].file_bytes = ~std::uint64_t{0} - 0x100; }, Error::Malformed,
              "a segment lies outside the file"},
        Fault{"smaller in memory", [](Executable& e) { e.segments[2].memory_bytes = 0x80; }, Error::Malformed,
              "a segment is larger in the file than in memory"},
        Fault{"too large", [](Executable& e) { e.segments[2].memory_bytes = kMaxMemoryBytes + 1; }, Error::Malformed,
              "a segment is too large"},
        Fault{"page 0", [](Executable& e) { e.segments[0].address = 0; }, Error::Malformed,
              "a segment lies outside the user range"},
        Fault{"kernel address", [](Executable& e) { e.segments[2].address = 0xffff'8000'0000'0010; }, Error::Malformed,
              "a segment lies outside the user range"},
        Fault{"over the end", [](Executable& e) { e.segments[2].address = kAddressLimit - 0xff0; }, Error::Malformed,
              "a segment lies outside the user range"},
        Fault{"misaligned", [](Executable& e) { e.segments[1].address += 8; }, Error::Malformed,
              "a segment's address and offset differ within a page"},
        Fault{"read-only with bss", [](Executable& e) { e.segments[0].memory_bytes += 16; }, Error::Malformed,
              "a read-only segment has memory beyond the file's"},
        Fault{"overlap", [](Executable& e) { e.segments[1].address = 0x400000; }, Error::Malformed,
              "segments overlap or are not in rising order"},
        Fault{"falling order", [](Executable& e) { std::swap(e.segments[0], e.segments[2]); }, Error::Malformed,
              "segments overlap or are not in rising order"},
        Fault{"too many segments",
              [](Executable& e) {
                  for (std::uint64_t i = 0; i < 8; ++i)
                      e.segments.push_back({kSegmentLoad, kFlagRead, 0x1000, 0x500000 + i * 0x1000, 0, 16, 16, 0x1000});
              },
              Error::Malformed, "too many segments or too much memory"},
        Fault{"entry nowhere", [](Executable& e) { e.header.entry = 0x403020; }, Error::Malformed,
              "the entry is in no executable segment"}}));

TEST(ElfPlanTest, EveryCutOfAFileIsRefusedOrPlannedWithinIt) {
    const auto file = Executable().bytes();
    for (std::size_t length = 0; length < file.size(); length += 7) {
        const std::vector<std::byte> cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(length));
        const auto planned = plan(cut);
        if (!planned) continue;
        for (const Segment& segment : planned->segments())
            EXPECT_LE(segment.file_offset + segment.file_bytes, length);
    }
}

TEST(ElfPlanTest, OtherHeadersAndEmptySegmentsArePassedOver) {
    Executable executable;
    executable.segments.push_back({0x6474e551, 6, 0, 0, 0, 0, 0, 0});                       // stack
    executable.segments.push_back({kSegmentLoad, kFlagRead, 0, 0, 0, 0, 0, 0x1000});
    EXPECT_TRUE(plan(executable.bytes()));
}

}  // namespace
}  // namespace capos::elf
