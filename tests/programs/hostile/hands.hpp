// What the hostile program holds: what it was given, what it made of its device, and what came back in messages.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "abi/start.hpp"
#include "tests/programs/hostile/random.hpp"

namespace capos::hostile {

struct Held {
    abi::Handle handle = abi::kNoHandle;
    std::uint64_t interface_id = 0;
};

class Hands {
public:
    static constexpr std::uint32_t kMostDeviceObjects = 12;
    static constexpr std::uint32_t kOwn = 64;
    static constexpr std::uint32_t kMostReleases = 4 * kOwn;

    // Everything it was given is attacked but the log, which would fill the console.
    Hands(const abi::StartInfo& start, Random& random) : random_(random) {
        const auto* grants = reinterpret_cast<const abi::StartGrant*>(&start + 1);
        for (std::uint32_t i = 0; i < start.grant_count; ++i) {
            const Held held{grants[i].handle, grants[i].interface_id};
            if (std::strcmp(grants[i].name, "log") == 0)
                log_ = held;
            else
                targets_[granted_++] = held;
        }
    }

    const Held& log() const { return log_; }
    std::uint32_t granted() const { return granted_; }
    // Grants first, then the objects of the device, which are there from time to time.
    std::uint32_t targets() const { return granted_ + kMostDeviceObjects; }
    const Held& target(std::uint32_t index) const { return targets_[index]; }
    Held& device_object(std::uint32_t index) { return targets_[granted_ + index]; }
    // The grant with that interface; an empty one when there is none.
    Held granted_as(std::uint64_t interface_id) const {
        for (std::uint32_t i = 0; i < granted_; ++i)
            if (targets_[i].interface_id == interface_id) return targets_[i];
        return {};
    }

    const Held& some_target() { return targets_[random_.below(targets())]; }
    const Held& some_own() { return own_[random_.below(kOwn)]; }

    // Good, invented, stale.
    abi::Handle some_handle() {
        switch (random_.below(8)) {
        case 0: return random_.next();
        case 1: return random_.below(70);                                          // generation 0
        case 2: return std::uint64_t{1 + random_.below(3)} << 32 | random_.below(80);
        case 3: return stale_;
        case 4:
        case 5: return some_own().handle;
        default: return some_target().handle;
        }
    }

    // What a completion brought goes into a small set to use, and what it displaces is given back.
    void receive(const Held& held) {
        Held& place = own_[random_.below(kOwn)];
        if (place.handle != abi::kNoHandle) give_back(place.handle);
        place = held;
    }
    // All that came back: what it costs is on this program's ledger.
    void give_back_own() {
        for (Held& held : own_) {
            if (held.handle != abi::kNoHandle) give_back(held.handle);
            held = {};
        }
    }
    void give_back(abi::Handle handle) {
        stale_ = handle;
        if (release_count_ < kMostReleases) releases_[release_count_++] = handle;
    }
    abi::Handle stale() const { return stale_; }
    bool has_releases() const { return release_count_ != 0; }
    abi::Handle next_release() { return releases_[--release_count_]; }

private:
    Random& random_;
    Held log_;
    Held targets_[abi::kMaxGrants + kMostDeviceObjects];
    std::uint32_t granted_ = 0;
    Held own_[kOwn];
    abi::Handle releases_[kMostReleases] = {};
    std::uint32_t release_count_ = 0;
    abi::Handle stale_ = abi::kNoHandle;
};

}  // namespace capos::hostile
