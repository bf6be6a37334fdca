// The machine that the kernel core believes it runs on.
#pragma once

#include <csetjmp>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "kernel/arch/arch.hpp"
#include "kernel/process/process.hpp"

namespace capos::test {

// How the kernel was left.
enum class Left : std::uint8_t { Resumed, Idle, PoweredOff, Reset };

// Ends the test program with a message: the machine itself was misused.
[[noreturn]] void broken(const char* what);

class Machine {
public:
    // Runs one kernel entry; the kernel leaves it by resuming a thread or going idle.
    template <class Entry>
    Left enter(Entry&& entry) {
        if (inside_) broken("the kernel was entered while inside it");
        inside_ = true;
        pages_in_entry = 0;
        if (setjmp(leave_) == 0) {
            entry();
            broken("a kernel entry returned");
        }
        inside_ = false;
        return left_;
    }
    [[noreturn]] void leave(Left how);

    // The clock moves on; the timer's interrupt comes as often as it is armed for a time that has passed.
    void advance(std::uint64_t nanoseconds);
    // The timer's interrupt now, armed or not.
    Left timer();
    // Lets the kernel pick who runs and finish what it put off. For after calling kernel functions from outside.
    Left settle();

    std::uint64_t now = 1'000'000'000;
    std::function<void()> on_clock;           // called before the kernel reads the time
    std::uint64_t armed = ~std::uint64_t{0};
    std::uint64_t timer_interrupts = 0;

    // Pages mapped, unmapped, zeroed or given back in the present or last entry, and the most in any since it was set to 0.
    void did(std::uint64_t pages) {
        pages_in_entry += pages;
        if (pages_in_entry > most_pages_in_entry) most_pages_in_entry = pages_in_entry;
    }
    std::uint64_t pages_in_entry = 0;
    std::uint64_t most_pages_in_entry = 0;

    std::string serial;                       // what the kernel sent on the serial port
    bool serial_blocked = false;              // the port takes nothing
    std::deque<char> keyboard;                // what waits to be read there
    std::deque<std::string> typed_meanwhile;  // what comes each time after that was read, and raises no interrupt
    unsigned raised_again = 0;

    const kernel::arch::ThreadContext* resumed = nullptr;
    std::uint64_t resumes = 0;
    std::vector<std::uint32_t> ended;         // pids told to process_ended()

private:
    bool inside_ = false;
    Left left_ = Left::Idle;
    std::jmp_buf leave_;
};

Machine& machine();

// Physical memory: host allocations. A double free, a free of a frame that is mapped, or a map of a frame that is not
// out ends the program.
struct Memory {
    std::uint64_t total = 1u << 18;           // frames
    std::uint64_t used = 0;
    std::uint64_t takes_until_failure = ~std::uint64_t{0};   // the takes after so many fail, frames and slab cells alike
    bool fail_once = false;                   // only the first of them
    std::uint64_t cells = 0;                  // slab cells out
    bool allows_take() {
        if (takes_until_failure == ~std::uint64_t{0}) return true;
        if (takes_until_failure == 0) {
            if (fail_once) takes_until_failure = ~std::uint64_t{0};
            return false;
        }
        --takes_until_failure;
        return true;
    }
};
Memory& memory();
bool frame_is_out(std::uint64_t address);
void frame_mapped(std::uint64_t address);
void frame_unmapped(std::uint64_t address);

// What is mapped at `address` of a process; frame null when nothing is.
struct MappedPage {
    std::byte* frame = nullptr;
    kernel::Protection protection{};
};
MappedPage mapped_page(const kernel::arch::PageTables& tables, kernel::UserAddr address);
std::size_t mapped_pages(const kernel::arch::PageTables& tables);

}  // namespace capos::test
