// Objects that exist once and for as long as the kernel does.
#pragma once

#include "kernel/cap/object.hpp"
#include "kernel/ring/kernel_call.hpp"

namespace capos::kernel {

// Never destroyed: it starts with a reference that nobody gives back.
class StaticObject : public Object {
protected:
    StaticObject() { retain(); }

private:
    void destroy() override {}
};

}  // namespace capos::kernel
