// Entropy: random bytes from the kernel's generator, and what it was seeded from.
#pragma once

#include "kernel/entropy/generator.hpp"
#include "kernel/object/static_object.hpp"
#include "schema/system.capnp.hpp"

namespace capos::kernel {

class EntropyObject final : public StaticObject {
public:
    using Interface = schema::Entropy;
    static constexpr std::uint32_t kMostBytes = 256;
    // Seeds from RDSEED, RDRAND, timing jitter and boot data.
    void seed();
    bool hardware_source() const { return rdseed_ || rdrand_; }

    std::uint64_t interface_id() const override { return Interface::kInterfaceId; }
    Outcome call(KernelCall& call) override { return Interface::dispatch(*this, call); }
    void describe(TextWriter& out) const override { out << "entropy"; }
    Outcome bytes(TypedCall<Interface::BytesParams, Interface::BytesResults> call);
    Outcome state(TypedCall<Interface::StateParams, Interface::StateResults> call);

private:
    bool absorb_all(bool (*source)(std::uint64_t&));
    void stir();

    static constexpr std::uint32_t kJitterSamples = 128;
    static constexpr std::uint32_t kStirEvery = 256;
    Generator generator_;
    std::uint32_t since_stir_ = 0;
    bool rdseed_ = false;
    bool rdrand_ = false;
};

}  // namespace capos::kernel
