// The base of everything a capability can name, and how references to it are counted.
#pragma once

#include <cstdint>
#include <utility>

#include "kernel/sched/work.hpp"
#include "lib/base/list.hpp"
#include "lib/base/text.hpp"

namespace capos::kernel {

class KernelCall;
struct CallRecord;
class EndpointReference;

// What a method did with its call.
enum class Outcome : std::uint8_t {
    Done,     // the completion has been posted
    Parked,   // a CallRecord waits on one of the object's lists; a later event completes it
};

class Object : public ListHook<struct ReaperTag> {
public:
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;

    // The interface this object is granted as when nothing else is said.
    virtual std::uint64_t interface_id() const = 0;
    // Carries out one call to its end; never blocks. Every path completes or parks the call exactly once.
    virtual Outcome call(KernelCall& call) = 0;
    // One short label for listings: kind, then what tells it from its siblings.
    virtual void describe(TextWriter& out) const = 0;
    // A parked call is being taken away (CANCEL, deadline, its process ended). The record is unlinked by the caller;
    // override to drop what the object noted beside its list.
    virtual void call_withdrawn(CallRecord&) {}
    // A parked call's deadline has come. Default: it completes with TimedOut.
    virtual void deadline_reached(CallRecord& record);

    // Calls on a service's reference are parked on its endpoint instead of being run by call().
    virtual EndpointReference* as_endpoint_reference() { return nullptr; }

    void retain() { ++references_; }
    // The last release hands the object to the reaper, which destroys it later: mostly before the kernel is left, but with
    // much to do threads run in between. What the object stood for may have a successor by then.
    void release() {
        if (--references_ == 0) enqueue_for_destruction();
    }
    std::uint32_t references() const { return references_; }

protected:
    Object() = default;
    ~Object() = default;

private:
    friend class Reaper;
    // What takes long, such as taking or giving back many pages, in steps: goes on until that is done, then true, or until
    // no work is left. The reaper calls it before destroy(), and for an object that has references after Reaper::add().
    virtual bool go_on(Work&) { return true; }
    // Gives back everything the object holds, then its own memory. Runs from the reaper, never nested.
    virtual void destroy() = 0;
    void enqueue_for_destruction();

    std::uint32_t references_ = 0;
};

// `object` as the kernel's own T, when it was granted as one (`interface_id`); nullptr otherwise. A service's reference
// bears whatever interface its minter named, also one of the kernel's: it never is a T.
template <class T>
T* kernel_object_as(Object& object, std::uint64_t interface_id) {
    if (interface_id != T::Interface::kInterfaceId || object.as_endpoint_reference() != nullptr) return nullptr;
    return static_cast<T*>(&object);
}

// Destroys unreferenced objects one after the other, so that a chain of releases never recurses, and goes on with what
// objects do in steps.
class Reaper {
public:
    // Behind what waits already; nothing when it is waiting itself.
    static void add(Object& object);
    static bool idle() { return waiting_.empty() && when_done_ == nullptr; }
    // Does about so much; true when nothing is left.
    static bool run(Work work);
    // Calls `function` once, when nothing is left to destroy.
    static void when_done(void (*function)());

private:
    static constinit inline List<Object, ReaperTag> waiting_;
    static constinit inline void (*when_done_)() = nullptr;
};

// A counted reference.
template <class T>
class Ref {
public:
    Ref() = default;
    Ref(std::nullptr_t) {}
    explicit Ref(T& object) : object_(&object) { object.retain(); }
    Ref(const Ref& other) : object_(other.object_) {
        if (object_ != nullptr) object_->retain();
    }
    Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    template <class U>
        requires std::is_convertible_v<U*, T*>
    Ref(Ref<U> other) : object_(other.leak()) {}
    Ref& operator=(Ref other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Ref() {
        if (object_ != nullptr) object_->release();
    }

    T* get() const { return object_; }
    T& operator*() const { return *object_; }
    T* operator->() const { return object_; }
    explicit operator bool() const { return object_ != nullptr; }
    // Gives the reference up without releasing it.
    T* leak() { return std::exchange(object_, nullptr); }
    // Takes over a reference that was leaked.
    static Ref adopt(T* object) {
        Ref reference;
        reference.object_ = object;
        return reference;
    }

private:
    T* object_ = nullptr;
};

}  // namespace capos::kernel
