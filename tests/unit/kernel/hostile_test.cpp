// A million operations by two hostile processes, the same ones each time.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "tests/kernel_host/hostile.hpp"

namespace capos::test {
namespace {

class Random final : public Choices {
public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}
    bool more() const override { return true; }
    std::uint64_t bits() override { return engine_(); }

private:
    std::mt19937_64 engine_;
};

TEST(HostileTest, AMillionOperationsHurtNobody) {
    const char* wanted = std::getenv("CAPOS_HOSTILE_OPERATIONS");
    const std::uint64_t target = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 1'000'000;
    const char* seed_text = std::getenv("CAPOS_HOSTILE_SEED");
    std::uint64_t seed = seed_text != nullptr ? std::strtoull(seed_text, nullptr, 10) : 1;
    std::uint64_t operations = 0, refused = 0, succeeded = 0, respawned = 0;
    // A fresh system now and then, so that a failure is near its beginning; each ends by checking that all is back.
    for (; operations < target; ++seed) {
        Random random(seed);
        HostileRun run(random);
        for (std::uint64_t done = 0, steps = 0; done < 50'000 && operations < target; ++steps) {
            const unsigned count = run.step();
            done += count;
            operations += count;
            if (steps % 16 == 0) run.check();
        }
        run.check();
        refused += run.refused();
        succeeded += run.succeeded();
        respawned += run.respawned();
    }
    RecordProperty("succeeded", std::to_string(succeeded));
    RecordProperty("refused", std::to_string(refused));
    RecordProperty("respawned", std::to_string(respawned));
    EXPECT_GT(succeeded, target / 20);
    EXPECT_GT(refused, target / 20);
    EXPECT_GT(respawned, target / 10'000);
}

}  // namespace
}  // namespace capos::test
