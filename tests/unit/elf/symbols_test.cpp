#include <gtest/gtest.h>

#include "lib/elf/demangle.hpp"
#include "lib/elf/symbols.hpp"
#include "tests/unit/elf/executable.hpp"

namespace capos::elf {
namespace {

using test::Executable;

TEST(ElfSymbolsTest, AnAddressIsFoundInItsFunction) {
    Executable executable;
    executable.functions = {{"first", 0x401000, 0x20}, {"second", 0x401040, 0x10}, {"assembly", 0x401100, 0}};
    const auto file = executable.bytes();
    const auto table = SymbolTable::open(file);
    ASSERT_TRUE(table);
    const auto at = [&](std::uint64_t address) {
        const auto symbol = table->find(address);
        return symbol ? std::string(symbol->name) + "+" + std::to_string(symbol->offset) : std::string("?");
    };
    EXPECT_EQ(at(0x401000), "first+0");
    EXPECT_EQ(at(0x40101f), "first+31");
    EXPECT_EQ(at(0x401020), "?");
    EXPECT_EQ(at(0x40104f), "second+15");
    EXPECT_EQ(at(0x401180), "assembly+128");
    EXPECT_EQ(at(0x1000), "?");
}

TEST(ElfSymbolsTest, AFileWithoutSymbolsSaysSo) {
    EXPECT_EQ(SymbolTable::open(Executable().bytes()).error(), Error::NotFound);
    EXPECT_EQ(SymbolTable::open({}).error(), Error::Malformed);
}

TEST(ElfSymbolsTest, ATableOutsideTheFileIsRefused) {
    Executable executable;
    executable.functions = {{"first", 0x401000, 0x20}};
    auto file = executable.bytes();
    FileHeader header;
    std::memcpy(&header, file.data(), sizeof header);
    SectionHeader section;
    const std::size_t at = header.section_headers + sizeof section;
    std::memcpy(&section, file.data() + at, sizeof section);
    const auto with = [&](auto change) {
        SectionHeader changed = section;
        change(changed);
        std::memcpy(file.data() + at, &changed, sizeof changed);
        return SymbolTable::open(file).error();
    };
    EXPECT_EQ(with([](auto& s) { s.offset = 0x100000; }), Error::Malformed);
    EXPECT_EQ(with([](auto& s) { s.bytes = ~0ull; }), Error::Malformed);
    EXPECT_EQ(with([](auto& s) { s.link = 17; }), Error::Malformed);
    EXPECT_EQ(with([](auto& s) { s.entry_bytes = 16; }), Error::Malformed);
}

std::string demangled(std::string_view symbol) {
    FixedText<300> text;
    demangle(text, symbol);
    return std::string(text.view());
}

TEST(DemangleTest, QualifiedNamesAreReadable) {
    EXPECT_EQ(demangled("_ZN5capos2rt8Executor4turnEv"), "capos::rt::Executor::turn");
    EXPECT_EQ(demangled("_Z10capos_mainv"), "capos_main");
    EXPECT_EQ(demangled("_Z10capos_mainv.resume"), "capos_main.resume");
    EXPECT_EQ(demangled("_ZN12_GLOBAL__N_15faultEv"), "(anonymous)::fault");
    EXPECT_EQ(demangled("_ZNK5capos3elf11SymbolTable4findEm"), "capos::elf::SymbolTable::find");
    EXPECT_EQ(demangled("_ZN5capos4ListIiNS_3TagEE4pushERi"), "capos::List<>::push");
    EXPECT_EQ(demangled("_ZN5capos4ListC2Ev"), "capos::List::List");
    EXPECT_EQ(demangled("_ZN5capos4ListD1Ev"), "capos::List::~List");
    EXPECT_EQ(demangled("_ZNSt3__16vectorEv"), "std::__1::vector");
}

TEST(DemangleTest, WhatIsNotUnderstoodStaysAsItIs) {
    for (const char* symbol : {"main", "_start", "_Z", "_ZN", "_ZN5capoE", "_ZN99999xE", "_ZNS_1aE", "_ZTV3Foo", ""})
        EXPECT_EQ(demangled(symbol), symbol);
}

}  // namespace
}  // namespace capos::elf
