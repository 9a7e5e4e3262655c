#include "rate_limiter.hpp"

#include <utility>

namespace sluice::ratelimit {

RateLimiter::RateLimiter(Host host, std::string_view config_json)
    : services_(host, parse_config(config_json)), loops_(host.loops()) {
    for (std::size_t index = 0; index < loops_.count(); ++index) {
        states_.push_back(std::make_unique<LoopState>(services_, loops_.at(index)));
    }
}

RateLimiter::~RateLimiter() {
    // The timers first: they ask for more answers, which use the loops' states when they come.
    loops_.run_on_each([this](Loop loop) noexcept { states_[loop.index()]->close(); });
    services_.unanswered_loops.wait_for_none();
}

void RateLimiter::on_complete(ExchangeState& state, const Summary& summary) noexcept {
    for (Holding* holding = state.first; holding != nullptr;) {
        Holding* const next = holding->next_of_exchange;
        state.loop->release(*holding, summary);
        holding = next;
    }
    state.first = nullptr;
}

Verdict RateLimiter::judge(const RuleSet& set, Exchange& exchange, ExchangeState& state) {
    if (set.rules.empty()) return Verdict::kContinue;
    LoopState& loop = *states_[loops_.of(exchange).index()];
    state.loop = &loop;
    std::unique_ptr<Admission> admission = loop.make_admission();
    admission->begin(exchange, state);
    std::optional<Verdict> verdict;
    if (const Take* beyond = collect(set, exchange, loop, *admission)) {
        verdict = admission->refuse_for_good(*beyond);
    } else {
        verdict = admission->is_empty() ? Verdict::kContinue : admission->run();
    }
    if (verdict) {
        loop.recycle(std::move(admission));
        return *verdict;
    }
    exchange.on_cancel<&Admission::cancel>(admission.release());  // it recycles itself when it resumes
    return Verdict::kPending;
}

const Take* RateLimiter::collect(const RuleSet& set, const Exchange& exchange, LoopState& loop, Admission& admission) {
    const Subjects subjects(exchange, services_.config.ipv6_prefix_bits);
    KeyLimits key_limits;
    if (set.asks_for_key_limits) {
        key_limits = KeyLimits::parse(exchange.attribute("key.limits")).value_or(KeyLimits());
    }
    std::int64_t estimate = 0;
    for (const Rule& rule : set.rules) {
        const std::optional<Measure> measure = rule.measure_for(key_limits);
        if (!measure || !rule.limit().applies_to(subjects.request().model())) continue;
        Take& take = admission.blank();
        if (!rule.make_key(subjects, *measure, take.key)) continue;
        take.rule = &rule;
        take.measure = *measure;
        take.amount = 1;
        take.outcome = Take::Outcome::kNotAsked;
        if (rule.limit().kind == Kind::kTokens) {
            if (estimate == 0) {
                estimate = loop.estimator.estimate(subjects.request(), services_.config.default_completion_tokens);
            }
            take.amount = estimate;
            if (take.amount > measure->count) return &take;
        }
        admission.add();
    }
    return nullptr;
}

}  // namespace sluice::ratelimit
