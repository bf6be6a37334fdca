#include <gtest/gtest.h>

#include <algorithm>

#include "services/shell/command_table.hpp"

namespace capos::shell {
namespace {

TEST(CommandTableTest, CommandsAreSortedAndFound) {
    EXPECT_TRUE(std::ranges::is_sorted(commands(), {}, &CommandHelp::name));
    ASSERT_EQ(commands().size(), command_names().size());
    for (std::size_t i = 0; i < commands().size(); ++i) {
        EXPECT_EQ(find_command(command_names()[i]), &commands()[i]);
        EXPECT_TRUE(commands()[i].usage.starts_with(commands()[i].name));
    }
    EXPECT_EQ(find_command("frobnicate"), nullptr);
    EXPECT_EQ(find_command(""), nullptr);
}

TEST(CommandTableTest, EveryHelpTextFitsAnEightyColumnTerminal) {
    for (const CommandHelp& command : commands()) {
        EXPECT_LT(command.usage.size(), 22u) << command.name;
        EXPECT_LE(24 + command.summary.size(), 79u) << command.name;
        EXPECT_LE(command.usage.size() + 3 + command.summary.size(), 79u) << command.name;
        EXPECT_TRUE(command.explanation.ends_with('\n')) << command.name;
        std::string_view rest = command.explanation;
        while (!rest.empty()) {
            const std::size_t end = rest.find('\n');
            EXPECT_LE(end, 79u) << command.name;
            rest.remove_prefix(end + 1);
        }
    }
}

TEST(CommandTableTest, EveryExampleIsACallThatTheCommandTakes) {
    for (const CommandHelp& command : commands()) {
        const Words words = split(command.example);
        EXPECT_EQ(words.first(), command.name);
        EXPECT_GE(words.arguments(), command.least_arguments);
        EXPECT_LE(words.arguments(), command.most_arguments);
    }
}

TEST(WordsTest, LinesAreCutAtSpaces) {
    const Words words = split("  ping  10.0.0.1 3 ");
    EXPECT_EQ(words.count, 3u);
    EXPECT_EQ(words.first(), "ping");
    EXPECT_EQ(words.argument(0), "10.0.0.1");
    EXPECT_EQ(words.argument(1), "3");
    EXPECT_EQ(words.argument(2), "");
    EXPECT_EQ(words.arguments(), 2u);
}

TEST(WordsTest, AnEmptyLineHasNoWords) {
    EXPECT_EQ(split("").count, 0u);
    EXPECT_EQ(split("    ").arguments(), 0u);
    EXPECT_EQ(split("").first(), "");
}

TEST(WordsTest, WordsBeyondThePlacesAreCounted) {
    const Words words = split("a b c d e f g h i j");
    EXPECT_EQ(words.count, 10u);
    EXPECT_EQ(words.argument(6), "h");
    EXPECT_EQ(words.argument(7), "");
}

}  // namespace
}  // namespace capos::shell
