// The panic block: reason, CPU, registers, backtrace, last ring operations; then the end. Takes no lock, allocates
// nothing, polls the serial port, and believes no pointer that it has not checked.
#include "kernel/panic.hpp"

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/features.hpp"
#include "kernel/arch/x86_64/uart.hpp"
#include "kernel/boot/boot_info.hpp"
#include "kernel/symbols.hpp"
#include "kernel/version.hpp"
#include "lib/base/text.hpp"

// kernel.ld
extern "C" std::byte kernel_image_start[], kernel_image_end[];

namespace capos::kernel {

namespace {

constexpr unsigned kBacktraceDepth = 24;
constexpr std::uint64_t kSecondsBeforeReset = 10;
constexpr std::uint64_t kUsualHz = 2'500'000'000;    // of the counter, while it has not been measured

unsigned depth;     // panics so far: one inside another prints less

void put(const char* text) {
    for (; *text != 0; ++text) {
        if (*text == '\n') arch::uart_poll_put('\r');
        arch::uart_poll_put(*text);
    }
}

void put(std::string_view text) {
    for (char c : text) arch::uart_poll_put(c);
}

void end_line(FixedText<200>& line) {
    put(line.view());
    put("\n");
    line.clear();
}

bool in_image(std::uint64_t address, std::uint64_t bytes) {
    const auto start = reinterpret_cast<std::uint64_t>(kernel_image_start);
    const auto end = reinterpret_cast<std::uint64_t>(kernel_image_end);
    return address >= start && address <= end - bytes;
}

void put_place(std::uint64_t address) {
    FixedText<200> line;
    line << "  " << Hex{address, 16};
    if (const SymbolPlace place = find_symbol(address); place.name != nullptr) line << "  " << place.name << " +0x" << Hex{place.offset};
    end_line(line);
}

// Frame pointers: [rbp] is the caller's rbp, [rbp + 8] where it returns to. All stacks are in the image.
void put_backtrace(std::uint64_t instruction, std::uint64_t frame) {
    put("backtrace:\n");
    if (instruction != 0) put_place(instruction);
    for (unsigned i = 0; i < kBacktraceDepth && frame % 8 == 0 && in_image(frame, 16); ++i) {
        const auto* pair = reinterpret_cast<const std::uint64_t*>(frame);
        if (pair[1] == 0) return;
        put_place(pair[1]);
        if (pair[0] <= frame) return;
        frame = pair[0];
    }
}

void put_registers(const arch::TrapFrame& frame) {
    const struct { const char* name; std::uint64_t value; } registers[] = {
        {"rax", frame.rax}, {"rbx", frame.rbx}, {"rcx", frame.rcx}, {"rdx", frame.rdx}, {"rsi", frame.rsi},
        {"rdi", frame.rdi}, {"rbp", frame.rbp}, {"rsp", frame.rsp}, {"r8 ", frame.r8},  {"r9 ", frame.r9},
        {"r10", frame.r10}, {"r11", frame.r11}, {"r12", frame.r12}, {"r13", frame.r13}, {"r14", frame.r14},
        {"r15", frame.r15}, {"rip", frame.rip}, {"flg", frame.rflags}, {"cs ", frame.cs}, {"ss ", frame.ss},
        {"cr0", arch::read_cr0()}, {"cr2", arch::read_cr2()}, {"cr3", arch::read_cr3()}, {"cr4", arch::read_cr4()}};
    FixedText<200> line;
    unsigned column = 0;
    for (const auto& item : registers) {
        line << ' ' << item.name << ' ' << Hex{item.value, 16};
        if (++column % 4 == 0) end_line(line);
    }
}

[[noreturn]] void finish() {
    if (command_line_value("panic") == "exit") {
        put("ending the virtual machine\n");
        arch::exit_vm(kPanicExitStatus);
    }
    put("reset in 10 seconds\n");
    const std::uint64_t measured = arch::clock().tsc_hz;
    const std::uint64_t hz = measured != 0 ? measured : kUsualHz;
    const std::uint64_t until = arch::read_tsc() + kSecondsBeforeReset * hz;
    while (arch::read_tsc() < until) arch::relax();
    arch::reset();
}

}  // namespace

void panic_with_frame(const char* reason, const arch::TrapFrame* frame) {
    asm volatile("cli");
    ++depth;
    put("\n");
    if (depth > 2) arch::reset();
    put("capos kernel panic: ");
    put(reason);
    put("\n");
    if (depth == 2) {
        put("(while a panic was being printed)\n");
        finish();
    }
    FixedText<200> line;
    line << "version " << kVersion << ", CPU " << arch::cpu_features.apic_id << " (" << arch::cpu_model() << ")";
    if (arch::clock().tsc_hz != 0) line << ", " << arch::now_ns() / 1000 << " us after start";
    end_line(line);
    if (frame != nullptr) {
        line << "vector " << frame->vector << ", error code 0x" << Hex{frame->error_code};
        end_line(line);
        put_registers(*frame);
        put_backtrace(frame->rip, frame->rbp);
    } else {
        arch::TrapFrame here = {};
        here.rbp = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
        asm volatile("movq %%rsp, %0\n leaq 0(%%rip), %1\n pushfq\n popq %2" : "=r"(here.rsp), "=r"(here.rip), "=r"(here.rflags));
        put_registers(here);
        put_backtrace(0, here.rbp);
    }
    if (panic_print_ring_trace != nullptr) {
        put("last ring operations:\n");
        panic_print_ring_trace(static_cast<void (*)(const char*)>(put));
    }
    finish();
}

void panic(const char* reason) { panic_with_frame(reason, nullptr); }

}  // namespace capos::kernel

// What compiled code calls when it finds itself wrong.
extern "C" [[noreturn]] void capos_abort(const char* message) noexcept { capos::kernel::panic(message); }
