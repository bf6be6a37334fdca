#include "kernel/object/root_objects.hpp"

#include <new>

namespace capos::kernel {

namespace {

alignas(RootObjects) std::byte storage[sizeof(RootObjects)];

}  // namespace

RootObjects& root_objects() {
    static auto* objects = new (storage) RootObjects;
    return *objects;
}

}  // namespace capos::kernel
