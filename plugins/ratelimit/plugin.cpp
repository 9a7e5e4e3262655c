// The plugin's entry.
#include <sluice/cpp/plugin.hpp>

#include <string_view>

#include "config_schema.hpp"
#include "rate_limiter.hpp"

namespace sluice::ratelimit {

class RateLimit : public MiddlewareWith<ExchangeState> {
public:
    static constexpr std::string_view kConfigSchema = ratelimit::kConfigSchema;

    RateLimit(Host host, std::string_view config_json) : limiter_(host, config_json) {}

    // MiddlewareWith
    Verdict on_head(Exchange& exchange, ExchangeState& state) override { return limiter_.on_head(exchange, state); }
    Verdict on_request(Exchange& exchange, ExchangeState& state) override {
        return limiter_.on_request(exchange, state);
    }
    void on_complete(ExchangeState& state, const Summary& summary) override { limiter_.on_complete(state, summary); }

private:
    RateLimiter limiter_;
};

}  // namespace sluice::ratelimit

SLUICE_DECLARE_NEEDS("sluice.host.loop/1 sluice.host.store/1")
SLUICE_PLUGIN("ratelimit", "0.1.0", sluice::ratelimit::RateLimit)
