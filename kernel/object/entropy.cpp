#include "kernel/object/entropy.hpp"

#include "kernel/boot/boot_info.hpp"

namespace capos::kernel {

void EntropyObject::seed() {
    std::uint64_t word[4] = {};
    rdseed_ = absorb_all(arch::rdseed);
    rdrand_ = absorb_all(arch::rdrand);
    // How long a port read takes differs from one to the next by what the machine is doing.
    for (std::uint32_t i = 0; i < kJitterSamples; ++i) {
        const std::uint64_t before = arch::timestamp();
        arch::in8(0x61);
        word[i % 4] = arch::timestamp() - before;
        if (i % 4 == 3) generator_.absorb(std::as_bytes(std::span(word)));
    }
    const BootInfo& boot = boot_info();
    generator_.absorb(std::as_bytes(std::span(&boot.entry_tsc, 1)));
    generator_.absorb(std::as_bytes(std::span(&boot.bundle, 1)));
    stir();
}

// Four words of a source, or as many as it gives: then it does not count as one.
bool EntropyObject::absorb_all(bool (*source)(std::uint64_t&)) {
    for (int i = 0; i < 4; ++i) {
        std::uint64_t word = 0;
        if (!source(word)) return false;
        generator_.absorb(std::as_bytes(std::span(&word, 1)));
    }
    return true;
}

void EntropyObject::stir() {
    std::uint64_t word[4] = {arch::timestamp(), 0, 0, arch::now_ns()};
    if (rdseed_) arch::rdseed(word[1]);
    if (rdrand_) arch::rdrand(word[2]);
    generator_.absorb(std::as_bytes(std::span(word)));
    since_stir_ = 0;
}

Outcome EntropyObject::bytes(TypedCall<Interface::BytesParams, Interface::BytesResults> call) {
    const std::uint32_t count = call.params().count();
    if (count == 0 || count > kMostBytes) return call.fail(Error::InvalidArgument, "count");
    if (++since_stir_ >= kStirEvery) stir();
    generator_.generate(call.results().init_bytes(count));
    return call.done();
}

Outcome EntropyObject::state(TypedCall<Interface::StateParams, Interface::StateResults> call) {
    auto results = call.results();
    results.set_rdseed(rdseed_);
    results.set_rdrand(rdrand_);
    results.set_jitter_samples(kJitterSamples);
    results.set_hardware_source(hardware_source());
    return call.done();
}

}  // namespace capos::kernel
