#include "kernel/cap/object.hpp"

#include <new>

namespace capos::kernel {

namespace {

alignas(8) std::byte storage[sizeof(List<Object, ReaperTag>)];
List<Object, ReaperTag>& doomed() {
    static auto* list = new (storage) List<Object, ReaperTag>;
    return *list;
}

void (*after)() = nullptr;

}  // namespace

void Object::enqueue_for_destruction() { Reaper::add(*this); }

void Reaper::add(Object& object) {
    if (!object.linked()) doomed().push_back(object);   // it may be waiting here since an earlier last release
}

bool Reaper::run(unsigned budget) {
    List<Object, ReaperTag>& list = doomed();
    while (!list.empty()) {
        if (budget-- == 0) return false;
        Object& object = *list.pop_front();
        // Something may have taken a reference again between the last release and now.
        if (object.references_ == 0) object.destroy();
    }
    if (void (*function)() = std::exchange(after, nullptr)) function();
    return true;
}

void Reaper::when_done(void (*function)()) { after = function; }

}  // namespace capos::kernel
