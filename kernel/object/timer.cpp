#include "kernel/object/timer.hpp"

#include "abi/time_page.hpp"
#include "kernel/mem/frames.hpp"

namespace capos::kernel {

Result<void> TimerObject::create() {
    const PhysAddr frame = TRY(frames_take(0));
    const arch::Clock& clock = arch::clock();
    auto* page = static_cast<abi::TimePage*>(direct(frame));
    __builtin_memset(static_cast<void*>(page), 0, kPageSize);
    *page = {.sequence = 0, .shift = clock.shift, .multiplier = clock.multiplier, .tsc_base = clock.tsc_base,
             .offset_ns = clock.offset_ns};
    page_ = TRY(MemoryObject::over(nullptr, frame, 1, false));
    return {};
}

Outcome TimerObject::page(TypedCall<Interface::PageParams, Interface::PageResults> call) {
    auto index = call.give(page_);
    if (!index) return call.fail(index.error(), "page");
    call.results().set_page(*index);
    return call.done();
}

Outcome TimerObject::sleep_until(TypedCall<Interface::SleepUntilParams, Interface::SleepUntilResults> call) {
    const std::uint64_t now = arch::now_ns();
    if (call.params().deadline() <= now) {
        call.results().set_now(now);
        return call.done();
    }
    return call.park(sleepers_, *this, call.params().deadline(), call.params().deadline());
}

void TimerObject::deadline_reached(CallRecord& record) {
    const std::uint64_t now = arch::now_ns();
    Reply reply(record);
    if (now < record.detail) {
        reply.fail(Error::TimedOut, "deadline");
        return;
    }
    reply.results<Interface::SleepUntilResults>().set_now(now);
    reply.done();
}

}  // namespace capos::kernel
