// Our own C functions against the host's.
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "lib/libc/src/division_functions.hpp"
#include "lib/libc/src/memory_functions.hpp"
#include "lib/libc/src/number_functions.hpp"
#include "lib/libc/src/string_functions.hpp"

namespace impl = capos::libc;

namespace {

std::vector<unsigned char> pattern(std::size_t bytes) {
    std::vector<unsigned char> out(bytes);
    for (std::size_t i = 0; i < bytes; ++i)
        out[i] = static_cast<unsigned char>(i * 37 + 11);
    return out;
}

TEST(MemoryTest, MoveAgreesWithTheHostAtEverySizeAndOverlap) {
    constexpr std::size_t kRoom = 600;
    for (std::size_t bytes = 0; bytes <= 260; ++bytes) {
        for (std::size_t from : {0, 1, 7, 64}) {
            for (std::size_t to : {0, 1, 3, 8, 15, 33, 64, 100, 300}) {
                auto ours = pattern(kRoom);
                auto theirs = ours;
                impl::move(ours.data() + to, ours.data() + from, bytes);
                std::memmove(theirs.data() + to, theirs.data() + from, bytes);
                ASSERT_EQ(ours, theirs) << bytes << " bytes from " << from << " to " << to;
            }
        }
    }
}

TEST(MemoryTest, FillWritesExactlyItsBytes) {
    for (std::size_t bytes = 0; bytes <= 200; ++bytes) {
        for (std::size_t offset : {1, 5, 16}) {
            auto ours = pattern(256);
            auto theirs = ours;
            impl::fill(ours.data() + offset, 0xa5, bytes);
            std::memset(theirs.data() + offset, 0xa5, bytes);
            ASSERT_EQ(ours, theirs) << bytes;
        }
    }
}

TEST(MemoryTest, CompareOrdersByTheFirstDifferingByte) {
    for (std::size_t bytes = 0; bytes <= 40; ++bytes) {
        auto left = pattern(40);
        auto right = left;
        EXPECT_EQ(impl::compare(left.data(), right.data(), bytes), 0);
        for (std::size_t i = 0; i < bytes; ++i) {
            right = left;
            right[i] = static_cast<unsigned char>(left[i] ^ 0x80);
            const int ours = impl::compare(left.data(), right.data(), bytes);
            EXPECT_EQ(ours < 0, left[i] < right[i]) << i << " of " << bytes;
            EXPECT_NE(ours, 0);
        }
    }
}

TEST(StringTest, FunctionsAgreeWithTheHost) {
    for (const char* text : {"", "a", "hello world", "aaaab", "key=value,key2"}) {
        EXPECT_EQ(impl::strlen(text), std::strlen(text));
        EXPECT_EQ(impl::strnlen(text, 3), strnlen(text, 3));
        for (const char* part : {"", "a", "o w", "ab", "key", "=", "zzz"}) {
            EXPECT_EQ(impl::strstr(text, part), std::strstr(text, part));
            EXPECT_EQ(impl::span_of(text, part, true), std::strspn(text, part));
            EXPECT_EQ(impl::span_of(text, part, false), std::strcspn(text, part));
            EXPECT_EQ(impl::strncmp(text, part, 2) < 0, std::strncmp(text, part, 2) < 0);
            EXPECT_EQ(impl::strncmp(text, part, 2) == 0, std::strncmp(text, part, 2) == 0);
        }
        for (char value : {'\0', 'a', 'o', 'k', 'z'}) {
            EXPECT_EQ(impl::strchr(text, value), std::strchr(text, value));
            EXPECT_EQ(impl::strrchr(text, value), std::strrchr(text, value));
            EXPECT_EQ(impl::memchr(text, value, std::strlen(text)), std::memchr(text, value, std::strlen(text)));
        }
    }
}

TEST(StringTest, StrncpyPadsAndDoesNotTerminateAFullField) {
    char field[6] = {'x', 'x', 'x', 'x', 'x', 'x'};
    impl::strncpy(field, "ab", 5);
    EXPECT_EQ(std::memcmp(field, "ab\0\0\0x", 6), 0);
    impl::strncpy(field, "abcdef", 4);
    EXPECT_EQ(std::memcmp(field, "abcd\0x", 6), 0);
}

TEST(NumberTest, ParsingAgreesWithTheHost) {
    for (const char* text : {"0", "42", "  -17x", "+8", "0x1f", "0x", "077", "abc", "", "-", "9223372036854775807",
                             "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551616"}) {
        for (int base : {0, 10, 16, 8, 36}) {
            char* end = nullptr;
            const long long theirs = std::strtoll(text, &end, base);
            const auto ours = impl::parse_number(text, base);
            EXPECT_EQ(impl::signed_value(ours), theirs) << '"' << text << "\" base " << base;
            EXPECT_EQ(ours.end, end) << '"' << text << "\" base " << base;
        }
    }
}

TEST(DivisionTest, AgreesWithTheHostOnRandomOperands) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 200000; ++i) {
        const auto wide = [&] {
            const impl::Wide128 value = (static_cast<impl::Wide128>(random()) << 64) | random();
            return value >> (random() % 128);
        };
        const impl::Wide128 dividend = wide();
        const impl::Wide128 divisor = wide() | 1;
        const auto ours = impl::divide(dividend, divisor);
        ASSERT_TRUE(ours.quotient == dividend / divisor && ours.remainder == dividend % divisor) << i;
    }
}

}  // namespace
