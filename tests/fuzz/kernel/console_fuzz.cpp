// Terminal text with lines of the kernel's in between: nothing but those may begin like one.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "kernel/console/console.hpp"
#include "kernel/console/terminal_filter.hpp"
#include "tests/kernel_host/machine.hpp"

namespace {

using namespace capos;

// Looks at what came after the last look, line by line, with and without control sequences; kernel lines are skipped.
void check(std::string_view text) {
    std::string plain;
    bool at_start = true;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\x1b' && i + 1 < text.size() && text[i + 1] == '[') {
            for (i += 2; i < text.size() && ((text[i] >= '0' && text[i] <= '9') || text[i] == ';');) ++i;
            continue;
        }
        if (at_start) {
            const std::string_view line = text.substr(i, text.find_first_of("\r\n", i) - i);
            if (line.starts_with("[") && line.find("] KERNEL: ") != line.npos) {
                i += line.size() + 1;
                plain.clear();
                continue;
            }
        }
        at_start = text[i] == '\r' || text[i] == '\n';
        if (at_start) {
            if (kernel::starts_reserved(plain)) test::broken("terminal text made a reserved line");
            plain.clear();
        } else if (text[i] >= ' ' || text[i] == '\t') {
            plain += text[i];
        }
    }
    if (kernel::starts_reserved(plain)) test::broken("terminal text made a reserved line");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // A fixed beginning of a line, whatever the input before left.
    kernel::console::terminal_write(std::string_view("x\n"));       // x ends a control sequence that was under way
    test::machine().serial.clear();
    std::uint64_t from = 0;
    for (std::size_t i = 0; i < size; ++i) {
        const char c = static_cast<char>(data[i]);
        switch (data[i]) {
        case 0xf0: kernel::console::line("KERNEL", "text"); break;
        case 0xf1: test::machine().serial_blocked = true; break;
        case 0xf2: test::machine().serial_blocked = false; kernel::console::pump(); break;
        case 0xf3: kernel::console::terminal_write(std::string_view("cloudboot-")); break;
        case 0xf4: kernel::console::terminal_write(std::string_view("evidence: x")); break;
        case 0xf5: kernel::console::terminal_write(std::string_view("\x1b[")); break;
        case 0xf6: {
            char part[512];
            from = kernel::console::read_log(from, part).next;
            break;
        }
        case 0xf7:
            for (int n = 0; n < 600; ++n) kernel::console::line("KERNEL", std::string(100, 'l'));
            break;
        default: kernel::console::terminal_write(std::string_view(&c, 1)); break;
        }
    }
    test::machine().serial_blocked = false;
    kernel::console::flush();
    check(test::machine().serial);
    return 0;
}
