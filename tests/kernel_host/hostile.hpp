// Two hostile processes, a service that serves them, and an honest client of it that must never notice.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "tests/kernel_host/system.hpp"

namespace capos::test {

// Where the hostile processes' decisions come from.
class Choices {
public:
    virtual ~Choices() = default;
    virtual bool more() const = 0;
    virtual std::uint64_t bits() = 0;
    virtual std::uint64_t below(std::uint64_t limit) { return bits() % limit; }
    bool one_in(std::uint64_t n) { return below(n) == 0; }
};

// Runs until the choices are used up. Ends the program when an invariant does not hold: the service and the client live
// and understand each other, the books balance, each admitted submission has exactly one completion.
class HostileRun {
public:
    explicit HostileRun(Choices& choices);

    // One batch of submissions by one of the hostile processes, or something else that it may do. Returns how many
    // operations that was.
    unsigned step();
    // What must hold between steps.
    void check();
    std::uint64_t refused() const { return refused_; }
    std::uint64_t succeeded() const { return succeeded_; }
    std::uint64_t respawned() const { return respawned_; }

private:
    struct Outstanding {
        std::uint32_t buffer;
        bool receive;
        bool cancelled;
    };
    struct Hostile {
        User* user = nullptr;
        kernel::Ref<kernel::Thread> thread;                 // its first, which may end before the process
        std::map<std::uint64_t, Outstanding> outstanding;   // submitted, by user_data, which is never used twice
        std::vector<abi::Handle> handles;                   // seen at some time
        std::vector<std::uint64_t> calls;                   // call ids received
        std::vector<std::uint64_t> addresses;               // that something was mapped at, perhaps
        unsigned stuck = 0;
    };

    void spawn(Hostile& hostile);
    bool lives(const Hostile& hostile) const {
        return !hostile.user->reference->ended() && hostile.thread->state() != kernel::Thread::State::Stopped;
    }
    bool switch_to(Hand& hand);
    abi::Submission random_entry(Hostile& hostile);
    std::uint32_t random_message(Hostile& hostile, std::uint64_t interface_id, std::uint16_t method, std::uint32_t at);
    std::uint64_t random_word(Hostile& hostile);
    abi::Handle random_handle(Hostile& hostile);
    std::uint64_t interface_of(Hostile& hostile, abi::Handle handle);
    void collect(Hostile& hostile);
    void serve();

    Choices& choices_;
    const bool shared_;                          // the hostile ones get the service's endpoint as well
    TestSystem system_;
    User& init_;
    User& victim_;
    User& witness_;
    Hostile hostile_[2];
    abi::Handle endpoint_ = 0;
    abi::Handle notification_ = 0;               // that both hostile ones hold
    abi::Handle victims_endpoint_ = 0;
    abi::Handle witnesss_reference_ = 0;
    std::uint64_t receiving_ = 0;
    std::uint64_t next_user_data_ = 1'000'000;
    std::uint64_t next_number_ = 10;
    std::uint64_t refused_ = 0, succeeded_ = 0, respawned_ = 0;
};

}  // namespace capos::test
