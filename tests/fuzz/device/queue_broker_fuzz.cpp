// A hostile driver posts and a lying device writes anywhere into the queue's memory, in any order. Whatever they do, a
// slot comes back only if it was out, with no more bytes than were posted, and nothing is lost over a reset.
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "lib/virtio/split_queue_broker.hpp"
#include "tests/fuzz/device/script.hpp"

namespace {

using namespace capos;
using namespace capos::virtio;
using capos::fuzz::require;

constexpr std::uint32_t kSlotShift = 9;
constexpr std::size_t kPages = 8;
constexpr std::uint64_t kDeviceBase = 0x4'0000'0000;

struct FreeDeleter {
    void operator()(std::byte* memory) const { std::free(memory); }
};

class World {
public:
    World(std::uint16_t size, bool legacy)
        : layout_(*SplitLayout::create(size)), bits_(SlotTable::words_for(kPages * 8)), shadows_(size),
          area_(static_cast<std::byte*>(std::aligned_alloc(4096, layout_.total))) {
        for (std::size_t page = 0; page < kPages; ++page)
            pages_.push_back(kDeviceBase + 0x3000 * page);
        slots_ = SlotTable(pages_, kSlotShift, bits_);
        broker_ = SplitQueueBroker(layout_, area_.get(), shadows_, slots_, legacy);
    }

    void post(fuzz::Script& script) {
        Buffer chain[10];
        const std::uint32_t length = script.number(1) % 11;
        std::uint32_t writable = 0;
        const std::uint32_t first = script.number(1) % 80;     // 64 slots exist
        for (std::uint32_t i = 0; i < length; ++i) {
            const std::uint32_t shape = script.number(1);
            chain[i] = {first + (i != 0 && shape >> 6 == 3), script.below(600), script.below(600), (shape & 1) != 0};
            writable += chain[i].device_writes ? chain[i].length : 0;
        }
        const auto outcome = broker_.post(std::span<const Buffer>(chain, length));
        require(outcome.index <= length);
        if (outcome.fault != PostFault::None) {
            if (outcome.fault == PostFault::SlotInFlight)
                require(out_.contains(first));
            return;
        }
        require(!out_.contains(first) && first < slots_.count() && length != 0 && length <= SplitQueueBroker::kMaxChain);
        for (std::uint32_t i = 0; i < length; ++i)
            require(chain[i].slot == first && chain[i].length != 0 && chain[i].offset + chain[i].length <= 512);
        out_[first] = writable;
        descriptors_out_ += length;
        held_[first] = length;
    }

    void drain(fuzz::Script& script) {
        Done done[16];
        const std::uint32_t most = script.number(1) % 17;
        const auto taken = broker_.drain(std::span<Done>(done, most));
        if (!taken) {
            require(taken.error() == Error::DeviceMisbehaved && broker_.broken() && broker_.misbehaviour().total() == 1);
            reset();
            return;
        }
        require(*taken <= most);
        for (std::size_t i = 0; i < *taken; ++i) {
            const auto slot = static_cast<std::uint32_t>(done[i].slot);
            const auto found = out_.find(slot);
            require(found != out_.end() && done[i].written <= found->second);
            descriptors_out_ -= held_[slot];
            out_.erase(found);
        }
    }

    // A new broker on the same pool, as after the device's reset.
    void reset() {
        broker_.release_all();
        require(slots_.in_flight() == 0 && broker_.chains_in_flight() == 0);
        require(broker_.free_descriptors() == layout_.size);
        broker_ = SplitQueueBroker(layout_, area_.get(), shadows_, slots_, false);
        out_.clear();
        descriptors_out_ = 0;
    }

    void lie(fuzz::Script& script) {
        std::byte* area = area_.get();
        switch (script.number(1) % 4) {
        case 0: {                                               // complete something, perhaps right
            const std::uint16_t index = used_index_++;
            const UsedElement element{script.number(1) % (layout_.size + 2u), script.below(700)};
            std::memcpy(area + layout_.used + 4 + 8u * (index % layout_.size), &element, 8);
            std::memcpy(area + layout_.used + 2, &used_index_, 2);
            break;
        }
        case 1: {                                               // jump
            used_index_ = static_cast<std::uint16_t>(script.number(2));
            std::memcpy(area + layout_.used + 2, &used_index_, 2);
            break;
        }
        case 2: {                                               // any word anywhere
            const std::uint32_t word = script.number(4);
            std::memcpy(area + 4 * (script.number(2) % (layout_.total / 4)), &word, 4);
            break;
        }
        default: {                                              // complete the oldest chain honestly
            if (broker_.chains_in_flight() == 0)
                break;
            for (std::uint16_t head = 0; head < layout_.size; ++head) {
                if (shadows_[head].chain == 0)
                    continue;
                const UsedElement element{head, shadows_[head].writable};
                std::memcpy(area + layout_.used + 4 + 8u * (used_index_ % layout_.size), &element, 8);
                ++used_index_;
                std::memcpy(area + layout_.used + 2, &used_index_, 2);
                break;
            }
        }
        }
    }

    void check() const {
        require(slots_.in_flight() == out_.size() && broker_.chains_in_flight() == out_.size());
        require(broker_.free_descriptors() + descriptors_out_ == layout_.size);
    }
    SplitQueueBroker& broker() { return broker_; }

private:
    SplitLayout layout_;
    std::vector<std::uint64_t> pages_;
    std::vector<std::uint64_t> bits_;
    std::vector<SplitQueueBroker::Shadow> shadows_;
    std::unique_ptr<std::byte, FreeDeleter> area_;
    SlotTable slots_;
    SplitQueueBroker broker_;
    std::map<std::uint32_t, std::uint32_t> out_;        // slot -> writable bytes
    std::map<std::uint32_t, std::uint32_t> held_;       // slot -> descriptors
    std::size_t descriptors_out_ = 0;
    std::uint16_t used_index_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t bytes) {
    capos::fuzz::Script script(data, bytes);
    constexpr std::uint16_t kSizes[] = {1, 8, 32, 256};
    const std::uint32_t shape = script.number(1);
    World world(kSizes[shape & 3], (shape & 4) != 0);
    while (!script.ended()) {
        switch (script.number(1) % 8) {
        case 0:
        case 1:
        case 2: world.post(script); break;
        case 3: (void)world.broker().publish(); break;
        case 4: world.drain(script); break;
        case 5:
        case 6: world.lie(script); break;
        default:
            if (world.broker().is_armed())
                world.broker().disarm();
            else
                (void)world.broker().arm();
        }
        world.check();
    }
    return 0;
}
