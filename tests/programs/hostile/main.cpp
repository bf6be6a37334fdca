// A program that attacks the kernel through its ring: systematic submissions first, then random ones, all counted, on
// everything it was given. It uses nothing of the runtime. `ring.hpp` counts, `noise.hpp` and `device_attack.hpp` attack.
#include <new>

#include "lib/base/text.hpp"
#include "schema/service.capnp.hpp"
#include "tests/programs/hostile/device_attack.hpp"
#include "tests/programs/hostile/noise.hpp"

namespace capos::hostile {

namespace {

constexpr std::uint64_t kRandomOperations = 1'000'000;
constexpr std::uint64_t kProgressEvery = 250'000;
constexpr std::uint32_t kDevicePercent = 25;
constexpr std::uint64_t kSeed = 0x5eed'0f'ca'9'05;

class Attacker {
public:
    Attacker(const abi::StartInfo& start, std::byte* ring)
        : random_(kSeed), hands_(start, random_), ring_(ring, hands_, random_), noise_(ring_, hands_, random_),
          device_(ring_, hands_, random_) {}

    std::int64_t run() {
        ring_.say("hostile: starting");
        operate_on("restart", static_cast<std::uint16_t>(schema::ServiceControl::Method::restart));
        operate_on("kill", static_cast<std::uint16_t>(schema::ServiceControl::Method::kill));
        device_.set_up();
        noise_.systematic();
        device_.set_up();
        for (std::uint64_t i = 0; i < kRandomOperations && !ring_.failed(); ++i) {
            if (random_.chance(kDevicePercent))
                device_.operation();
            else
                noise_.operation();
            if ((i + 1) % kProgressEvery == 0) report(i + 1);
        }
        ring_.finish();
        if (ring_.failed()) return 1;
        const Counters& counted = ring_.counters();
        FixedText<200> text;
        text << "hostile: done operations=" << counted.operations << " completed=" << counted.completed
             << " succeeded=" << counted.succeeded << " transport=" << counted.transport
             << " exceptions=" << counted.exceptions << " badring=" << counted.bad_ring;
        ring_.say(text.view());
        return 0;
    }

private:
    // What it holds of init's is for looking only: it bears another interface.
    void operate_on(std::string_view what, std::uint16_t method) {
        using schema::ServiceControl;
        abi::Submission entry{};
        entry.handle = hands_.granted_as(schema::ServiceList::kInterfaceId).handle;
        entry.interface_or_call = ServiceControl::kInterfaceId;
        entry.method = method;
        entry.message_offset = ring_.scratch();
        wire::MessageBuilder builder(ring_.bytes(entry.message_offset, Ring::kScratchBytes));
        builder.init_root<ServiceControl::KillParams>().set_name("web");
        if (auto message = builder.finish()) entry.message_length = static_cast<std::uint32_t>(message->size());
        if (ring_.call(entry).status != Error::WrongInterface) ring_.fail(what);
    }

    void report(std::uint64_t done) {
        FixedText<120> text;
        text << "hostile: " << done << " random operations, " << ring_.counters().transport + ring_.counters().exceptions
             << " refused";
        ring_.say(text.view());
    }

    Random random_;
    Hands hands_;
    Ring ring_;
    Noise noise_;
    DeviceAttack device_;
};

alignas(Attacker) std::byte attacker_storage[sizeof(Attacker)];

}  // namespace

}  // namespace capos::hostile

extern "C" [[noreturn]] void _start(const capos::abi::StartInfo* start, std::byte* ring) {
    using namespace capos::hostile;
    auto* attacker = new (attacker_storage) Attacker(*start, ring);
    const std::int64_t status = attacker->run();
    system_call(capos::abi::SystemCall::Exit, static_cast<std::uint64_t>(status), 0);
    __builtin_trap();
}
