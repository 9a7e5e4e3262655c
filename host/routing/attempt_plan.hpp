#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "routing/failure.hpp"
#include "routing/route_policy.hpp"
#include "routing/target_choice.hpp"

namespace sluice::routing {

/// Where the next attempt of a request goes, and when.
struct AttemptStep {
    const PolicyTarget* target = nullptr;
    std::uint64_t delay_ns = 0;
    std::string_view reason;  ///< "" of the first, "retry" or "fallback"; static
};

/// Decides about the attempts of one request by the policy of its route: which target is first, and after each failure
/// whether there is another attempt, at which target and after what time. Knows no clock and no sockets; asks the
/// health of the targets, but changes nothing of it except the retry budget. One thread at a time.
class AttemptPlan {
public:
    /// `policy` outlives the plan. `sticky_key`: borrowed for the call; empty: none.
    AttemptPlan(const RoutePolicy& policy, std::string_view sticky_key);

    /// `random`: 64 random bits. Nothing where no target can be asked: see unavailable().
    std::optional<AttemptStep> first(std::uint64_t now_ns, std::uint64_t random);
    /// After the attempt at the target of the last step failed, or could not be made (kCircuitOpen, kBusy).
    std::optional<AttemptStep> after(const Failure& failure, std::uint64_t now_ns, std::uint64_t random);
    /// Why no target could be asked.
    Failure unavailable(std::uint64_t now_ns) const;
    /// True where the last step was no fallback: its failure is what the client is told in the end.
    bool is_at_targets() const noexcept { return next_fallback_ == 0; }

    /// How likely each target of the policy is to be that of the next attempt, from 0 to 1; beyond kMaxCandidates 0.
    /// All 0: none can be asked. Changes nothing.
    std::vector<double> shares(std::uint64_t now_ns) const;
    /// The next fallback that would be taken for `failure` and can be asked; null where none is. Changes nothing.
    const PolicyTarget* fallback_for(const Failure& failure, std::uint64_t now_ns) const;
    /// False while its circuit is open, it is full, or its backend in quarantine.
    bool is_usable(const PolicyTarget& target, std::uint64_t now_ns) const;

private:
    using Candidates = std::array<Candidate, kMaxCandidates>;
    std::span<const Candidate> candidates(Candidates& room, std::uint64_t now_ns, bool may_repeat) const;
    const PolicyTarget* choose(std::uint64_t now_ns, std::uint64_t random, bool may_repeat) const;
    std::optional<AttemptStep> retry(const Failure& failure, std::uint64_t now_ns, std::uint64_t random);
    std::optional<AttemptStep> fall_back(const Failure& failure, std::uint64_t now_ns);
    AttemptStep take(const PolicyTarget& target, std::uint64_t now_ns, std::uint64_t delay_ns, std::string_view reason);

    const RoutePolicy& policy_;
    const std::string sticky_key_;
    std::bitset<kMaxCandidates> tried_;
    std::size_t attempts_ = 0;   ///< made at the targets
    std::uint32_t repeats_ = 0;  ///< of them those at a target that had been tried
    const PolicyTarget* current_ = nullptr;
    std::size_t next_fallback_ = 0;
};

}  // namespace sluice::routing
