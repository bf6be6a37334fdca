// What the shell prints: collected, then sent to the terminal.
#pragma once

#include "lib/base/text.hpp"
#include "runtime/task.hpp"
#include "schema/system.client.hpp"

namespace capos::shell {

class Output {
public:
    explicit Output(const client::Terminal& terminal) : terminal_(terminal) {}
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    // Where to write. "\n" ends a line; the terminal gets CR LF.
    TextWriter& text() { return text_; }
    template <class Value>
    Output& operator<<(const Value& value) {
        static_cast<TextWriter&>(text_) << value;
        return *this;
    }

    // Sends everything. What the terminal does not take within ten seconds is dropped.
    rt::Task<void> flush();
    // Sends everything when less than a screen line or two of room is left: between the rows of long lists.
    rt::Task<void> flush_when_full();

private:
    rt::Task<void> send(std::string_view bytes);

    const client::Terminal& terminal_;
    FixedText<8192> text_;
};

}  // namespace capos::shell
