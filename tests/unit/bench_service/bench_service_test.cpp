#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "services/bench/pattern.hpp"
#include "services/bench/request_scanner.hpp"

namespace capos::bench {
namespace {

using Outcome = RequestScanner::Outcome;

// The outcomes of a text given in pieces.
std::vector<Outcome> scan(std::string_view text, std::size_t piece) {
    RequestScanner scanner;
    std::vector<Outcome> outcomes;
    while (!text.empty()) {
        const std::string_view part = text.substr(0, piece);
        auto bytes = std::as_bytes(std::span(part));
        while (!bytes.empty()) {
            const Outcome outcome = scanner.take(bytes);
            if (outcome == Outcome::Incomplete)
                break;
            outcomes.push_back(outcome);
            if (outcome == Outcome::TooLong)
                return outcomes;
        }
        text.remove_prefix(part.size());
    }
    return outcomes;
}

TEST(RequestScannerTest, HeadsAreFoundWhateverThePieces) {
    const std::string text = "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nCONNECTION: Close\r\n\r\n";
    const std::vector<Outcome> expected = {Outcome::Keep, Outcome::Close};
    for (std::size_t piece = 1; piece <= text.size(); ++piece)
        EXPECT_EQ(scan(text, piece), expected) << piece;
}

TEST(RequestScannerTest, OnlyTheConnectionFieldAsksToClose) {
    EXPECT_EQ(scan("GET / HTTP/1.1\r\nA: connection: close\r\n\r\n", 100), std::vector{Outcome::Keep});
    EXPECT_EQ(scan("GET / HTTP/1.1\r\nConnection: keep-alive\r\n\r\n", 100), std::vector{Outcome::Keep});
}

TEST(RequestScannerTest, AHeadThatNeverEndsIsTooLong) {
    EXPECT_EQ(scan(std::string(5000, 'a'), 700), std::vector{Outcome::TooLong});
    EXPECT_EQ(scan(std::string(1400, 'a'), 700), std::vector<Outcome>{});
}

TEST(PatternTest, EveryWordIsItsIndexTimesTheStep) {
    std::array<std::byte, 80> bytes;
    fill_pattern(800, bytes);
    for (std::uint64_t i = 0; i < 10; ++i) {
        std::uint64_t word;
        std::memcpy(&word, bytes.data() + i * 8, 8);
        EXPECT_EQ(word, (100 + i) * kPatternStep);
    }
    EXPECT_EQ(kSourceBytes % 8, 0u);
}

}  // namespace
}  // namespace capos::bench
