// Two hostile processes that do what the input says (tests/kernel_host/hostile.hpp).
#include <cstddef>
#include <cstdint>

#include "tests/kernel_host/hostile.hpp"

namespace {

// Choices from the input: a byte for a small one, two for a larger one, eight for a word.
class Script final : public capos::test::Choices {
public:
    Script(const std::uint8_t* data, std::size_t size) : at_(data), end_(data + size) {}
    bool more() const override { return at_ != end_; }
    std::uint64_t bits() override {
        std::uint64_t value = 0;
        for (int i = 0; i < 8; ++i) value = value << 8 | byte();
        return value;
    }
    std::uint64_t below(std::uint64_t limit) override {
        if (limit <= 256) return byte() % limit;
        return (byte() << 8 | byte()) % limit;
    }

private:
    // Past the input's end the choices go on, so that a short input is a whole run.
    std::uint64_t byte() {
        beyond_ = beyond_ * 6364136223846793005u + 1442695040888963407u;
        return more() ? *at_++ : beyond_ >> 56;
    }
    const std::uint8_t* at_;
    const std::uint8_t* end_;
    std::uint64_t beyond_ = 1;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Script script(data, size);
    capos::test::HostileRun run(script);
    for (unsigned steps = 0; script.more() && steps < 200; ++steps) {
        run.step();
        if (steps % 8 == 7) run.check();
    }
    run.check();
    return 0;
}
