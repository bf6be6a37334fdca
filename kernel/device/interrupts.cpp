#include "kernel/device/interrupts.hpp"

#include "kernel/arch/arch.hpp"
#include "kernel/console/console.hpp"
#include "kernel/device/function.hpp"
#include "kernel/device/mechanism1.hpp"
#include "kernel/sched/scheduler.hpp"
#include "lib/base/text.hpp"

namespace capos::kernel::device {
namespace {

constexpr unsigned kMaxLines = 8;
constexpr unsigned kMaxSharers = 8;
constexpr std::uint32_t kUnownedLimit = 1000;        // in a row, then the line is masked

struct Line {
    std::uint8_t line = 0;
    std::uint8_t vector = 0;                         // 0: this entry is free; vectors start above the exceptions
    std::uint32_t unowned = 0;
    InterruptObject* sharers[kMaxSharers] = {};

    unsigned count() const {
        unsigned attached = 0;
        for (const InterruptObject* sharer : sharers)
            attached += sharer != nullptr;
        return attached;
    }
};

InterruptObject* vectors[256];
Line lines[kMaxLines];

Line* find_line(std::uint8_t line) {
    for (Line& entry : lines)
        if (entry.vector != 0 && entry.line == line)
            return &entry;
    return nullptr;
}

// The entry for a line; its vector and route stay from then on.
Result<Line*> open_line(std::uint8_t line) {
    if (Line* known = find_line(line))
        return known;
    for (Line& entry : lines) {
        if (entry.vector != 0)
            continue;
        const std::uint8_t vector = TRY(arch::allocate_vector());
        if (auto routed = arch::route_line(line, vector); !routed) {
            arch::free_vector(vector);
            return routed.error();
        }
        entry.line = line;
        entry.vector = vector;
        return &entry;
    }
    return Error::Exhausted;
}

// Level triggered: whoever asserts is asked (PCI status bit 3) and silenced before the interrupt is ended.
void deliver_line(Line& line) {
    bool owned = false;
    for (InterruptObject* sharer : line.sharers) {
        if (sharer == nullptr)
            continue;
        DeviceFunction& function = sharer->function();
        // Command and status in one read. The status bit stays set while INTx is disabled: such a function does not
        // hold the line.
        const std::uint32_t word = config_space().read32(function.identity().where, pci::kCommand);
        if ((word & pci::kCommandInterruptDisable) != 0 || (word >> 16 & pci::kStatusInterrupt) == 0)
            continue;
        function.set_line_interrupt(false);
        sharer->deliver();
        owned = true;
    }
    if (owned) {
        line.unowned = 0;
        return;
    }
    ++counters.unowned_interrupts;
    if (++line.unowned < kUnownedLimit)
        return;
    arch::mask_line(line.line);
    FixedText<64> text;
    text << "line " << line.line << " masked: no device owns its interrupts";
    console::line("device", text.view());
}

}  // namespace

Result<std::uint8_t> attach_vector(InterruptObject& interrupt) {
    const std::uint8_t vector = TRY(arch::allocate_vector());
    vectors[vector] = &interrupt;
    return vector;
}

void detach_vector(std::uint8_t vector) {
    vectors[vector] = nullptr;
    arch::free_vector(vector);
}

Result<void> attach_line(std::uint8_t number, InterruptObject& interrupt) {
    Line* line = TRY(open_line(number));
    for (InterruptObject*& sharer : line->sharers) {
        if (sharer != nullptr)
            continue;
        sharer = &interrupt;
        line->unowned = 0;
        arch::unmask_line(number);
        return {};
    }
    return Error::Exhausted;
}

void detach_line(std::uint8_t number, InterruptObject& interrupt) {
    Line* line = find_line(number);
    if (line == nullptr)
        return;
    for (InterruptObject*& sharer : line->sharers)
        if (sharer == &interrupt)
            sharer = nullptr;
    if (line->count() == 0)
        arch::mask_line(number);
}

void deliver(std::uint8_t vector) {
    if (InterruptObject* interrupt = vectors[vector]) {
        interrupt->deliver();
    } else {
        Line* owner = nullptr;
        for (Line& line : lines)
            if (line.vector == vector)
                owner = &line;
        if (owner != nullptr)
            deliver_line(*owner);
        else
            ++counters.unowned_interrupts;
    }
    arch::end_of_interrupt();
}

}  // namespace capos::kernel::device

namespace capos::kernel {

void on_device_interrupt(std::uint8_t vector) {
    ++counters.interrupts;
    device::deliver(vector);
    Scheduler::leave();
}

}  // namespace capos::kernel
