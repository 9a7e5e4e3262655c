#pragma once

#include "routing/target_load.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::routing {

/// A target among which is chosen. Never chosen with weight 0, or while it is not usable: its circuit is open, it is
/// full, or this request was there before.
struct Candidate {
    std::uint32_t weight = 1;
    const TargetLoad* load = nullptr;  ///< borrowed; not null for kLeastBusy and kFastest
    bool is_usable = true;
    std::string_view name;  ///< borrowed; of use to choose_sticky() alone, and different for each
};

enum class ChoicePolicy {
    kWeighted,   ///< at random, as the weights say
    kLeastBusy,  ///< the fewest calls in flight for its weight; among equals at random, as the weights say
    /// Of two drawn as the weights say, the one with the lower product of recent time to first token and calls in
    /// flight with the new one. One whose time is unknown wins while nothing is in flight there; with its first call
    /// it counts as fast as the other until that call tells more.
    kFastest,
};

/// At most so many candidates are looked at.
inline constexpr std::size_t kMaxCandidates = 64;
/// No candidate may be chosen.
inline constexpr std::size_t kNoCandidate = static_cast<std::size_t>(-1);

/// The index of the one chosen, or kNoCandidate. `random`: 64 random bits. Allocates nothing. [any-thread]
std::size_t choose_target(std::span<const Candidate> candidates, ChoicePolicy policy, std::uint64_t random,
                          std::uint64_t now_ns) noexcept;

/// How likely choose_target() is to choose each candidate, from 0 to 1, as things are at `now_ns`; all 0 where none may
/// be chosen. `shares`: one for each candidate that is looked at. [any-thread]
void choice_shares(std::span<const Candidate> candidates, ChoicePolicy policy, std::uint64_t now_ns,
                   std::span<double> shares) noexcept;

/// As choose_target(), for all requests of a session the same one as long as it can be chosen, and again once it can:
/// by rendezvous hashing of `session` (not empty) and the names. The order of the candidates does not matter.
/// [any-thread]
std::size_t choose_sticky(std::span<const Candidate> candidates, std::string_view session) noexcept;

}  // namespace sluice::routing
