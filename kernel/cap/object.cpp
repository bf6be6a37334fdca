#include "kernel/cap/object.hpp"

namespace capos::kernel {

void Object::enqueue_for_destruction() { Reaper::add(*this); }

void Reaper::add(Object& object) {
    if (!object.linked()) waiting_.push_back(object);   // it may be waiting here since an earlier last release
}

bool Reaper::run(Work work) {
    while (!waiting_.empty()) {
        if (!work.left()) return false;
        Object& object = *waiting_.pop_front();
        // Something may have taken a reference again between the last release and now.
        const bool last = object.references_ == 0;
        if (!object.go_on(work)) {
            // What nobody refers to goes first, before whoever waits for it; what lives takes turns.
            if (last)
                waiting_.push_front(object);
            else
                waiting_.push_back(object);
            return false;
        }
        if (!last) continue;
        work.spend(kObjectWork);
        object.destroy();
    }
    if (void (*function)() = std::exchange(when_done_, nullptr)) function();
    return true;
}

void Reaper::when_done(void (*function)()) { when_done_ = function; }

}  // namespace capos::kernel
