#include <gtest/gtest.h>

#include <array>
#include <string>

#include "lib/line_editor/editor.hpp"
#include "tests/unit/line_editor/screen.hpp"

namespace capos::line_editor {
namespace {

constexpr std::string_view kPrompt = "capOS> ";

class Words final : public Completer {
public:
    void complete(std::string_view before, Suggestions& suggestions) override {
        if (before.empty())
            for (const std::string_view word : {"help", "ps", "ping", "poweroff", "restart", "reboot"})
                suggestions.offer(word);
        else if (before == "restart ")
            suggestions.offer("virtio-net");
    }
};

class EditorTest : public testing::Test {
protected:
    explicit EditorTest(std::size_t columns = 80) : screen_(columns), editor_(kPrompt, &words_, columns) { start(); }

    void start() {
        FixedText<64> out;
        editor_.start(out);
        screen_.print(out.view());
    }

    // Types keys; the event that the last of them causes.
    Event type(std::string_view keys) {
        Event event = Event::None;
        while (!keys.empty()) {
            FixedText<2 * kMaxEcho> out;
            const Fed fed = editor_.feed(std::as_bytes(std::span(keys)), out);
            EXPECT_FALSE(out.truncated());
            screen_.print(out.view());
            keys.remove_prefix(fed.consumed);
            event = fed.event;
            if (event != Event::None && !keys.empty())
                start();
        }
        EXPECT_FALSE(screen_.broken());
        return event;
    }

    // Types keys and enter, and answers the line.
    std::string line(std::string_view keys) {
        EXPECT_EQ(type(std::string(keys) + "\r"), Event::Line);
        std::string result(editor_.line());
        start();
        return result;
    }

    std::string shown() const { return screen_.row(); }

    Words words_;
    Screen screen_;
    Editor editor_;
};

class NarrowEditorTest : public EditorTest {
protected:
    NarrowEditorTest() : EditorTest(20) {}
};

TEST_F(EditorTest, TypedTextIsEchoedAndReturned) {
    EXPECT_EQ(type("ps"), Event::None);
    EXPECT_EQ(shown(), "capOS> ps");
    EXPECT_EQ(line(" -x"), "ps -x");
}

TEST_F(EditorTest, ReturnWithLineFeedIsOneEnter) {
    EXPECT_EQ(line("a"), "a");
    EXPECT_EQ(type("\n"), Event::None);
    EXPECT_EQ(type("b\n"), Event::Line);
    start();
    EXPECT_EQ(type("\n"), Event::Line);
}

TEST_F(EditorTest, TextIsInsertedAtTheCursor) {
    EXPECT_EQ(line("hlp\x1b[D\x1b[De"), "help");
    EXPECT_EQ(line("elp\x01h"), "help");
    EXPECT_EQ(line("elp\x1b[Hh\x1b[F!"), "help!");
    EXPECT_EQ(line("elp\x1b[1~h\x1b[4~!"), "help!");
    EXPECT_EQ(line("elp\x1bOHh\x05!"), "help!");
}

TEST_F(EditorTest, DeletingWorksInBothDirections) {
    EXPECT_EQ(line("pss\x7f"), "ps");
    EXPECT_EQ(line("ps\x08\x08\x08x"), "x");
    EXPECT_EQ(line("xps\x01\x1b[3~"), "ps");
    EXPECT_EQ(line("xps\x01\x04"), "ps");
    EXPECT_EQ(line("ps\x04\x1b[3~"), "ps");
}

TEST_F(EditorTest, WordsAndLineEndsAreDeleted) {
    EXPECT_EQ(line("kill web  \x17x"), "kill x");
    EXPECT_EQ(line("kill web\x1b[D\x1b[D\x1b[D\x0b"), "kill ");
    EXPECT_EQ(line("kill web\x1b[D\x1b[D\x1b[D\x15"), "web");
    EXPECT_EQ(line("kill web\x1b\x7f"), "kill ");
}

TEST_F(EditorTest, WordsAreStepsForTheCursor) {
    EXPECT_EQ(line("one two three\x1b[1;5D\x1b[1;5DX"), "one Xtwo three");
    EXPECT_EQ(line("one two\x01\x1b[1;5CX"), "oneX two");
    EXPECT_EQ(line("one two\x1b" "b\x1b" "b\x1b" "fX"), "oneX two");
}

TEST_F(EditorTest, HistoryGoesBackAndForth) {
    line("first");
    line("second");
    EXPECT_EQ(line("\x1b[A"), "second");
    EXPECT_EQ(line("\x1b[A\x1b[A"), "first");
    EXPECT_EQ(line("typed\x1b[A\x1b[A\x1b[B\x1b[B"), "typed");
    type("\x10");
    EXPECT_EQ(shown(), "capOS> typed");
    EXPECT_EQ(line("\x0e"), "");
}

TEST_F(EditorTest, HistoryHoldsNoRepeatsAndNoBlankLines) {
    line("a");
    line("a");
    line("");
    EXPECT_EQ(editor_.history().size(), 1u);
}

TEST_F(EditorTest, TheOldestLineIsForgotten) {
    for (int i = 0; i < 40; ++i)
        line("n" + std::to_string(i));
    EXPECT_EQ(editor_.history().size(), kHistoryLines);
    EXPECT_EQ(editor_.history().at(0), "n39");
    EXPECT_EQ(editor_.history().at(kHistoryLines - 1), "n8");
    EXPECT_EQ(editor_.history().at(kHistoryLines), "");
    std::string up;
    for (int i = 0; i < 50; ++i)
        up += "\x1b[A";
    EXPECT_EQ(line(up), "n8");
}

TEST_F(EditorTest, TabCompletesTheOnlyCandidate) {
    EXPECT_EQ(line("h\t"), "help ");
    EXPECT_EQ(line("rest\tv\t"), "restart virtio-net ");
    EXPECT_EQ(line("x\t"), "x");
}

TEST_F(EditorTest, TabListsSeveralCandidates) {
    type("re\t");
    EXPECT_EQ(screen_.above(), "restart  reboot");
    EXPECT_EQ(shown(), "capOS> re");
}

TEST_F(EditorTest, TabStopsWhereCandidatesPart) {
    class Same final : public Completer {
        void complete(std::string_view, Suggestions& suggestions) override {
            suggestions.offer("netstack");
            suggestions.offer("network");
        }
    } same;
    Editor editor(kPrompt, &same);
    FixedText<4096> out;
    editor.start(out);
    editor.feed(std::as_bytes(std::span(std::string_view("n\t"))), out);
    EXPECT_EQ(editor.line(), "net");
}

TEST_F(EditorTest, InterruptThrowsTheLineAway) {
    EXPECT_EQ(type("abc\x03"), Event::Interrupt);
    EXPECT_EQ(screen_.above(), "capOS> abc^C");
    EXPECT_EQ(editor_.line(), "");
}

TEST_F(EditorTest, EndOfInputCountsOnlyOnAnEmptyLine) {
    EXPECT_EQ(type("a\x04"), Event::None);
    EXPECT_EQ(type("\x7f\x04"), Event::EndOfInput);
}

TEST_F(EditorTest, ClearingTheScreenKeepsTheLine) {
    type("abc\x0c");
    EXPECT_TRUE(screen_.cleared());
    EXPECT_EQ(shown(), "capOS> abc");
    EXPECT_EQ(screen_.column(), 10u);
}

TEST_F(EditorTest, UnknownSequencesAndOtherBytesAreSwallowed) {
    EXPECT_EQ(line("a\x1b[15~\x1b[?25h\x1bOZ\x1bz\x1b[9;9;9mb"), "ab");
    EXPECT_EQ(line("a\xc3\xbc\x1f" "b\x1c"), "ab");
    EXPECT_EQ(type("x\x1b[\x03"), Event::Interrupt);
    start();
    EXPECT_EQ(type("x\x1b\x03"), Event::Interrupt);
}

TEST_F(EditorTest, ALineIsBounded) {
    EXPECT_EQ(line(std::string(2 * kMaxLine, 'x')), std::string(kMaxLine, 'x'));
    type("\x01");
}

TEST_F(EditorTest, OutputThatIsFullStopsTheInput) {
    FixedText<kMaxEcho> out;
    const std::string keys(100, 'x');
    const Fed fed = editor_.feed(std::as_bytes(std::span(keys)), out);
    EXPECT_EQ(fed.event, Event::None);
    EXPECT_EQ(fed.consumed, 1u);
}

TEST_F(NarrowEditorTest, LongLinesScrollSideways) {
    type("0123456789abcdefghij");
    EXPECT_EQ(shown(), "capOS> 9abcdefghij");
    EXPECT_EQ(screen_.column(), 18u);
    type("\x01");
    EXPECT_EQ(shown(), "capOS> 0123456789ab");
    EXPECT_EQ(screen_.column(), 7u);
    EXPECT_EQ(line("X"), "X0123456789abcdefghij");
}

TEST_F(NarrowEditorTest, ListsAreAsWideAsTheTerminal) {
    type("\t");
    EXPECT_EQ(screen_.above(), "reboot");
    type("p\t");
    EXPECT_EQ(screen_.above(), "ps  ping  poweroff");
}

TEST(SuggestionsTest, MoreThanThereIsRoomForAreDropped) {
    Suggestions suggestions("");
    EXPECT_EQ(suggestions.common(), "");
    for (std::size_t i = 0; i < kMaxSuggestions + 5; ++i)
        suggestions.offer("same");
    EXPECT_EQ(suggestions.words().size(), kMaxSuggestions);
    EXPECT_EQ(suggestions.common(), "same");
}

}  // namespace
}  // namespace capos::line_editor
