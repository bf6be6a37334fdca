// Whatever is typed, the row on the screen is the prompt and the part of the line around the cursor.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "lib/line_editor/editor.hpp"
#include "tests/unit/line_editor/screen.hpp"

namespace {

using namespace capos::line_editor;
using capos::FixedText;

constexpr std::string_view kPrompt = "> ";
constexpr std::size_t kColumns = 24;

void require(bool holds) {
    if (!holds)
        std::abort();
}

class Words final : public Completer {
public:
    void complete(std::string_view before, Suggestions& suggestions) override {
        for (const char* word : {"a", "ab", "abacus", "b", "zebra"})
            if (before.empty() || word[0] == 'b')
                suggestions.offer(word);
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Words words;
    Editor editor(kPrompt, &words, kColumns);
    Screen screen(kColumns);
    FixedText<64> started;
    editor.start(started);
    screen.print(started.view());
    std::span<const std::byte> bytes = std::as_bytes(std::span(data, size));
    while (!bytes.empty()) {
        FixedText<2 * kMaxEcho> out;
        const Fed fed = editor.feed(bytes.first(bytes.size() < 5 ? bytes.size() : 1 + data[0] % 5), out);
        require(fed.consumed != 0 && !out.truncated());
        screen.print(out.view());
        bytes = bytes.subspan(fed.consumed);
        require(!screen.broken());
        require(editor.line().size() <= kMaxLine);
        if (fed.event != Event::None) {
            FixedText<64> again;
            editor.start(again);
            screen.print(again.view());
        }
        const std::string row = screen.row();
        const std::string_view shown = std::string_view(row).size() > kPrompt.size()
                                           ? std::string_view(row).substr(kPrompt.size()) : std::string_view();
        require(editor.line().find(shown) != std::string_view::npos);
        require(screen.column() >= kPrompt.size() && screen.column() < kColumns);
    }
    return 0;
}
