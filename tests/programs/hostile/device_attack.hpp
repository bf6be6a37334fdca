// The attack of a driver on its device: brought up in good order, then told what no driver should say. What it may do to
// the machine is the broker's business.
#pragma once

#include "lib/wire/wire.hpp"
#include "tests/programs/hostile/ring.hpp"

namespace capos::hostile {

class DeviceAttack {
public:
    DeviceAttack(Ring& ring, Hands& hands, Random& random) : ring_(ring), hands_(hands), random_(random) {}

    // Takes a function (a reset, a pool, two interrupts, a queue), up to active. A failure when that does not work.
    void set_up();
    // One call in good form with bad contents on one of its objects; every kSetUpEvery-th time everything anew.
    void operation();

private:
    // Places among the hands' device objects.
    enum Place : std::uint32_t { kMemory, kPool, kRegisters, kBroker, kInterrupt, kQueue = kInterrupt + 2, kPlaces };
    static_assert(kPlaces <= Hands::kMostDeviceObjects);
    static constexpr std::uint32_t kSetUpEvery = 2000;

    template <class Params, class Fill>
    abi::Submission prepare(const Held& target, std::uint16_t method, Fill&& fill);
    void attach(abi::Submission& entry, abi::Handle handle);
    void take(Place place, std::uint32_t index, const abi::Submission& entry, std::string_view what);
    void require(Error status, std::string_view what);
    void submit(abi::Submission entry);
    void exchange();
    void create_queue();
    void registers();
    void interrupts();
    void function();
    void without_parameters();

    Ring& ring_;
    Hands& hands_;
    Random& random_;
    std::uint32_t since_set_up_ = 0;
};

}  // namespace capos::hostile
