#include "rule.hpp"

#include <string_view>
#include <utility>

#include "text_digest.hpp"

namespace sluice::ratelimit {
namespace {

// A key of the store has at most 512 bytes, the subject included.
constexpr std::size_t kMaxModelBytes = 128;

}  // namespace

Rule::Rule(Limit limit, Host host)
    : limit_(std::move(limit)),
      before_time_(std::string(host.instance()) + "/" + limit_.name_before_time()),
      behind_time_(limit_.name_behind_time()),
      refused_(host.metrics().counter("requests_refused_total", "Requests refused, by the limit that was hit.",
                                      {{"limit", limit_.name()}})) {
    if (behind_time_.size() > kMaxModelBytes) {
        const std::string whole = std::exchange(behind_time_, std::string("/"));
        append_digest(whole, behind_time_);
    }
    behind_time_ += '|';
}

std::optional<Measure> Rule::measure_for(const KeyLimits& key_limits) const noexcept {
    Measure measure = limit_.measure;
    if (limit_.is_replaceable()) {
        const std::optional<KeyLimits::Window>& window =
            limit_.kind == Kind::kTokens ? key_limits.tokens : key_limits.requests;
        const bool is_replaced =
            limit_.kind == Kind::kConcurrent ? key_limits.concurrent.has_value() : window.has_value();
        if (is_replaced && limit_.is_repeated) return std::nullopt;
        if (is_replaced && limit_.kind == Kind::kConcurrent) {
            measure.count = *key_limits.concurrent;
        } else if (is_replaced) {
            measure = Measure{window->count, window->window};
        }
    }
    return measure.count > 0 ? std::optional<Measure>(measure) : std::nullopt;
}

bool Rule::make_key(const Subjects& subjects, const Measure& measure, std::string& key) const {
    key = before_time_;
    limit_.append_time(measure.time, key);
    key += behind_time_;
    return subjects.append(limit_.subject, key);
}

}  // namespace sluice::ratelimit
