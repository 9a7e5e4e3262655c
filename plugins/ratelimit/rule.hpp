// A limit as the instance applies it.
#pragma once

#include <sluice/cpp/host.hpp>
#include <sluice/cpp/key_limits.hpp>

#include <chrono>
#include <optional>
#include <string>

#include "limit.hpp"
#include "subjects.hpp"

namespace sluice::ratelimit {

// With what is worked out once: its part of the store's keys, and its counter. [any-thread]
class Rule {
public:
    Rule(Limit limit, Host host);

    const Limit& limit() const noexcept { return limit_; }
    // What holds for a client, with the limits of its key. nullopt: nothing does.
    std::optional<Measure> measure_for(const KeyLimits& key_limits) const noexcept;
    // Makes the key of the store under which is counted: the name of the instance, of the limit and the subject. False
    // where the request has no such subject.
    bool make_key(const Subjects& subjects, const Measure& measure, std::string& key) const;
    void count_refusal() const noexcept { refused_.add(); }

private:
    const Limit limit_;
    const std::string before_time_;
    std::string behind_time_;
    const Counter refused_;
};

}  // namespace sluice::ratelimit
