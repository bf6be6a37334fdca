#include <gtest/gtest.h>

#include "kernel/boot/boot_source.hpp"
#include "tests/unit/boot/fake_memory.hpp"

namespace capos::kernel::boot {
namespace {

using test::ByteWriter;
using test::FakeMemory;

constexpr std::uint64_t kStart = 0x6000, kMap = 0x7000, kModules = 0x7800, kCommandLine = 0x7c00;

struct Machine {
    std::uint32_t magic = 0x336ec578, version = 1, modules = 1, entries = 2;
    std::uint64_t command_line = kCommandLine;
    FakeMemory memory;

    Result<void> read(BootSource& source) {
        memory.place(kStart, ByteWriter().put(magic).put(version).put(0u).put(modules).put(kModules).put(command_line)
                                 .put(std::uint64_t{0xf5a00}).put(kMap).put(entries).put(0u).bytes());
        memory.place(kMap, ByteWriter().put(std::uint64_t{0}).put(std::uint64_t{0xa0000}).put(1u).put(0u)
                               .put(std::uint64_t{0x100000}).put(std::uint64_t{0x3f00000}).put(1u).put(0u).bytes());
        memory.place(kModules, ByteWriter().put(std::uint64_t{0x3000000}).put(std::uint64_t{0x4321}).put(std::uint64_t{0})
                                   .put(std::uint64_t{0}).bytes());
        return read_pvh(memory, kStart, source);
    }
};

TEST(PvhTest, MemoryModuleCommandLineAndRootPointerAreRead) {
    Machine machine;
    machine.memory.place(kCommandLine, ByteWriter().text("run=abc").put('\0').text(std::string(600, 'x')).bytes());
    BootSource source;
    ASSERT_TRUE(machine.read(source));
    EXPECT_EQ(source.protocol, BootProtocol::Pvh);
    EXPECT_STREQ(source.command_line, "run=abc");
    EXPECT_EQ(source.bundle.base, 0x3000000u);
    EXPECT_EQ(source.bundle.bytes, 0x4321u);
    EXPECT_EQ(source.rsdp, 0xf5a00u);
    EXPECT_EQ(source.ram.total_bytes(), 0xa0000u + 0x3f00000u);
}

TEST(PvhTest, AnotherMagicIsNotPvh) {
    Machine machine{.magic = 0x336ec579, .memory = {}};
    BootSource source;
    EXPECT_EQ(machine.read(source).error(), Error::NotFound);
}

TEST(PvhTest, VersionZeroHasNoMemoryMap) {
    Machine machine{.version = 0, .memory = {}};
    BootSource source;
    EXPECT_EQ(machine.read(source).error(), Error::NotFound);
}

TEST(PvhTest, MoreMemoryEntriesThanAreReadableIsMalformed) {
    for (std::uint32_t entries : {3u, 1024u, 1025u, 0xffffffffu}) {
        Machine machine{.entries = entries, .memory = {}};
        BootSource source;
        EXPECT_EQ(machine.read(source).error(), Error::Malformed) << entries;
    }
}

TEST(PvhTest, WithoutAModuleThereIsNoBundle) {
    Machine machine{.modules = 0, .memory = {}};
    BootSource source;
    ASSERT_TRUE(machine.read(source));
    EXPECT_EQ(source.bundle.bytes, 0u);
}

TEST(PvhTest, ACommandLineAtTheEndOfReadableMemoryIsReadAsFarAsItGoes) {
    Machine machine;
    machine.memory.place(kCommandLine, ByteWriter().text("panic=exit").put('\0').text(std::string(21, '!')).bytes());
    BootSource source;
    ASSERT_TRUE(machine.read(source));
    EXPECT_STREQ(source.command_line, "panic=exit");
}

TEST(PvhTest, AnUnreadableCommandLineIsEmpty) {
    Machine machine{.command_line = 0xffffffffffffff00, .memory = {}};
    BootSource source;
    ASSERT_TRUE(machine.read(source));
    EXPECT_STREQ(source.command_line, "");
}

TEST(PvhTest, UnreadableStructuresAreErrors) {
    FakeMemory nothing;
    BootSource source;
    EXPECT_EQ(read_pvh(nothing, kStart, source).error(), Error::NotFound);
}

}  // namespace
}  // namespace capos::kernel::boot
