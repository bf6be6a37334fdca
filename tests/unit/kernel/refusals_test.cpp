// What of refused authority stands on the console, and how little of it a program can cause.
#include <gtest/gtest.h>

#include "kernel/process/refusals.hpp"
#include "tests/kernel_host/system.hpp"

namespace capos::test {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

class RefusalsTest : public testing::Test {
protected:
    RefusalsTest() {
        machine().advance(120 * kSecond);        // the last test's lines are long past
        machine().serial.clear();
    }
    // A call on a handle that was never given, as one of `interface_id`.
    void call_nothing(User& by, std::uint64_t interface_id, std::uint16_t method = 0) {
        abi::Submission entry{};
        entry.operation = abi::Operation::Call;
        entry.handle = std::uint64_t{1} << 32 | 50'000;
        entry.interface_or_call = interface_id;
        entry.method = method;
        by.push(entry);
        by.enter();
        by.unclaimed().clear();
    }
    static std::size_t lines(std::string_view with = "refused: ") {
        std::size_t count = 0;
        for (std::size_t at = 0; (at = machine().serial.find(with, at)) != std::string::npos; ++at) ++count;
        return count;
    }

    TestSystem system;
    User& user = system.user("user");
};

TEST_F(RefusalsTest, EachKindIsSaidOnceAndThenCounted) {
    call_nothing(user, 0xabc, 3);
    EXPECT_EQ(lines("] kernel: refused: user (pid " + std::to_string(user.pid) +
                    "), method 3 of interface 0x0000000000000abc: BadHandle\r\n"), 1u);
    for (int i = 0; i < 5; ++i) call_nothing(user, 0xabc, 3);
    EXPECT_EQ(lines(), 1u);
    machine().advance(kSecond);
    EXPECT_EQ(lines("] kernel: refused: 5 more since the last such line\r\n"), 1u);
    // What only repeats itself is summed up once a minute.
    for (int i = 0; i < 60; ++i) {
        call_nothing(user, 0xabc, 3);
        machine().advance(kSecond);
    }
    EXPECT_EQ(lines(), 3u);
    EXPECT_EQ(user.process().refusals, 66u);
}

TEST_F(RefusalsTest, NoMoreThanALineASecond) {
    User& other = system.user("other");
    for (std::uint16_t method = 0; method < 6; ++method) {
        call_nothing(user, 1, method);
        call_nothing(other, 1, method);
    }
    for (std::size_t seconds = 0; seconds < 12; ++seconds) {
        EXPECT_EQ(lines(), 1 + seconds);
        machine().advance(kSecond);
    }
    machine().advance(100 * kSecond);
    EXPECT_EQ(lines(), 12u);
}

TEST_F(RefusalsTest, AFloodOfManyKindsIsAFewLines) {
    for (std::uint64_t i = 0; i < 2000; ++i) call_nothing(user, i);
    for (int second = 0; second < 300; ++second) machine().advance(kSecond);
    EXPECT_LE(lines(), 8u + 6u);
    EXPECT_EQ(lines("refused: user"), 8u);
    // Which does not hide what another is refused.
    call_nothing(system.user("other"), 1);
    machine().advance(kSecond);
    EXPECT_EQ(lines("refused: other"), 1u);
}

TEST_F(RefusalsTest, ObjectsRefusalsAreSaidAndOrdinaryErrorsAreNot) {
    EXPECT_EQ(user.create_memory(0), abi::kNoHandle);                        // InvalidArgument
    EXPECT_EQ(lines(), 0u);
    EXPECT_EQ(user.create_memory(200u << 20), abi::kNoHandle);               // QuotaExceeded
    EXPECT_EQ(lines(": QuotaExceeded"), 1u);
    machine().advance(kSecond);
    EXPECT_EQ(user.release(std::uint64_t{1} << 32 | 9999), Error::BadHandle);
    EXPECT_EQ(lines("), RELEASE: BadHandle"), 1u);
}

TEST_F(RefusalsTest, WhatAnEndedProcessWasRefusedIsStillSaidAndItsPlaceIsFree) {
    for (int life = 0; life < 100; ++life) {
        User& other = system.user("other");
        call_nothing(other, 1);
        call_nothing(other, 2);
        other.kill();
        for (int second = 0; second < 3; ++second) machine().advance(kSecond);
    }
    EXPECT_EQ(lines("refused: other"), 200u);
}

}  // namespace
}  // namespace capos::test
