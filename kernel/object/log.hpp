// Log: lines on the console, prefixed with the holder's name.
#pragma once

#include "kernel/object/static_object.hpp"
#include "schema/system.capnp.hpp"

namespace capos::kernel {

class LogObject final : public StaticObject {
public:
    using Interface = schema::Log;
    static constexpr std::size_t kLongestText = 240;
    std::uint64_t interface_id() const override { return Interface::kInterfaceId; }
    Outcome call(KernelCall& call) override { return Interface::dispatch(*this, call); }
    void describe(TextWriter& out) const override { out << "log"; }
    Outcome write(TypedCall<Interface::WriteParams, Interface::WriteResults> call);
};

}  // namespace capos::kernel
