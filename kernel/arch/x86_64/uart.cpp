// COM1: a 16550 (National Semiconductor PC16550D data sheet).
#include "kernel/arch/x86_64/uart.hpp"

#include "kernel/arch/arch.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/interrupts.hpp"

namespace capos::kernel::arch {

namespace {

constexpr std::uint16_t kData = 0x3f8;
constexpr std::uint16_t kInterruptEnable = kData + 1;
constexpr std::uint16_t kInterruptCause = kData + 2;
constexpr std::uint16_t kLineStatus = kData + 5;
constexpr std::uint16_t kScratch = kData + 7;
constexpr std::uint8_t kNonePending = 1 << 0;   // of the cause
constexpr std::uint8_t kReceived = 1 << 0;      // of the line status
constexpr std::uint8_t kTransmitEmpty = 1 << 5;
constexpr std::uint8_t kFifoBytes = 16;
constexpr std::uint8_t kInterruptLine = 4;
constexpr unsigned kPollLimit = 100'000;

bool present;
std::uint8_t room;              // bytes that surely fit the transmit FIFO
std::uint8_t enabled;           // what the interrupt enable register holds

}  // namespace

void start_uart() {
    out8(kScratch, 0x5a);
    present = in8(kScratch) == 0x5a;
}

void start_uart_interrupt() {
    if (!present) return;
    const Wiring wiring = isa_wiring(kInterruptLine);
    if (route_interrupt(wiring, kUartVector)) mask_interrupt(wiring.interrupt, false);
}

bool uart_pending() { return present && (in8(kInterruptCause) & kNonePending) == 0; }

// With its interrupts off the line falls, and rises again if something is pending.
void uart_raise_again() {
    if (!present) return;
    out8(kInterruptEnable, 0);
    out8(kInterruptEnable, enabled);
}

bool uart_try_put(char byte) {
    if (!present) return true;
    if (room == 0) {
        if ((in8(kLineStatus) & kTransmitEmpty) == 0) return false;
        room = kFifoBytes;
    }
    --room;
    out8(kData, static_cast<std::uint8_t>(byte));
    return true;
}

bool uart_try_get(char& byte) {
    if (!present || (in8(kLineStatus) & kReceived) == 0) return false;
    byte = static_cast<char>(in8(kData));
    return true;
}

void uart_interrupts(bool receive, bool transmit) {
    const auto wanted = static_cast<std::uint8_t>((receive ? 1 : 0) | (transmit ? 2 : 0));
    if (!present || wanted == enabled) return;
    enabled = wanted;
    out8(kInterruptEnable, wanted);
}

void uart_poll_put(char byte) {
    static bool hangs;      // once it did not get ready in time, it is not waited for again
    unsigned tries = 0;
    while (!hangs && (in8(kLineStatus) & kTransmitEmpty) == 0) {
        relax();
        hangs = ++tries == kPollLimit;
    }
    out8(kData, static_cast<std::uint8_t>(byte));
}

}  // namespace capos::kernel::arch
