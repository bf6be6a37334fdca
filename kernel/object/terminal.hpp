// Terminal: the serial console for the shell in the foreground.
#pragma once

#include "kernel/object/static_object.hpp"
#include "schema/system.capnp.hpp"

namespace capos::kernel {

class TerminalObject final : public StaticObject {
public:
    using Interface = schema::Terminal;
    static constexpr std::uint32_t kMostBytes = 4096;
    std::uint64_t interface_id() const override { return Interface::kInterfaceId; }
    Outcome call(KernelCall& call) override { return Interface::dispatch(*this, call); }
    void describe(TextWriter& out) const override { out << "terminal on the serial port"; }
    Outcome read(TypedCall<Interface::ReadParams, Interface::ReadResults> call);
    Outcome write(TypedCall<Interface::WriteParams, Interface::WriteResults> call);
    Outcome size(TypedCall<Interface::SizeParams, Interface::SizeResults> call);

    // A byte came in on the serial port; dropped when nobody reads and the queue is full.
    void received(char byte);
    void answer_reader();

private:
    std::uint32_t take(std::span<std::byte> out);

    char queue_[1024];
    std::uint32_t head_ = 0;
    std::uint32_t used_ = 0;
    List<CallRecord> readers_;       // detail: the most bytes wanted
};

}  // namespace capos::kernel
