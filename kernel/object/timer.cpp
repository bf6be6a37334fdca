#include "kernel/object/timer.hpp"

#include "abi/time_page.hpp"
#include "kernel/mem/frames.hpp"

namespace capos::kernel {

Result<void> TimerObject::create() {
    const PhysAddr frame = TRY(frames_take(0));
    arch::zero_frames(frame, 1);
    page_ = TRY(MemoryObject::over(nullptr, frame, 1, false));
    clock_changed();
    return {};
}

void TimerObject::clock_changed() {
    const arch::Clock& clock = arch::clock();
    auto* page = static_cast<abi::TimePage*>(direct(page_->page(0)));
    // Odd while it is being written: a reader that sees that, or a change across its reading, reads again.
    const std::uint32_t sequence = page->sequence;
    __atomic_store_n(&page->sequence, sequence + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    page->shift = clock.shift;
    page->multiplier = clock.multiplier;
    page->tsc_base = clock.tsc_base;
    page->offset_ns = clock.offset_ns;
    __atomic_store_n(&page->sequence, sequence + 2, __ATOMIC_RELEASE);
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
