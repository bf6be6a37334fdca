// Objects that calls under way keep alive: counted references within one thread.
#pragma once

#include <cstdint>
#include <utility>

namespace capos::netstack {

template <class T>
class Shared {
public:
    Shared() = default;
    // Takes over the reference that a new object begins with.
    static Shared adopt(T* object) {
        Shared shared;
        shared.object_ = object;
        return shared;
    }
    explicit Shared(T& object) : object_(&object) { ++object.references_; }
    Shared(const Shared& other) : object_(other.object_) {
        if (object_ != nullptr)
            ++object_->references_;
    }
    Shared(Shared&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    Shared& operator=(Shared other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Shared() {
        if (object_ != nullptr && --object_->references_ == 0)
            delete object_;
    }
    T* operator->() const { return object_; }
    T& operator*() const { return *object_; }
    explicit operator bool() const { return object_ != nullptr; }

private:
    T* object_ = nullptr;
};

class SharedCount {
    template <class>
    friend class Shared;
    std::uint32_t references_ = 1;
};

}  // namespace capos::netstack
