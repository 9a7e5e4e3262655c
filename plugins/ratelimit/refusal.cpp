#include "refusal.hpp"

#include <algorithm>
#include <string>

namespace sluice::ratelimit {
namespace {

constexpr const char* kCode = "rate_limit_exceeded";

std::string circumstances(const Limit& limit, Cause cause) {
    if (cause == Cause::kTimedOut) {
        return " No turn came within " + std::to_string(limit.queue_time.count()) + " ms.";
    }
    if (cause == Cause::kQueueFull) return " " + std::to_string(limit.queue_length) + " requests wait already.";
    return {};
}

}  // namespace

Error limit_reached(const Limit& limit, const Measure& measure, std::chrono::microseconds wait, Cause cause) {
    const auto seconds = std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(wait));
    Error error(kCode, "Rate limit reached: " + limit.text(measure) + "." + circumstances(limit, cause) + " Retry in " +
                           std::to_string(seconds.count()) + " s.");
    error.with_retry_after(seconds);
    return error;
}

Error never_fits(const Limit& limit, const Measure& measure, std::int64_t estimate) {
    Error error(kCode, "Request too large: it takes about " + std::to_string(estimate) + " tokens, and the limit is " +
                           limit.text(measure) + ". Shorten it, or ask for a shorter answer: it will never fit.");
    error.with_retry_after(std::chrono::ceil<std::chrono::seconds>(measure.time));
    return error;
}

Error store_failed() {
    return Error("backend_unavailable", "The gateway cannot count requests at the moment. Retry later.");
}

}  // namespace sluice::ratelimit
