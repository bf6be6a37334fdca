// What reaches the serial port, and what can never be made to look like a line of the kernel's.
#include "kernel/console/console.hpp"

#include <gtest/gtest.h>

#include <random>

#include "kernel/console/line_model.hpp"
#include "kernel/console/terminal_filter.hpp"
#include "tests/kernel_host/machine.hpp"

namespace capos::kernel {
namespace {

using test::machine;

struct Sink {
    std::string text;
    void character(char c) { text.push_back(c); }
    void sequence(std::string_view whole, std::uint32_t, char) { text += whole; }
};

std::string filtered(std::string_view text) {
    TerminalFilter filter;
    Sink sink;
    for (char c : text) filter.byte(c, sink);
    return sink.text;
}

// The text as a reader of the serial port may see it who drops control sequences and control characters.
std::string without_controls(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\x1b' && i + 1 < text.size() && text[i + 1] == '[') {
            i += 2;
            while (i < text.size() && ((text[i] >= '0' && text[i] <= '9') || text[i] == ';')) ++i;
            continue;
        }
        if (text[i] == '\n' || text[i] == '\r' || text[i] == '\t' || text[i] >= ' ') plain += text[i];
    }
    return plain;
}

bool has_reserved_line(std::string_view text) {
    bool at_start = true;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (at_start && starts_reserved(text.substr(i))) return true;
        at_start = text[i] == '\n' || text[i] == '\r';
    }
    return false;
}

TEST(TerminalFilterTest, OrdinaryTextPassesUnchanged) {
    for (std::string_view text : {"capOS> help\r\n", "a [b] c\r\n", "cloud nine\n", "caps web\n", "x\ty\n"})
        EXPECT_EQ(filtered(text), text);
}

TEST(TerminalFilterTest, ControlCharactersAndForeignSequencesBecomeQuestionMarks) {
    EXPECT_EQ(filtered("a\x07" "b\x7f" "c\x80\xff\n"), "a?b?c??\n");
    EXPECT_EQ(filtered("\x1b]0;title\n"), "?]0;title\n");
    EXPECT_EQ(filtered("x\x1b[?25l\n"), "x?25l\n");
    EXPECT_EQ(filtered("x\x1b[5n\n"), "x?\n");
    EXPECT_EQ(filtered("x\x1b[1;2;3;4;5;6;7m\n"), "x?6;7m\n");
    EXPECT_EQ(filtered("x\x1b\x1b\n"), "x?\?\n");
}

TEST(TerminalFilterTest, TheListedSequencesPass) {
    const std::string_view text = "x\x1b[K\x1b[2J\x1b[3C\x1b[4D\x1b[A\x1b[B\x1b[1;1H\x1b[1;31m!\n";
    EXPECT_EQ(filtered(text), text);
}

TEST(TerminalFilterTest, AReservedPrefixAtTheStartOfALineGetsASpace) {
    EXPECT_EQ(filtered("[    0.000001] kernel: no\n"), " [    0.000001] kernel: no\n");
    EXPECT_EQ(filtered("cloudboot-evidence: raw-frame\n"), " cloudboot-evidence: raw-frame\n");
    EXPECT_EQ(filtered("capos kernel starting\n"), " capos kernel starting\n");
    EXPECT_EQ(filtered("x\n[y\r[z\n"), "x\n [y\r [z\n");
    EXPECT_EQ(filtered("cloudboot-evidenc\n"), "cloudboot-evidenc\n");
}

TEST(TerminalFilterTest, CursorMovementDoesNotHelp) {
    for (std::string_view text : {
             "abc\b\b\b[x\n", "abc\x1b[3D[x\n", "abc\x1b[999D[x\n", "\x1b[9999C\x1b[200D[x\n", "\x1b[1;1H[x\n",
             "a\n\x1b[A[x\n", "\x1b[K[x\n", "\x1b[0m[x\n", "clou\x1b[Kdboot-evidence: x\n", "clou\bdboot-evidence: x\n",
             "capos\x1b[m kernel\n", "\x1b[C[x\n", "c\r\x1b[Cloudboot-evidence: x\n", "x\x1b[D\x1b[C[y\n"}) {
        const std::string out = filtered(text);
        EXPECT_FALSE(has_reserved_line(out)) << out;
        EXPECT_FALSE(has_reserved_line(without_controls(out))) << out;
    }
}

TEST(TerminalFilterTest, RandomTextNeverMakesAReservedLine) {
    std::mt19937 random(7);
    const std::string_view pieces[] = {"[", "cloudboot-evidence:", "capos kernel", "cloudboot-", "evidence:", "capos",
                                       " kernel", "c", "cl", "\b", "\r", "\n", "\x1b", "\x1b[", "\x1b[K", "\x1b[C",
                                       "\x1b[9C", "\x1b[D", "\x1b[99D", "\x1b[A", "\x1b[H", "\x1b[2J", "\x1b[m", "x",
                                       " ", "0", ";", "m", "D", "\xff"};
    for (int round = 0; round < 20'000; ++round) {
        std::string text;
        for (int i = 0; i < 24; ++i) text += pieces[random() % std::size(pieces)];
        const std::string out = filtered(text);
        ASSERT_FALSE(has_reserved_line(out)) << out;
        ASSERT_FALSE(has_reserved_line(without_controls(out))) << out;
    }
}

TEST(LineModelTest, HoldsWhatTheLineShows) {
    const auto shown = [](std::string_view text) {
        LineModel model;
        TerminalFilter filter;
        struct Feed {
            LineModel& model;
            void character(char c) { model.character(c); }
            void sequence(std::string_view, std::uint32_t parameter, char final) { model.sequence(parameter, final); }
        } feed{model};
        for (char c : text) filter.byte(c, feed);
        return std::string(model.text()) + "|" + std::to_string(model.column());
    };
    EXPECT_EQ(shown("capOS> he"), "capOS> he|9");
    EXPECT_EQ(shown("done\nx"), "x|1");
    EXPECT_EQ(shown("\rcapOS> help\x1b[K\r\x1b[8C"), "capOS> help|8");
    EXPECT_EQ(shown("abcdef\x1b[3D\x1b[K"), "abc|3");
    EXPECT_EQ(shown("abcdef\x1b[2K"), "|6");
    EXPECT_EQ(shown("abc\b\bX"), "aXc|2");
    EXPECT_EQ(shown("a\tb"), "a       b|9");
    EXPECT_EQ(shown("ab\x1b[3Cc"), "ab   c|6");
    EXPECT_EQ(shown("ab\x1b[99D"), "ab|0");
    EXPECT_EQ(shown("ab\x1b[H"), "|0");
    EXPECT_EQ(shown("ab\x1b[1m"), "ab|2");
    EXPECT_EQ(shown(std::string(500, 'a')), std::string(160, 'a') + "|160");
    EXPECT_EQ(shown("a\x1b[9999C"), "a|160");
}

class ConsoleTest : public testing::Test {
protected:
    ConsoleTest() {
        machine().serial_blocked = false;
        console::terminal_write(std::string_view("\n"));
        console::pump();
        machine().serial.clear();
    }
    void write(std::string_view text) { console::terminal_write(text); }
    std::string& serial() { return machine().serial; }
};

TEST_F(ConsoleTest, ALineStandsAloneAndCarriesItsTime) {
    machine().now = 12'345'678'901;
    console::line("kernel", "hello");
    EXPECT_EQ(serial(), "[   12.345678] kernel: hello\r\n");
}

TEST_F(ConsoleTest, ALineBetweenTerminalTextLeavesThatAsItWas) {
    write("capOS> he");
    serial().clear();
    console::line("web", "up");
    const std::size_t start = serial().find("\r[");
    ASSERT_NE(start, std::string::npos);
    EXPECT_EQ(serial().substr(0, start + 1), "\x1b[2K\r");
    EXPECT_TRUE(serial().ends_with("] web: up\r\ncapOS> he")) << serial();
    serial().clear();
    write("lp\x1b[2D");
    serial().clear();
    console::line("web", "again");
    EXPECT_TRUE(serial().ends_with("capOS> help\x1b[2D")) << serial();
}

TEST_F(ConsoleTest, ReplayedTextCannotBecomeAReservedLine) {
    for (std::string_view before : {"cloudboot-evidX\x1b[De", "c\r\x1b[C", "xloudboot\rcX\b", "abc\x1b[2K", "\x1b[5C"}) {
        for (std::string_view after : {"nce: fake\n", "loudboot-evidence: fake\n", "[ 0.0] kernel: fake\n"}) {
            write("\n");
            write(before);
            console::pump();
            console::line("kernel", "between");
            const std::size_t mark = serial().rfind("between\r\n") + 9;
            write(after);
            const std::string rest = serial().substr(mark);
            EXPECT_FALSE(has_reserved_line(rest)) << before << after << ": " << rest;
            EXPECT_FALSE(has_reserved_line(without_controls(rest))) << before << after << ": " << rest;
        }
    }
}

TEST_F(ConsoleTest, RandomTextBetweenLinesNeverMakesAReservedLine) {
    std::mt19937 random(11);
    const std::string_view pieces[] = {"[", "cloudboot-evidence:", "cloudboot-", "evidence:", "c", "loud", "\b", "\r",
                                       "\n", "\x1b[K", "\x1b[C", "\x1b[9C", "\x1b[D", "\x1b[99D", "\x1b[A", "\x1b[2J", "x"};
    for (int round = 0; round < 3'000; ++round) {
        write("\n");
        serial().clear();
        std::string checked;
        for (int i = 0; i < 16; ++i) {
            if (random() % 6 == 0) {
                const std::size_t from = serial().size();
                console::line("kernel", "KERNEL");
                // The kernel's own line is the one that may be there: take it out, whole.
                const std::size_t start = serial().find('[', from + (serial()[from] == '\x1b' ? 2 : 0));
                ASSERT_NE(start, std::string::npos);
                ASSERT_TRUE(start == 0 || serial()[start - 1] == '\r' || serial()[start - 1] == '\n') << serial();
                const std::size_t end = serial().find("KERNEL\r\n", start);
                serial().replace(start, end + 6 - start, "K");
            } else {
                write(pieces[random() % std::size(pieces)]);
            }
        }
        ASSERT_FALSE(has_reserved_line(serial())) << serial();
        ASSERT_FALSE(has_reserved_line(without_controls(serial()))) << serial();
    }
}

TEST_F(ConsoleTest, WhatDoesNotFitIsDroppedInWholeLinesAndCounted) {
    machine().serial_blocked = true;
    const std::uint64_t before = console::dropped();
    for (int i = 0; i < 1000; ++i) console::line("noisy", std::string(100, 'n'));
    EXPECT_GT(console::dropped(), before);
    machine().serial_blocked = false;
    console::pump();
    std::size_t lines = 0;
    for (std::size_t at = 0; at < serial().size(); ++lines) {
        const std::size_t end = serial().find("\r\n", at);
        ASSERT_NE(end, std::string::npos);
        EXPECT_TRUE(serial().substr(at, end - at).ends_with(std::string(100, 'n')));
        at = end + 2;
    }
    EXPECT_GT(lines, 100u);
    EXPECT_LT(lines, 1000u);
}

TEST_F(ConsoleTest, TerminalTextLeavesRoomForLines) {
    machine().serial_blocked = true;
    while (console::terminal_write(std::string_view("yyyyyyyyyyyyyyyy\n")) != 0) {}
    const std::uint64_t before = console::dropped();
    console::line("kernel", "still heard");
    EXPECT_EQ(console::dropped(), before);
    machine().serial_blocked = false;
    console::flush();
    EXPECT_NE(serial().find("still heard\r\n"), std::string::npos);
}

TEST_F(ConsoleTest, TheLogKeepsTheNewestWholeLines) {
    std::string expected;
    for (int i = 0; i < 3000; ++i) console::line("count", "number " + std::to_string(i));
    char text[4096];
    std::string all;
    std::uint64_t at = 0;
    for (;;) {
        const auto part = console::read_log(at, text);
        if (part.bytes == 0) break;
        all.append(text, part.bytes);
        EXPECT_EQ(part.lost, 0u);
        at = part.next;
    }
    EXPECT_EQ(all[0], '[');
    EXPECT_TRUE(all.ends_with("count: number 2999\n"));
    EXPECT_GT(all.size(), 60'000u);
    std::size_t start = 0;
    int next = -1;
    while (start < all.size()) {
        const std::size_t end = all.find('\n', start);
        const std::string line = all.substr(start, end - start);
        const int number = std::atoi(line.c_str() + line.rfind(' '));
        EXPECT_EQ(line[0], '[');
        if (next >= 0) EXPECT_EQ(number, next);
        next = number + 1;
        start = end + 1;
    }
    // A reader that fell behind is told how much it lost, and goes on at a whole line.
    const std::uint64_t behind = at;
    for (int i = 0; i < 3000; ++i) console::line("count", "again " + std::to_string(i));
    const auto part = console::read_log(behind, text);
    EXPECT_GT(part.lost, 0u);
    EXPECT_EQ(text[0], '[');
    EXPECT_EQ(console::read_log(~std::uint64_t{0} >> 1, text).bytes, 0u);
    EXPECT_EQ(console::read_log(0, std::span(text, 10)).bytes, 0u);
}

}  // namespace
}  // namespace capos::kernel
