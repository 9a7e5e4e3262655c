#include "routing/target_choice.hpp"

#include "routing/rendezvous.hpp"

#include <algorithm>

namespace sluice::routing {
namespace {

using Candidates = std::span<const Candidate>;
/// A set of candidates: bit i stands for index i.
using Mask = std::uint64_t;

constexpr Mask bit(std::size_t index) noexcept { return Mask{1} << index; }

Mask choosable(Candidates candidates) noexcept {
    Mask mask = 0;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        if (candidates[i].is_usable && candidates[i].weight > 0) mask |= bit(i);
    }
    return mask;
}

/// Draws one of `mask` as the weights say; `random`: 32 random bits.
std::size_t draw(Candidates candidates, Mask mask, std::uint64_t random) noexcept {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        if (mask & bit(i)) total += candidates[i].weight;
    }
    // The product may have 70 bits, of which a double keeps the first 53: as good as all for a draw.
    constexpr double kScale = 1.0 / 4294967296.0;
    auto left = static_cast<std::uint64_t>(static_cast<double>(random) * kScale * static_cast<double>(total));
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        if (!(mask & bit(i))) continue;
        if (left < candidates[i].weight) return i;
        left -= candidates[i].weight;
    }
    return kNoCandidate;
}

/// Those of `mask` that have the fewest calls in flight for their weight.
Mask least_busy(Candidates candidates, Mask mask) noexcept {
    Mask least = 0;
    std::uint64_t least_calls = 0;
    std::uint64_t least_weight = 1;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        if (!(mask & bit(i))) continue;
        // Read once: the count may change while it is compared.
        const std::uint64_t calls = candidates[i].load->in_flight();
        const std::uint64_t mine = calls * least_weight;
        const std::uint64_t best = least_calls * candidates[i].weight;
        if (least != 0 && mine > best) continue;
        if (least != 0 && mine == best) {
            least |= bit(i);
            continue;
        }
        least = bit(i);
        least_calls = calls;
        least_weight = candidates[i].weight;
    }
    return least;
}

/// True where a new call may hope for its first token sooner from `one` than from `other`.
bool is_faster(const TargetLoad& one, const TargetLoad& other, std::uint64_t now_ns) noexcept {
    std::uint64_t one_ns = one.recent_first_token_ns(now_ns);
    std::uint64_t other_ns = other.recent_first_token_ns(now_ns);
    const std::uint32_t one_calls = one.in_flight();
    const std::uint32_t other_calls = other.in_flight();
    const bool is_one_untried = one_ns == 0 && one_calls == 0;
    const bool is_other_untried = other_ns == 0 && other_calls == 0;
    if (is_one_untried != is_other_untried) return is_one_untried;
    // Rationale: if what is unknown won in any case, all calls of a busy moment would go to a target that may be slow
    // or dead, until it has answered the first.
    if (one_ns == 0) one_ns = std::max<std::uint64_t>(1, other_ns);
    if (other_ns == 0) other_ns = one_ns;
    const auto cost = [](std::uint64_t time_ns, std::uint32_t calls) {
        return static_cast<double>(time_ns) * (static_cast<double>(calls) + 1);
    };
    return cost(one_ns, one_calls) < cost(other_ns, other_calls);
}

/// `random_one`, `random_other`: 32 random bits each.
std::size_t choose_fastest(Candidates candidates, Mask mask, std::uint64_t random_one, std::uint64_t random_other,
                           std::uint64_t now_ns) noexcept {
    const std::size_t one = draw(candidates, mask, random_one);
    if (one == kNoCandidate) return one;
    const std::size_t other = draw(candidates, mask & ~bit(one), random_other);
    if (other == kNoCandidate) return one;
    return is_faster(*candidates[other].load, *candidates[one].load, now_ns) ? other : one;
}

/// How likely draw() is to draw index `i` of `mask`.
double share_in(Candidates candidates, Mask mask, std::size_t i) noexcept {
    std::uint64_t total = 0;
    for (std::size_t each = 0; each < candidates.size(); ++each) {
        if (mask & bit(each)) total += candidates[each].weight;
    }
    if (!(mask & bit(i))) return 0;
    return static_cast<double>(candidates[i].weight) / static_cast<double>(total);
}

/// What choose_fastest() makes of every pair it may draw.
void share_by_speed(Candidates candidates, Mask mask, std::uint64_t now_ns, std::span<double> shares) noexcept {
    if ((mask & (mask - 1)) == 0) return;  // none or one: there is nothing to compare
    std::fill_n(shares.begin(), candidates.size(), 0.0);
    for (std::size_t one = 0; one < candidates.size(); ++one) {
        const double share = share_in(candidates, mask, one);
        if (share == 0) continue;
        for (std::size_t other = 0; other < candidates.size(); ++other) {
            const double pair = share * share_in(candidates, mask & ~bit(one), other);
            if (pair == 0) continue;
            shares[is_faster(*candidates[other].load, *candidates[one].load, now_ns) ? other : one] += pair;
        }
    }
}

Candidates first_of(Candidates candidates) noexcept {
    return candidates.first(std::min(candidates.size(), kMaxCandidates));
}

}  // namespace

std::size_t choose_target(Candidates candidates, ChoicePolicy policy, std::uint64_t random,
                          std::uint64_t now_ns) noexcept {
    candidates = first_of(candidates);
    const Mask mask = choosable(candidates);
    const std::uint64_t high = random >> 32;
    switch (policy) {
        case ChoicePolicy::kWeighted: return draw(candidates, mask, high);
        case ChoicePolicy::kLeastBusy: return draw(candidates, least_busy(candidates, mask), high);
        case ChoicePolicy::kFastest: return choose_fastest(candidates, mask, high, random & 0xFFFFFFFF, now_ns);
    }
    return kNoCandidate;
}

void choice_shares(Candidates candidates, ChoicePolicy policy, std::uint64_t now_ns,
                   std::span<double> shares) noexcept {
    candidates = first_of(candidates);
    Mask mask = choosable(candidates);
    if (policy == ChoicePolicy::kLeastBusy) mask = least_busy(candidates, mask);
    for (std::size_t i = 0; i < candidates.size(); ++i) shares[i] = share_in(candidates, mask, i);
    if (policy == ChoicePolicy::kFastest) share_by_speed(candidates, mask, now_ns, shares);
}

std::size_t choose_sticky(Candidates candidates, std::string_view session) noexcept {
    candidates = first_of(candidates);
    const RendezvousKey key(session);
    std::size_t best = kNoCandidate;
    double best_score = 0;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        if (!candidates[i].is_usable) continue;
        const double score = key.score(candidates[i].name, candidates[i].weight);
        if (score <= best_score) continue;  // weight 0 scores 0
        best = i;
        best_score = score;
    }
    return best;
}

}  // namespace sluice::routing
