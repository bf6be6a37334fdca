#include "services/init/restart_policy.hpp"

#include <gtest/gtest.h>

namespace capos::init {
namespace {

using Kind = RestartPolicy::Decision::Kind;
constexpr std::uint64_t kSecond = 1'000'000'000;

End death(std::uint64_t lived_ns) { return {.by_operator = false, .clean = false, .started = true, .lived_ns = lived_ns}; }
End kill() { return {.by_operator = true, .clean = false, .started = true, .lived_ns = kSecond}; }

TEST(RestartPolicyTest, TheFirstRestartIsImmediateAlsoAfterAQuickDeath) {
    RestartPolicy policy(schema::Restart::always);
    const auto decision = policy.after(death(kSecond));
    EXPECT_EQ(decision.kind, Kind::Restart);
    EXPECT_EQ(decision.delay_ns, 0u);
}

TEST(RestartPolicyTest, QuickDeathsInARowDoubleThePauseAndEndInGivingUp) {
    RestartPolicy policy(schema::Restart::always);
    std::uint64_t previous = 0;
    for (std::uint32_t i = 0; i < RestartPolicy::kMostQuickDeaths; ++i) {
        const auto decision = policy.after(death(0));
        ASSERT_EQ(decision.kind, Kind::Restart);
        if (i > 1) {
            EXPECT_EQ(decision.delay_ns, std::min(2 * previous, RestartPolicy::kLongestDelayNs));
        }
        previous = decision.delay_ns;
    }
    EXPECT_EQ(policy.after(death(0)).kind, Kind::GiveUp);
}

TEST(RestartPolicyTest, ADeathAfterFiveSecondsIsNotCounted) {
    RestartPolicy policy(schema::Restart::always);
    for (int i = 0; i < 100; ++i) {
        const auto decision = policy.after(death(5 * kSecond));
        EXPECT_EQ(decision.kind, Kind::Restart);
        EXPECT_EQ(decision.delay_ns, 0u);
    }
    for (int i = 0; i < 5; ++i) (void)policy.after(death(0));
    (void)policy.after(death(6 * kSecond));
    EXPECT_EQ(policy.after(death(0)).delay_ns, 0u);
}

TEST(RestartPolicyTest, AKillByTheOperatorDoesNotCount) {
    RestartPolicy policy(schema::Restart::always);
    for (int i = 0; i < 100; ++i) {
        const auto decision = policy.after(kill());
        EXPECT_EQ(decision.kind, Kind::Restart);
        EXPECT_EQ(decision.delay_ns, 0u);
    }
    EXPECT_EQ(policy.quick_deaths(), 0u);
}

TEST(RestartPolicyTest, PoliciesDecideWhatFollows) {
    const End clean{.by_operator = false, .clean = true, .started = true, .lived_ns = 10 * kSecond};
    EXPECT_EQ(RestartPolicy(schema::Restart::always).after(clean).kind, Kind::Restart);
    EXPECT_EQ(RestartPolicy(schema::Restart::on_failure).after(clean).kind, Kind::Stop);
    EXPECT_EQ(RestartPolicy(schema::Restart::on_failure).after(death(10 * kSecond)).kind, Kind::Restart);
    EXPECT_EQ(RestartPolicy(schema::Restart::never).after(death(10 * kSecond)).kind, Kind::Stop);
    EXPECT_EQ(RestartPolicy(schema::Restart::never).after(kill()).kind, Kind::Stop);
}

TEST(RestartPolicyTest, WhatCannotBeStartedIsGivenUpOn) {
    RestartPolicy policy(schema::Restart::on_failure);
    const End never_ran{.by_operator = false, .clean = false, .started = false, .lived_ns = 0};
    for (std::uint32_t i = 0; i < RestartPolicy::kMostQuickDeaths; ++i) EXPECT_EQ(policy.after(never_ran).kind, Kind::Restart);
    EXPECT_EQ(policy.after(never_ran).kind, Kind::GiveUp);
    policy.forgive();
    EXPECT_EQ(policy.after(never_ran).kind, Kind::Restart);
}

}  // namespace
}  // namespace capos::init
