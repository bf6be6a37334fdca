// The factories: what makes memory, processes, endpoints and notifications, each charged to its caller.
#pragma once

#include "kernel/object/static_object.hpp"
#include "schema/ipc.capnp.hpp"
#include "schema/memory.capnp.hpp"
#include "schema/process.capnp.hpp"

namespace capos::kernel {

class MemoryFactoryObject final : public StaticObject {
public:
    using Interface = schema::MemoryFactory;
    static constexpr std::uint64_t kLargestBytes = 256u << 20;
    std::uint64_t interface_id() const override { return Interface::kInterfaceId; }
    Outcome call(KernelCall& call) override { return Interface::dispatch(*this, call); }
    void describe(TextWriter& out) const override { out << "memory factory"; }
    Outcome create(TypedCall<Interface::CreateParams, Interface::CreateResults> call);
};

class ProcessFactoryObject final : public StaticObject {
public:
    using Interface = schema::ProcessFactory;
    std::uint64_t interface_id() const override { return Interface::kInterfaceId; }
    Outcome call(KernelCall& call) override { return Interface::dispatch(*this, call); }
    void describe(TextWriter& out) const override { out << "process factory"; }
    Outcome create(TypedCall<Interface::CreateParams, Interface::CreateResults> call);
};

class EndpointFactoryObject final : public StaticObject {
public:
    using Interface = schema::EndpointFactory;
    static constexpr std::uint32_t kMostInFlight = 4096;
    static constexpr std::uint32_t kMostParked = 256;
    std::uint64_t interface_id() const override { return Interface::kInterfaceId; }
    Outcome call(KernelCall& call) override { return Interface::dispatch(*this, call); }
    void describe(TextWriter& out) const override { out << "endpoint factory"; }
    Outcome create(TypedCall<Interface::CreateParams, Interface::CreateResults> call);
};

class NotificationFactoryObject final : public StaticObject {
public:
    using Interface = schema::NotificationFactory;
    std::uint64_t interface_id() const override { return Interface::kInterfaceId; }
    Outcome call(KernelCall& call) override { return Interface::dispatch(*this, call); }
    void describe(TextWriter& out) const override { out << "notification factory"; }
    Outcome create(TypedCall<Interface::CreateParams, Interface::CreateResults> call);
};

}  // namespace capos::kernel
