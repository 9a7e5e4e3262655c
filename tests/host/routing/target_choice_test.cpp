#include "routing/target_choice.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <random>
#include <string>
#include <vector>

using namespace sluice::routing;

namespace {

constexpr std::uint64_t kMs = 1000000;
constexpr std::uint64_t kNow = 1000000 * kMs;
constexpr int kDraws = 10000;

/// Targets named "a", "b" and so on, with dice that always fall alike.
struct Stage {
    explicit Stage(const std::vector<std::uint32_t>& weights) {
        for (std::size_t i = 0; i < weights.size(); ++i) {
            candidates.push_back({weights[i], &loads[i], true, std::string_view(kNames).substr(i, 1)});
        }
    }
    void enter(std::size_t target, int calls) {
        for (int i = 0; i < calls; ++i) loads[target].try_enter(0);
    }
    std::size_t choose(ChoicePolicy policy) { return choose_target(candidates, policy, dice(), kNow); }
    /// How many of kDraws fall to each target.
    std::vector<int> shares(ChoicePolicy policy) {
        std::vector<int> counts(candidates.size());
        for (int i = 0; i < kDraws; ++i) ++counts.at(choose(policy));
        return counts;
    }
    std::size_t stick(int session) const { return choose_sticky(candidates, "session-" + std::to_string(session)); }

    static constexpr const char* kNames = "abcdefgh";
    std::array<TargetLoad, 8> loads;
    std::vector<Candidate> candidates;
    std::mt19937_64 dice{42};
};

bool is_about(int count, double share) { return std::abs(count - share * kDraws) < 0.02 * kDraws; }

constexpr ChoicePolicy kPolicies[] = {ChoicePolicy::kWeighted, ChoicePolicy::kLeastBusy, ChoicePolicy::kFastest};

}  // namespace

TEST_CASE("targets that are not usable or have no weight are never chosen", "[routing][unit]") {
    Stage stage({1, 1, 0, 1});
    stage.candidates[0].is_usable = false;
    stage.candidates[1].is_usable = false;
    stage.enter(3, 100);
    for (ChoicePolicy policy : kPolicies) {
        for (int i = 0; i < 100; ++i) REQUIRE(stage.choose(policy) == 3);
    }
    for (int i = 0; i < 100; ++i) REQUIRE(stage.stick(i) == 3);
    stage.candidates[3].is_usable = false;
    for (ChoicePolicy policy : kPolicies) CHECK(stage.choose(policy) == kNoCandidate);
    CHECK(stage.stick(1) == kNoCandidate);
}

TEST_CASE("among no targets none is chosen", "[routing][unit]") {
    for (ChoicePolicy policy : kPolicies) CHECK(choose_target({}, policy, 7, kNow) == kNoCandidate);
    CHECK(choose_sticky({}, "x") == kNoCandidate);
}

TEST_CASE("every value of the dice chooses a target", "[routing][unit]") {
    const TargetLoad load;
    const std::vector<Candidate> most(64, {0xFFFFFFFF, &load, true, {}});
    for (ChoicePolicy policy : kPolicies) {
        CHECK(choose_target(most, policy, 0, kNow) == 0);
        CHECK(choose_target(most, policy, ~std::uint64_t{0}, kNow) == 63);
    }
}

TEST_CASE("more targets than are looked at do no harm", "[routing][unit]") {
    const TargetLoad load;
    std::vector<Candidate> many(65, {1, &load, false, {}});
    many[64].is_usable = true;
    for (ChoicePolicy policy : kPolicies) CHECK(choose_target(many, policy, 7, kNow) == kNoCandidate);
    CHECK(choose_sticky(many, "x") == kNoCandidate);
    many[63].is_usable = true;
    for (ChoicePolicy policy : kPolicies) CHECK(choose_target(many, policy, 7, kNow) == 63);
    CHECK(choose_sticky(many, "x") == 63);
}

TEST_CASE("by weight, targets get shares as their weights say, however busy they are", "[routing][unit]") {
    Stage stage({1, 2, 7});
    stage.enter(2, 50);
    const std::vector<int> counts = stage.shares(ChoicePolicy::kWeighted);
    CHECK(is_about(counts[0], 0.1));
    CHECK(is_about(counts[1], 0.2));
    CHECK(is_about(counts[2], 0.7));
}

TEST_CASE("the least busy target is the one with the fewest calls for its weight", "[routing][unit]") {
    Stage stage({1, 4, 1});
    stage.enter(0, 2);
    stage.enter(1, 7);
    stage.enter(2, 3);
    CHECK(stage.choose(ChoicePolicy::kLeastBusy) == 1);
    stage.enter(1, 2);
    CHECK(stage.choose(ChoicePolicy::kLeastBusy) == 0);
}

TEST_CASE("equally busy targets get shares as their weights say", "[routing][unit]") {
    Stage stage({1, 3, 1});
    stage.enter(0, 1);
    stage.enter(1, 3);
    stage.enter(2, 2);
    const std::vector<int> counts = stage.shares(ChoicePolicy::kLeastBusy);
    CHECK(is_about(counts[0], 0.25));
    CHECK(is_about(counts[1], 0.75));
    CHECK(counts[2] == 0);
}

TEST_CASE("the faster of two targets is chosen, counting the calls before the new one", "[routing][unit]") {
    Stage stage({1, 1});
    stage.loads[0].note_first_token(100 * kMs, kNow);
    stage.loads[1].note_first_token(290 * kMs, kNow);
    for (int i = 0; i < 100; ++i) REQUIRE(stage.choose(ChoicePolicy::kFastest) == 0);
    stage.enter(0, 1);
    for (int i = 0; i < 100; ++i) REQUIRE(stage.choose(ChoicePolicy::kFastest) == 0);
    stage.enter(0, 1);
    for (int i = 0; i < 100; ++i) REQUIRE(stage.choose(ChoicePolicy::kFastest) == 1);
}

TEST_CASE("a target whose speed is unknown is tried first, with one call", "[routing][unit]") {
    Stage stage({1, 1});
    stage.loads[0].note_first_token(kMs, kNow);
    for (int i = 0; i < 100; ++i) REQUIRE(stage.choose(ChoicePolicy::kFastest) == 1);
    stage.enter(1, 1);
    for (int i = 0; i < 100; ++i) REQUIRE(stage.choose(ChoicePolicy::kFastest) == 0);
    stage.enter(0, 2);
    for (int i = 0; i < 100; ++i) REQUIRE(stage.choose(ChoicePolicy::kFastest) == 1);
}

TEST_CASE("where no speed is known the fewer calls count", "[routing][unit]") {
    Stage stage({1, 1});
    stage.enter(0, 2);
    stage.enter(1, 1);
    for (int i = 0; i < 100; ++i) REQUIRE(stage.choose(ChoicePolicy::kFastest) == 1);
    stage.enter(1, 1);
    const std::vector<int> counts = stage.shares(ChoicePolicy::kFastest);
    CHECK(is_about(counts[0], 0.5));
}

TEST_CASE("the two of which the faster is chosen are drawn by weight", "[routing][unit]") {
    Stage stage({1, 1, 8});
    for (std::size_t i = 0; i < 3; ++i) stage.loads[i].note_first_token(100 * kMs, kNow);
    // Of equals the first drawn wins.
    const std::vector<int> alike = stage.shares(ChoicePolicy::kFastest);
    CHECK(is_about(alike[0], 0.1));
    CHECK(is_about(alike[2], 0.8));
    // A slow one is chosen only where it is drawn alone, which it never is.
    stage.enter(2, 100);
    const std::vector<int> busy = stage.shares(ChoicePolicy::kFastest);
    CHECK(busy[2] == 0);
    CHECK(is_about(busy[0], 0.5));
}

TEST_CASE("a session stays with its target, in any order of the targets", "[routing][unit]") {
    Stage stage({1, 2, 3, 4});
    std::vector<Candidate> reversed(stage.candidates.rbegin(), stage.candidates.rend());
    for (int i = 0; i < 1000; ++i) {
        REQUIRE(stage.stick(i) == stage.stick(i));
        REQUIRE(choose_sticky(reversed, "session-" + std::to_string(i)) == 3 - stage.stick(i));
    }
}

TEST_CASE("sessions spread over targets as the weights say", "[routing][unit]") {
    Stage stage({1, 2, 7});
    std::vector<int> counts(3);
    for (int i = 0; i < kDraws; ++i) ++counts.at(stage.stick(i));
    CHECK(is_about(counts[0], 0.1));
    CHECK(is_about(counts[1], 0.2));
    CHECK(is_about(counts[2], 0.7));
}

TEST_CASE("when a target goes only its sessions move, and they come back with it", "[routing][unit]") {
    Stage stage({1, 1, 1, 1});
    std::vector<std::size_t> before;
    for (int i = 0; i < 1000; ++i) before.push_back(stage.stick(i));
    stage.candidates[1].is_usable = false;
    std::vector<int> heirs(4);
    for (int i = 0; i < 1000; ++i) {
        const std::size_t now = stage.stick(i);
        if (before[i] == 1) {
            ++heirs[now];
        } else {
            REQUIRE(now == before[i]);
        }
    }
    CHECK(heirs[1] == 0);
    for (std::size_t heir : {0, 2, 3}) CHECK(heirs[heir] > 40);
    stage.candidates[1].is_usable = true;
    for (int i = 0; i < 1000; ++i) REQUIRE(stage.stick(i) == before[i]);
}

TEST_CASE("when a target comes sessions move to it alone", "[routing][unit]") {
    Stage stage({1, 1, 1});
    const Stage larger({1, 1, 1, 1});
    int moved = 0;
    for (int i = 0; i < 1000; ++i) {
        if (larger.stick(i) == stage.stick(i)) continue;
        REQUIRE(larger.stick(i) == 3);
        ++moved;
    }
    CHECK(moved > 150);
    CHECK(moved < 350);
}

TEST_CASE("the shares of a choice are those that draws come to", "[routing][unit]") {
    Stage stage({5, 1, 3, 0, 2});
    stage.candidates[4].is_usable = GENERATE(true, false);
    stage.enter(0, 5);
    stage.enter(1, 1);
    stage.enter(2, 7);
    stage.loads[0].note_first_token(300 * kMs, kNow);
    stage.loads[2].note_first_token(20 * kMs, kNow);
    for (ChoicePolicy policy : kPolicies) {
        std::vector<double> shares(stage.candidates.size());
        choice_shares(stage.candidates, policy, kNow, shares);
        const std::vector<int> counts = stage.shares(policy);
        double sum = 0;
        for (std::size_t i = 0; i < shares.size(); ++i) {
            CAPTURE(static_cast<int>(policy), i, shares[i], counts[i]);
            CHECK(is_about(counts[i], shares[i]));
            sum += shares[i];
        }
        CHECK(sum == Approx(1));
    }
    for (Candidate& each : stage.candidates) each.is_usable = false;
    for (ChoicePolicy policy : kPolicies) {
        std::vector<double> shares(stage.candidates.size(), 1);
        choice_shares(stage.candidates, policy, kNow, shares);
        CHECK(shares == std::vector<double>(stage.candidates.size()));
    }
}
