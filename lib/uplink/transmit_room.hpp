// Transmit slots for a sender that does not wait for them.
#pragma once

#include <cstdint>

#include "lib/uplink/ends.hpp"

namespace capos::uplink {

// Remembers that a frame found no slot, and sees to it that the driver signals when one comes back.
class TransmitRoom {
public:
    // As StackEnd::take_transmit_slot(). Exhausted: the return of slots is armed, and came_back() will tell.
    Result<std::uint32_t> take(StackEnd& end) {
        auto slot = end.take_transmit_slot();
        if (slot || wanted_)
            return slot;
        wanted_ = end.arm_transmit();
        return wanted_ ? slot : end.take_transmit_slot();    // not armed: one came back just now
    }

    // After a signal. True once for every time that take() was Exhausted: there are slots now.
    bool came_back(StackEnd& end) {
        if (!wanted_)
            return false;
        end.reclaim();
        if (end.idle_transmit_slots() == 0)
            return false;
        wanted_ = false;
        return true;
    }

    // Before a sleep, as Consumer::arm(): true when nothing is wanted, or nothing has come back and a signal will follow.
    [[nodiscard]] bool arm(StackEnd& end) { return !wanted_ || end.arm_transmit(); }

    // Another driver has attached: every slot is there.
    void forget() { wanted_ = false; }

private:
    bool wanted_ = false;
};

}  // namespace capos::uplink
