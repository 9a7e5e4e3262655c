// One instance of the middleware.
#pragma once

#include <sluice/cpp/middleware.hpp>

#include <memory>
#include <string_view>
#include <vector>

#include "loop_state.hpp"
#include "services.hpp"

namespace sluice::ratelimit {

class RateLimiter {
public:
    RateLimiter(Host host, std::string_view config_json);
    RateLimiter(const RateLimiter&) = delete;
    RateLimiter& operator=(const RateLimiter&) = delete;
    // All exchanges are complete.
    ~RateLimiter();

    // [loop-thread]
    Verdict on_head(Exchange& exchange, ExchangeState& state) { return judge(services_.on_head, exchange, state); }
    Verdict on_request(Exchange& exchange, ExchangeState& state) {
        return judge(services_.on_request, exchange, state);
    }
    void on_complete(ExchangeState& state, const Summary& summary) noexcept;

private:
    Verdict judge(const RuleSet& set, Exchange& exchange, ExchangeState& state);
    // Puts the limits that apply into `admission`. Not null: this one is beyond its limit on its own.
    const Take* collect(const RuleSet& set, const Exchange& exchange, LoopState& loop, Admission& admission);

    Services services_;
    const Loops loops_;
    std::vector<std::unique_ptr<LoopState>> states_;  // by index of the loop
};

}  // namespace sluice::ratelimit
